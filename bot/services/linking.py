"""Linking: what people say of who is who: the queue of what waits for a match, and links made or undone by hand."""

from collections.abc import Sequence
from datetime import datetime

from rapidfuzz import fuzz, process
from sqlmodel import Session

from bot.blocks.matches import Candidate, MatchQueue, Pending
from bot.blocks.text import escape
from bot.blocks.words import count, name_of
from bot.deps import Deps
from bot.services import looking_up, matching
from bot.services.errors import UserError
from integrations.registry import SOURCES
from scoring.accounts import Account, AccountId
from scoring.identity import (
    FREE_MAIL_DOMAINS,
    Link,
    MatchedBy,
    Waiting,
    domain_of,
    normalise_name,
)
from scoring.members import Member
from scoring.records import Kind
from storage import accounts, audit, dirty, families, links, matches
from storage.families import CircleError

PAGE_SIZE = 5
MOST_CANDIDATES = 2
ALIKE = 85  # rapidfuzz's WRatio, 0-100: a part of a name counts too. A suggestion only, so rather one too many

# What a person says of a domain is kept as an organisation of this source's.
BY_HAND = "person"

# Sources that know people, not organisations: of them only what was described can be an account in waiting.
QUIET = frozenset(
    name for name, kind in SOURCES.items() if kind.tells <= {Kind.ENGAGEMENT, Kind.SURVEYS}
)


def queue(session: Session, deps: Deps, *, offset: int = 0) -> MatchQueue:
    """One page of the organisations that wait, each with the accounts it could be and why."""
    waiting = matches.waiting(session, quiet=QUIET, limit=PAGE_SIZE, offset=offset)
    counted = matches.count(session, quiet=QUIET)
    everybody = sum(matches.count(session).values())
    return MatchQueue(
        rows=[_pending(session, deps, each) for each in waiting],
        total=sum(counted.values()),
        quiet=everybody - sum(counted.values()),
        offset=offset,
        page_size=PAGE_SIZE,
    )


def confirm(deps: Deps, member: Member, link_id: int, account_id: AccountId) -> str:
    """It is this account. Returns the account's name. Raises UserError when it waits no longer."""
    at = deps.clock.now()
    with deps.db.write() as session:
        waiting, account = _waiting(session, link_id), _account(session, account_id)
        _join(session, deps, member, waiting, account, at=at)
    return name_of(account)


def refuse(deps: Deps, member: Member, link_id: int, account_ids: Sequence[AccountId]) -> str:
    """It is none of these accounts. One of the system of record becomes an account of its own with that.

    Returns what was done, in words.
    """
    at = deps.clock.now()
    with deps.db.write() as session:
        waiting = _waiting(session, link_id)
        for account_id in account_ids:
            account = _account(session, account_id)
            matches.refuse(session, link_id, account_id, member=member.id, at=at)
            _note(session, member, "not the same", waiting, account, at=at)
        if waiting.could_be_account(deps.config.general.system_of_record):
            made = accounts.found(session, link_id, member=member.id, at=at)
            _settle(session, deps, [made], at=at)
            return f"{escape(waiting.name)} is an account of its own now."
    return "Noted: it is another one. It waits until it is linked or ignored."


def ignore(deps: Deps, member: Member, link_id: int) -> None:
    """It is nobody's: never show it again."""
    at = deps.clock.now()
    with deps.db.write() as session:
        waiting = _waiting(session, link_id)
        matches.ignore(session, link_id, member=member.id, at=at)
        _note(session, member, "ignore", waiting, None, at=at)


def of_account(session: Session, account: Account) -> list[tuple[Link, str]]:
    """What stands for an account, each with its source's title."""
    return [
        (each, SOURCES[each.source].title if each.source in SOURCES else "Domain")
        for each in links.of_account(session, account.id)
    ]


