"""Erasing: everything that is kept of one account, found, counted, and gone."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from scoring.accounts import Account, AccountId
from scoring.identity import identifying, normalise_name
from storage.accounts import to_account
from storage.sql import chunks, fetch, first, run
from storage.tables import (
    AccountRow,
    ActiveUserRow,
    AuditRow,
    LinkDomainRow,
    LinkRow,
    RejectedRow,
    SnapshotRow,
    SurveyResponseRow,
    Table,
    TicketRow,
    UsageDayRow,
)

_account = AccountRow.__table__
_audit = AuditRow.__table__
_domain = LinkDomainRow.__table__
_link = LinkRow.__table__
_rejected = RejectedRow.__table__
_response = SurveyResponseRow.__table__
_ticket = TicketRow.__table__

# Tables whose key begins with the day. One link's rows are found by listing the days; by the link alone
# both engines read everybody's.
_BY_DAY = (UsageDayRow.__table__, ActiveUserRow.__table__)
_SNAPSHOT = SnapshotRow.__table__

ERASED = "erased"
_WORD, _STRING = re.compile(r"[\w.+@-]+"), re.compile(r'"([^"]+)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Traces:
    """What an account goes by, and which organisations stand for it: (source, ref) by link id.

    `waiting` of them wait for an account still, and look like this one by a key or a domain.
    """

    account_id: AccountId
    name: str
    key: str
    refs: Mapping[int, tuple[str, str]]
    names: frozenset[str]
    domains: frozenset[str]
    waiting: int

    @property
    def words(self) -> frozenset[str]:
        """Every word that tells who it is."""
        pairs = {f"{source}:{ref}" for source, ref in self.refs.values()}
        refs = {ref for _, ref in self.refs.values()}
        return frozenset({self.name, self.key, *self.names, *self.domains, *refs, *pairs} - {""})


def find(session: Session, account_id: AccountId) -> Traces | None:
    """What is to be erased; None: there is no such account."""
    account = first(session, sa.select(_account).where(_account.c.id == account_id))
    if account is None:
        return None
    own = fetch(session, sa.select(_link).where(_link.c.account_id == account_id))
    domains = _alone(session, account_id, {one for row in own for one in identifying(row.domains)})
    alike = _alike(session, account.key, domains)
    rows = [*own, *alike]
    return Traces(
        account_id=account_id,
        name=account.name,
        key=account.key,
        refs={row.id: (row.source, row.ref) for row in rows},
        names=frozenset(row.name for row in rows if row.name),
        domains=frozenset(domains),
        waiting=len(alike),
    )


def named(session: Session, name: str) -> list[Account]:
    """Every account of exactly this name, written any way, those that have left too."""
    wanted = normalise_name(name)
    query = sa.select(_account).where(_account.c.name_norm == wanted).order_by(_account.c.id)
    return [to_account(row) for row in fetch(session, query)] if wanted else []


def count(session: Session, traces: Traces) -> dict[str, int]:
    """How many rows each table has of an account, by the table's name; a table without any is left out."""
    found = {
        table.name: _count(session, table, where) for table, where in _conditions(session, traces)
    }
    return {name: number for name, number in found.items() if number}


def namesakes(session: Session, traces: Traces) -> set[str]:
    """The names of other accounts that have this one's name, or what a tool calls it, in them."""
    called = {traces.name, *traces.names} - {""}
    alike = sa.or_(
        *(_account.c.name.contains(each, autoescape=True) for each in called), sa.false()
    )
    query = sa.select(_account.c.name).where(alike, _account.c.id != traces.account_id)
    return {row.name for row in fetch(session, query)}


def ticket_ids(session: Session, traces: Traces) -> list[tuple[str, str]]:
    """The tickets of an account as (source, id)."""
    query = sa.select(_ticket.c.source, _ticket.c.id).where(_ticket.c.link_id.in_(traces.refs))
    return [(row.source, row.id) for row in fetch(session, query)]


def erase(session: Session, traces: Traces, *, at: datetime) -> None:
    """Delete what is kept of an account, and every word elsewhere that tells who it was.

    Its links are emptied, not deleted: for each of them the database would look through every day of
    everybody for rows that hang on it.
    """
    for table, where in _conditions(session, traces):
        if table is not _link and table is not _account:
            run(session, sa.delete(table).where(where))
    _forget_parents(session, traces)
    for link_id in traces.refs:
        run(session, sa.update(_link).where(_link.c.id == link_id).values(_emptied(link_id, at)))
    _forget_rejected(session, traces)
    _forget_audited(session, traces)
    run(session, sa.delete(_account).where(_account.c.id == traces.account_id))


def drop_ratings(session: Session, source: str, tickets: Collection[str]) -> None:
    """Forget what rated these tickets, which are not stored."""
    for part in chunks(tickets):
        rates = sa.and_(_response.c.source == source, _response.c.ticket_id.in_(part))
        run(session, sa.delete(_response).where(rates, _response.c.link_id.is_(None)))


