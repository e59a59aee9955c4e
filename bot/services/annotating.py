"""Annotating: what people know of an account and no source tells: their notes, and how they feel about it."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session

from bot.blocks import actions, words
from bot.blocks.notes import NotesView
from bot.blocks.sentiment import SentimentView
from bot.deps import Deps
from bot.services import admitting
from bot.services.errors import UserError
from bot.services.standing import standing_of
from scoring.accounts import Account, AccountId
from scoring.members import Member, MemberId, Right
from scoring.notes import LONGEST_NOTE, NoteId
from scoring.sentiments import LONGEST_HOLD, LONGEST_REASON, USUAL_HOLD, Mood, Sentiment
from storage import accounts, audit, notes, sentiments

SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class NewNote:
    """A note to be. `body` is as it was typed. `key` is the same however often it is sent."""

    account_id: AccountId
    body: str
    key: str
    permalink: str | None = None


def add_note(deps: Deps, new: NewNote, *, by: Member, at: datetime) -> Account:
    """Keep a note, once. Returns the account it is about. Raises UserError."""
    if not new.body:
        raise UserError("Write something down first.", field=actions.NOTE_BODY)
    if len(new.body) > LONGEST_NOTE:
        over = words.count(len(new.body) - LONGEST_NOTE)
        raise UserError(
            f"A note has at most {words.count(LONGEST_NOTE)} characters; this one has {over} too many. "
            "Shorten it, or make two of it.",
            field=actions.NOTE_BODY,
        )
    with deps.db.write() as session:
        account = known(session, new.account_id)
        notes.add(
            session,
            key=new.key,
            account_id=account.id,
            member=by.id,
            body=new.body,
            permalink=new.permalink,
            at=at,
        )
    return account


def delete_note(deps: Deps, note_id: NoteId, *, by: Member) -> AccountId:
    """Forget a note, which its author and admins may. Returns the account it was about. Raises UserError."""
    with deps.db.read() as session:
        note = notes.get(session, note_id)
    if note is None:
        raise UserError("That note is gone already.")
    if note.member != by.id and Right.ADMIN not in admitting.rights(deps, by):
        raise UserError(
            f"{words.mention(note.member)} wrote that note, so only they or an admin can delete it."
        )
    with deps.db.write() as session:
        if notes.delete(session, note_id):
            audit.write(
                session,
                member=by.id,
                what="note.delete",
                allowed=True,
                at=deps.clock.now(),
                detail={"account": note.account_id, "author": note.member},
            )
    return note.account_id


def view_notes(
    session: Session, account: Account, *, by: Member, is_admin: bool, at: datetime
) -> NotesView:
    """An account's last notes, as somebody sees them who may delete their own, or all where they are an admin."""
    shown = notes.latest(session, account.id, SHOWN)
    return NotesView(
        standing=standing_of(session, account, at=at),
        notes=shown,
        total=notes.count(session, account.id),
        deletable=frozenset(each.id for each in shown if is_admin or each.member == by.id),
    )


def say_sentiment(
    deps: Deps,
    account_id: AccountId,
    mood: Mood,
    reason: str,
    *,
    until: date | None,
    by: Member,
    key: str,
    at: datetime,
) -> None:
    """Keep how a member feels about an account, up to a day (None: the usual time), once. `at` is in the member's zone.

    Raises UserError.
    """
    if not reason:
        raise UserError(
            f"Say why too: `/health sentiment acme {mood} champion leaves`. A colour alone helps nobody next week."
        )
    if len(reason) > LONGEST_REASON:
        raise UserError(
            f"Say why in at most {LONGEST_REASON} characters; a note (`/health note`) has room for more."
        )
    today = at.date()
    expires_on = until or today + USUAL_HOLD
    if not today <= expires_on <= today + LONGEST_HOLD:
        raise UserError(
            f"It can hold from today up to {LONGEST_HOLD.days} days: `until 30d`, or a date like `until {today + USUAL_HOLD}`."
        )
    said = Sentiment(
        account_id=account_id,
        mood=mood,
        reason=reason,
        member=by.id,
        at=at,
        expires_on=expires_on,
    )
    with deps.db.write() as session:
        sentiments.add(session, said, key=key)


def clear_sentiment(deps: Deps, account_id: AccountId, *, by: Member, at: datetime) -> bool:
    """Take back what holds for an account. False when nothing did."""
    with deps.db.write() as session:
        ended = sentiments.end(session, account_id, on=at.date(), at=at)
        if ended:
            audit.write(
                session,
                member=by.id,
                what="sentiment.clear",
                allowed=True,
                at=at,
                detail={"account": account_id},
            )
    return ended > 0


def view_sentiment(
    session: Session, account: Account, *, by: MemberId, at: datetime
) -> SentimentView:
    """How people feel about an account, beside how its score stands."""
    return SentimentView(
        standing=standing_of(session, account, at=at),
        current=sentiments.current(session, [account.id], on=at.date()).get(account.id),
        history=sentiments.of_account(session, account.id, SHOWN),
        reader=by,
    )


def known(session: Session, account_id: AccountId) -> Account:
    """The account of an id. Raises UserError when it is not kept any more."""
    account = accounts.get(session, account_id)
    if account is None:
        raise UserError("That account is no longer kept here.")
    return account
