"""Owning: whose account it is, by a member's word, which the CRM does not undo until it is given back."""

from datetime import datetime

from sqlmodel import Session

from bot.blocks import words
from bot.blocks.kit import Message
from bot.blocks.owner import render_owned, render_owner
from bot.blocks.text import escape
from bot.blocks.written import people_in
from bot.deps import Deps
from bot.services import admitting, noting, routing, speaking, tasking
from bot.services.addressing import to_all
from bot.services.annotating import known
from bot.services.errors import UserError
from bot.services.standing import standing_of
from scoring.accounts import Account, AccountId
from scoring.members import Member, MemberId
from storage import alerts, audit, members, owners

AT_EASE = "Look at its card, and say hello: no alert is open."


def name_owner(
    deps: Deps, account_id: AccountId, whom: str, *, by: Member, key: str, at: datetime
) -> Message:
    """Make somebody an account's CSM, who is told. `whom` is a mention, a handle or an e-mail address. Raises UserError."""
    owner = _the_member(deps, whom, by=by)
    if not owner.email:
        raise UserError(
            f"Slack hides {words.mention(owner.id)}'s e-mail address, by which accounts are theirs. "
            "Ask an admin to give me the scope users:read.email."
        )
    with deps.db.write() as session:
        before = known(session, account_id)
        is_new = owners.name(session, account_id, owner.email, member=by.id)
        account = known(session, account_id)
        if is_new:
            _note(session, "owner.set", before, account, by=by, at=at)
            _show_anew(session, deps, account, at=at, key=key)
            _tell(session, deps, account, owner, by=by, key=key, at=at)
        standing = standing_of(session, account, at=at)
    told = (
        ""
        if owner.id == by.id
        else " They hear of it by direct message."
        if is_new
        else " That was so already."
    )
    whose = "yours" if owner.id == by.id else f"{words.mention(owner.id)}'s"
    return render_owner(
        standing,
        rubric=deps.config.rubric,
        done=f"*{words.name_of(account)}* is {whose} now.{told}",
        more=f"The CRM's next sync leaves it so; `/health owner {escape(account.name, 60)} crm` gives it back to the CRM.",
    )


def give_back(deps: Deps, account_id: AccountId, *, by: Member, key: str, at: datetime) -> Message:
    """Let the CRM say again whose account it is."""
    with deps.db.write() as session:
        before = known(session, account_id)
        is_new = owners.release(session, account_id)
        account = known(session, account_id)
        if is_new:
            _note(session, "owner.release", before, account, by=by, at=at)
            _show_anew(session, deps, account, at=at, key=key)
        standing = standing_of(session, account, at=at)
    whose = words.csm_of(account, standing.csm_mention)
    told = "goes by the CRM again" if is_new else "goes by the CRM already"
    return render_owner(
        standing,
        rubric=deps.config.rubric,
        done=f"*{words.name_of(account)}* {told}: {whose}.",
        more="Whoever the CRM names is told of its alerts from now on.",
    )


def who_owns(session: Session, deps: Deps, account: Account, *, at: datetime) -> Message:
    """Whose account it is, and who says so."""
    standing = standing_of(session, account, at=at)
    by = owners.named_by(session, account.id)
    said = f"{words.mention(by)} said so here" if by else "that is what the CRM says"
    whose = words.csm_of(account, standing.csm_mention)
    return render_owner(
        standing,
        rubric=deps.config.rubric,
        done=f"*{words.name_of(account)}*: {whose}{f'; {said}' if account.csm_email else ''}.",
        more=f"`/health owner {escape(account.name, 60)} @somebody` changes it, `crm` gives it back to the CRM.",
    )


def _the_member(deps: Deps, whom: str, *, by: Member) -> Member:
    """Who is meant. Raises UserError where nobody is, several are, or who may not see accounts."""
    mentioned = people_in(whom)
    if mentioned:
        found = mentioned[0]
    elif whom.lower() == "me":
        found = by.id
    else:
        with deps.db.read() as session:
            found = _by_name(session, whom)
    tasking.owner(deps, found, of="account")
    return admitting.who_is(deps, found)


def _by_name(session: Session, whom: str) -> MemberId:
    if "@" in whom.lstrip("@"):
        known_by_email = members.by_email(session, whom)
        if known_by_email:
            return known_by_email.id
    wanted = _plain(whom)
    found = [each for each in members.everybody(session) if _plain(each.name) == wanted]
    if len(found) == 1:
        return found[0].id
    said = escape(whom, 80)
    if found:
        people = ", ".join(words.mention(each.id) for each in found)
        raise UserError(
            f"“{said}” could be {people}. Pick one from the list that Slack offers after @."
        )
    raise UserError(
        f"I know nobody called “{said}”. Type @ and pick them from the list, or give their e-mail address."
    )


def _plain(name: str) -> str:
    return "".join(name.lstrip("@").casefold().split())


def _note(
    session: Session, what: str, before: Account, after: Account, *, by: Member, at: datetime
) -> None:
    detail = {"account": after.id, "from": before.csm_email, "to": after.csm_email}
    audit.write(session, member=by.id, what=what, allowed=True, at=at, detail=detail)


def _show_anew(session: Session, deps: Deps, account: Account, *, at: datetime, key: str) -> None:
    """Every message of an open alert says whose account it is."""
    told = [each for each in alerts.open_alerts(session, account.id) if each.announced]
    noting.show(session, deps, told, at=at, after=f"owner:{key}")


def _tell(
    session: Session,
    deps: Deps,
    account: Account,
    owner: Member,
    *,
    by: Member,
    key: str,
    at: datetime,
) -> None:
    """The new owner hears of it in their working hours, unless it was them who said so."""
    if owner.id == by.id:
        return
    zone = routing.zone_of(owner)
    told = [
        each
        for each in alerts.by_pressing(alerts.open_alerts(session, account.id))
        if each.quiet is None
    ]
    step = deps.config.playbooks[told[0].rule].next_step if told else AT_EASE
    speaking.say(
        session,
        to_all(
            deps.config,
            render_owned,
            standing_of(session, account, at=at.astimezone(zone)),
            told,
            by=by.id,
            next_step=step,
            rubric=deps.config.rubric,
        ),
        key=f"owner:{account.id}:{owner.id}:{key}",
        target=owner.id,
        at=at,
        not_before=routing.reply_from(session, deps.config, owner.id, at=at),
    )
