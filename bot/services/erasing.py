"""Erasing: everything that is kept of one account goes, and nothing of it comes back."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from bot.blocks import erase as words
from bot.blocks.erase import EraseView, Naming
from bot.blocks.kit import Message
from bot.blocks.text import escape
from bot.deps import Deps
from bot.services import barring, looking_up, speaking
from bot.services.errors import UserError
from bot.services.looking_up import BY_ID
from scoring.accounts import Account, AccountId
from storage import accounts, audit, erased, erasing, families, said
from storage.erasing import Traces
from storage.lines import Kind, State
from storage.said import Said

OPERATOR = "operator"
"""Who erases from the command line."""

_LEAST_REF = 6  # characters of an id that cannot be a number or a word of our own


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What was done: the account's name, rows that went, and messages in Slack that are being replaced."""

    name: str
    records: int
    messages: int


def look(session: Session, account: Account) -> EraseView:
    """What would go. Raises UserError where the account is no longer kept."""
    traces = _traces(session, account.id)
    return EraseView(
        account=account,
        counts=_records(session, traces),
        messages=sum(each.is_shown for each, _ in _rewritten(session, traces)),
        waiting=traces.waiting,
        children=len(families.relatives(session, account.id)[1]),
    )


def erase(deps: Deps, account_id: AccountId, *, member: str) -> Erased:
    """Erase an account, in one transaction. Raises UserError where it is no longer kept: then nothing is left to do.

    What stands in Slack is replaced by the outbox, as soon as Slack takes it.
    """
    at = deps.clock.now()
    with deps.db.write() as session:
        erased.wait_for_pages(session)
        traces = _traces(session, account_id)
        records = sum(_records(session, traces).values())
        rewritten = list(_rewritten(session, traces))
        _bar(session, deps, traces, member=member, at=at)
        erasing.erase(session, traces, at=at)
        for each, message in rewritten:
            _replace(session, each, message, at=at)
        shown = sum(each.is_shown for each, _ in rewritten)
        detail = {"account_id": account_id, "records": records, "messages": shown}
        audit.write(session, member=member, what="erase", allowed=True, at=at, detail=detail)
    return Erased(name=traces.name, records=records, messages=shown)


def the_account(session: Session, text: str, *, exactly: bool = False) -> Account:
    """The account that is meant, one that has left too; account:7 tells it by its id. Raises UserError.

    Unless `exactly` is asked for, the beginning of a name will do.
    """
    account_id = text.removeprefix(BY_ID)
    if text.startswith(BY_ID) and account_id.isdecimal():
        known = accounts.get(session, AccountId(int(account_id)))
        if known is None:
            raise UserError("There is no account of this id.")
        return known
    found = erasing.named(session, text)
    if len(found) > 1:
        listed = ", ".join(f"`{BY_ID}{each.id}` ({_apart(each)})" for each in found)
        raise UserError(f"{len(found)} accounts have this name. Say which: {listed}.")
    if found:
        return found[0]
    if exactly:
        raise UserError(f"No account is called exactly “{escape(text)}”.")
    return looking_up.the_account(session, text)


def _apart(account: Account) -> str:
    """What tells two accounts of one name apart."""
    known = (
        f"{escape(account.plan, 40)} plan" if account.plan else "",
        escape(account.csm_email or "nobody's", 60),
        "left" if account.churned_on else "",
    )
    return ", ".join(each for each in known if each)


def readmit(deps: Deps, source: str, ref: str, *, member: str) -> None:
    """Store again what a source tells of an organisation that was erased. Raises UserError where it was not."""
    with deps.db.write() as session:
        if not erased.forget(session, source, ref, key=barring.key_of(deps)):
            raise UserError(f"Nothing of {source} was erased under this id.")
        at, detail = deps.clock.now(), {"source": source}
        audit.write(session, member=member, what="readmit", allowed=True, at=at, detail=detail)


def _traces(session: Session, account_id: AccountId) -> Traces:
    traces = erasing.find(session, account_id)
    if traces is None:
        raise UserError("That account is no longer kept here: there is nothing left to erase.")
    return traces


def _records(session: Session, traces: Traces) -> dict[str, int]:
    counts = erasing.count(session, traces)
    counts.pop("account", None)
    return counts


def _bar(session: Session, deps: Deps, traces: Traces, *, member: str, at: datetime) -> None:
    """Keep the hashes by which nothing of it is stored again."""
    key = barring.key_of(deps)
    refs = [*traces.refs.values(), *((erased.ANY_SOURCE, each) for each in _anywhere(traces))]
    marks = [(source, erased.ref_hash(key, source, ref)) for source, ref in refs]
    marks += [
        (source, erased.ticket_hash(key, source, ticket))
        for source, ticket in erasing.ticket_ids(session, traces)
    ]
    erased.remember(session, marks, member=member, at=at)


def _anywhere(traces: Traces) -> set[str]:
    """What tools go by that have no id of their own: the company's own key, or a domain."""
    return {traces.key, *traces.domains}


def _rewritten(session: Session, traces: Traces) -> Iterator[tuple[Said, Message]]:
    """Every message that tells of the account, with what it says instead."""
    naming = _naming(session, traces)
    about = said.telling(session, account_id=traces.account_id)
    gone = set(about - said.telling(session, but=traces.account_id, keys=about))
    seen = set[str]()
    for each in said.threads_of(session, about):
        seen.add(each.key)
        if each.key in gone or each.of in gone:
            gone.add(each.key)
            yield each, words.render_gone()
        elif words.says(each.payload, naming):
            yield each, words.without(each.payload, naming) or words.render_gone()
    rest = [
        each
        for each in said.saying(session, naming.beginnings)
        if each.key not in seen and words.says(each.payload, naming)
    ]
    roots = {each.of or each.key for each in rest}
    theirs = said.telling(session, but=traces.account_id, keys=roots)
    for each in rest:
        # What tells an alert of somebody else's only has a word in it that is this one's name.
        if (each.of or each.key) not in theirs:
            yield each, words.without(each.payload, naming) or words.render_gone()


def _naming(session: Session, traces: Traces) -> Naming:
    refs = {ref for _, ref in traces.refs.values()} | {traces.key}
    telling = {each for each in refs if len(each) >= _LEAST_REF and not each.isdigit()}
    called = {traces.name, *traces.names, *traces.domains, *telling}
    return Naming(called, namesakes=erasing.namesakes(session, traces))


def _replace(session: Session, each: Said, message: Message, *, at: datetime) -> None:
    """Have a message say what it says instead: where it is kept, and in Slack where it is out."""
    told = {"text": message.text, "blocks": message.blocks}
    said.rewrite(session, each.key, {**each.payload, **told})
    if (
        each.kind is not Kind.UPDATE
        and each.state is State.PENDING
        and message == words.render_gone()
    ):
        said.withdraw(session, each.key, at=at)
    elif each.is_shown:
        key = f"{each.key}:erased:{at.isoformat()}"
        speaking.amend(session, message, of=each.key, target=each.target, key=key, at=at)