def words_in(raw: str) -> set[str]:
    """What a raw record could call an organisation by: its words, its strings and the domains of mail addresses."""
    said = {*_WORD.findall(raw), *_STRING.findall(raw)}
    return said | {each.rpartition("@")[2] for each in said}


def _alone(session: Session, account_id: AccountId, domains: Collection[str]) -> set[str]:
    """Those of the domains that no other account has."""
    query = (
        sa.select(_domain.c.domain)
        .join(_link, _link.c.id == _domain.c.link_id)
        .where(_domain.c.domain.in_(domains), _link.c.account_id != account_id)
    )
    return set(domains) - {row.domain for row in fetch(session, query)}


def _alike(session: Session, key: str, domains: Collection[str]) -> Sequence[sa.Row[Any]]:
    """Organisations that wait and that go by the account's key or by a domain of its own."""
    named = sa.select(_domain.c.link_id).where(_domain.c.domain.in_(domains))
    same = sa.or_(_link.c.account_key == key, _link.c.id.in_(named), _link.c.ref.in_(domains))
    return fetch(session, sa.select(_link).where(_link.c.account_id.is_(None), same))


def _conditions(
    session: Session, traces: Traces
) -> Iterator[tuple[sa.Table, sa.ColumnElement[bool]]]:
    """Every table that hangs on the account or its links, those first that hang on others, with which rows of it are meant."""
    ours = traces.refs.keys()
    tickets = sa.select(_ticket.c.id).where(
        _ticket.c.source == _response.c.source, _ticket.c.link_id.in_(ours)
    )
    rated = sa.and_(_response.c.link_id.is_(None), _response.c.ticket_id.in_(tickets))
    # A rating is found by its ticket, so it goes before it.
    for table in dict.fromkeys([_response, *reversed(Table.metadata.sorted_tables)]):
        parents = {key.column.table.name: key.parent for key in table.foreign_keys}
        if table is _account:
            yield table, table.c.id == traces.account_id
        elif table is _link:
            yield table, table.c.id.in_(ours)
        elif table is _response:
            yield table, sa.or_(table.c.link_id.in_(ours), rated)
        elif "link" in parents:
            yield table, sa.and_(parents["link"].in_(ours), *_listed(session, table))
        elif "account" in parents:
            mine = parents["account"] == traces.account_id
            yield table, sa.and_(mine, *_listed(session, table))


def _listed(session: Session, table: sa.Table) -> list[sa.ColumnElement[bool]]:
    """The days of a table that begins with the day, one by one."""
    if table not in (*_BY_DAY, _SNAPSHOT):
        return []
    # One end at a time: asked for both at once SQLite reads all that lies between.
    ends = [
        first(session, sa.select(end(table.c.day).label("day")))
        for end in (sa.func.min, sa.func.max)
    ]
    days = [end.day for end in ends if end is not None and end.day is not None]
    return [table.c.day.in_(range(days[0], days[1] + 1))] if days else [sa.false()]


def _count(session: Session, table: sa.Table, where: sa.ColumnElement[bool]) -> int:
    row = first(session, sa.select(sa.func.count().label("n")).select_from(table).where(where))
    return row.n if row else 0


def _emptied(link_id: int, at: datetime) -> dict[str, Any]:
    nothing = dict.fromkeys(
        ("account_id", "matched_by", "matched_at", "linked_by", "ignored_at", "ignored_by",
         "account_key", "csm_email", "renews_on", "parent_ref")
    )  # fmt: skip
    told = {"ref": f"{ERASED}:{link_id}", "name": "", "domains": [], "deleted_at": at}
    return {**nothing, **told, "first_seen_at": at}


def _forget_parents(session: Session, traces: Traces) -> None:
    """What was said to be a part of it is a part of nothing."""
    for source, ref in traces.refs.values():
        child = sa.and_(_link.c.source == source, _link.c.parent_ref == ref)
        run(session, sa.update(_link).where(child).values(parent_ref=None))


def _forget_rejected(session: Session, traces: Traces) -> None:
    for row in fetch(session, sa.select(_rejected)):
        if not words_in(f"{row.what} {row.raw} {row.problem}").isdisjoint(traces.words):
            this = sa.and_(_rejected.c.source == row.source, _rejected.c.what == row.what)
            run(session, sa.delete(_rejected).where(this))


def _forget_audited(session: Session, traces: Traces) -> None:
    """Who did what and when stays; to whom does not."""
    for row in fetch(session, sa.select(_audit.c.id, _audit.c.what, _audit.c.detail)):
        named = {str(each) for each in row.detail.values()} & traces.words
        said = " ".join(
            ERASED if word in traces.words else word for word in str(row.what).split(" ")
        )
        if named or said != row.what:
            detail = {
                name: ERASED if str(value) in named else value for name, value in row.detail.items()
            }
            mine = sa.update(_audit).where(_audit.c.id == row.id)
            run(session, mine.values(what=said, detail=detail))