def link(deps: Deps, member: Member, account_text: str, what: str) -> str:
    """Say that an organisation (zendesk:900) or a domain is an account's. Returns what was done, in words."""
    at = deps.clock.now()
    with deps.db.write() as session:
        account = looking_up.the_account(session, account_text)
        if ":" not in what:
            return _link_domain(session, deps, member, account, what, at=at)
        source, ref = _reference(deps, what)
        found = links.one(session, source, ref)
        if found is None:
            raise UserError(
                f"{SOURCES[source].title} has told of nothing with the id {escape(ref)}. "
                "`/health matches` lists what waits."
            )
        if isinstance(found, Link):
            raise UserError(_taken(session, found, account, what))
        _join(session, deps, member, found, account, at=at)
    return f"{SOURCES[source].title} {escape(ref)} is {name_of(account)} now, with everything it has told so far."


def unlink(deps: Deps, member: Member, account_text: str, what: str) -> str:
    """Undo a link, whoever made it: no rule makes it again. Returns what was done, in words."""
    at = deps.clock.now()
    with deps.db.write() as session:
        account = looking_up.the_account(session, account_text)
        if ":" not in what:
            return _unlink_domain(session, deps, member, account, what, at=at)
        source, ref = _reference(deps, what)
        found = links.one(session, source, ref)
        if not isinstance(found, Link) or found.account_id != account.id:
            raise UserError(
                f"{escape(what)} is not linked to {name_of(account)}. `/health link` shows what is."
            )
        if found.matched_by is MatchedBy.RECORD and not found.linked_by:
            raise UserError(
                f"{escape(what)} is what makes {name_of(account)} an account. Change it in {SOURCES[source].title}."
            )
        matches.release(session, [found.id])
        matches.refuse(session, found.id, account.id, member=member.id, at=at)
        _settle(session, deps, [account.id], at=at)
        _note(session, member, "unlink", found, account, at=at)
    return f"{SOURCES[source].title} {escape(ref)} is {name_of(account)} no longer. It waits in `/health matches`."


def adopt(deps: Deps, member: Member, child_text: str, parent_text: str) -> str:
    """Say that an account is a part of another. Returns what was done, in words."""
    with deps.db.write() as session:
        child = looking_up.the_account(session, child_text)
        parent = looking_up.the_account(session, parent_text)
        try:
            families.set_parent(session, child.id, parent.id, member=member.id)
        except CircleError:
            raise UserError(
                f"{name_of(parent)} is a part of {name_of(child)} itself. Undo that first: "
                f"`/health unlink {name_of(parent)} under {name_of(child)}`"
            ) from None
        _note(session, member, "parent", None, child, at=deps.clock.now())
    return f"{name_of(child)} is a part of {name_of(parent)} now."


def orphan(deps: Deps, member: Member, child_text: str) -> str:
    """Say that an account is a part of no other. Returns what was done, in words."""
    with deps.db.write() as session:
        child = looking_up.the_account(session, child_text)
        families.set_parent(session, child.id, None, member=member.id)
        _note(session, member, "no parent", None, child, at=deps.clock.now())
    return f"{name_of(child)} stands for itself now."


def _pending(session: Session, deps: Deps, waiting: Waiting) -> Pending:
    refused = matches.refused(session, [waiting.link_id]).get(waiting.link_id, frozenset())
    domains = matching.domains_of(waiting)
    why: dict[AccountId, str] = {}
    for domain, ids in matches.claims(session, domains).items():
        why |= dict.fromkeys(ids, f"has the domain {domain} too")
    conflict = len(why) > 1
    for account_id, likeness in _alike(session, waiting):
        why.setdefault(account_id, f"its name is alike ({likeness:.0f}%)")
    found = accounts.by_ids(session, [each for each in why if each not in refused])
    candidates = [Candidate(found[each], why[each]) for each in why if each in found]
    return Pending(
        waiting=waiting,
        title=SOURCES[waiting.source].title if waiting.source in SOURCES else waiting.source,
        candidates=candidates[:MOST_CANDIDATES],
        is_conflict=conflict,
        is_record=waiting.could_be_account(deps.config.general.system_of_record),
    )


def _alike(session: Session, waiting: Waiting) -> list[tuple[AccountId, float]]:
    """The accounts whose names are most alike, with how much, 0 to 100."""
    domain = next(iter(matching.domains_of(waiting)), "")
    name = normalise_name(waiting.name or domain.partition(".")[0] or waiting.ref)
    if len(name) < 3:  # nothing to go by
        return []
    names = dict(accounts.names(session))
    best = process.extract(
        name, names, scorer=fuzz.WRatio, limit=MOST_CANDIDATES, score_cutoff=ALIKE
    )
    return [(account_id, likeness) for _, likeness, account_id in best]


def _join(
    session: Session,
    deps: Deps,
    member: Member,
    waiting: Waiting,
    account: Account,
    *,
    at: datetime,
) -> None:
    is_record = waiting.could_be_account(deps.config.general.system_of_record)
    by = MatchedBy.RECORD if is_record else MatchedBy.PERSON
    links.join(session, waiting.link_id, account.id, by=by, at=at, member=member.id)
    _settle(session, deps, [account.id], at=at)
    _note(session, member, "link", waiting, account, at=at)


def _link_domain(
    session: Session, deps: Deps, member: Member, account: Account, text: str, *, at: datetime
) -> str:
    domain = _domain(text)
    for owner in matches.claims(session, [domain]).get(domain, ()):
        name = name_of(_account(session, owner))
        raise UserError(f"{domain} is a domain of {name} already.")
    links.keep_domain(session, BY_HAND, domain, account.id, member=member.id, at=at)
    joined = matching.match_waiting(session, record=deps.config.general.system_of_record, at=at)
    dirty.mark(session, [account.id], at=at)
    _note(session, member, f"link {domain}", None, account, at=at)
    return f"{domain} is a domain of {name_of(account)} now. It joined {count(joined)} that waited."


def _unlink_domain(
    session: Session, deps: Deps, member: Member, account: Account, text: str, *, at: datetime
) -> str:
    domain = _domain(text)
    found = links.one(session, BY_HAND, domain)
    if not isinstance(found, Link) or found.account_id != account.id:
        raise UserError(
            f"{domain} was not given to {name_of(account)} by hand. A domain that a tool tells of is changed there."
        )
    links.forget_domain(session, found.id)
    _settle(session, deps, [account.id], at=at)
    _note(session, member, f"unlink {domain}", None, account, at=at)
    return f"{domain} is a domain of {name_of(account)} no longer; what it alone had joined waits again."


def _settle(session: Session, deps: Deps, ids: Sequence[AccountId], *, at: datetime) -> None:
    """What somebody said may tell more apart; who it is about is scored anew."""
    matching.match_waiting(session, record=deps.config.general.system_of_record, at=at)
    dirty.mark(session, ids, at=at)


def _waiting(session: Session, link_id: int) -> Waiting:
    waiting = matches.one(session, link_id)
    if waiting is None:
        raise UserError("That one waits no longer: somebody has dealt with it. `/health matches`")
    return waiting


def _account(session: Session, account_id: AccountId) -> Account:
    account = accounts.get(session, account_id)
    if account is None:
        raise UserError("That account is no longer kept here.")
    return account


def _reference(deps: Deps, text: str) -> tuple[str, str]:
    source, _, ref = text.partition(":")
    if source.lower() not in deps.config.sources or not ref:
        known = ", ".join(deps.config.sources)
        raise UserError(
            f"“{escape(text)}” is no id of a source. Write it like zendesk:900, with one of: {known}."
        )
    return source.lower(), ref


def _domain(text: str) -> str:
    domain = domain_of(text)
    if domain is None or domain in FREE_MAIL_DOMAINS:
        raise UserError(
            f"“{escape(text)}” is neither an id like zendesk:900 nor a domain of one company's, like acme.com."
        )
    return domain


def _taken(session: Session, link_: Link, account: Account, what: str) -> str:
    if link_.account_id == account.id:
        return f"{escape(what)} is linked to {name_of(account)} already."
    owner = _account(session, link_.account_id)
    return f"{escape(what)} is linked to {name_of(owner)}. Undo that first: `/health unlink {name_of(owner)} {escape(what)}`"


def _note(
    session: Session,
    member: Member,
    what: str,
    link_: Waiting | Link | None,
    account: Account | None,
    *,
    at: datetime,
) -> None:
    detail = {
        **({"link": f"{link_.source}:{link_.ref}"} if link_ else {}),
        **({"account": account.key} if account else {}),
    }
    audit.write(session, member=member.id, what=what, allowed=True, at=at, detail=detail)
