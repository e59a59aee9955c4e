"""Barring: what a source tells of an erased organisation is left out before anything is stored."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import TypeVar

from sqlmodel import Session

from bot.deps import Deps
from integrations.base import Page
from scoring.records import (
    ActiveUser,
    FeatureCount,
    Organisation,
    Record,
    SurveyResponse,
    Ticket,
    UsageDays,
)
from storage import erased, erasing
from storage.erased import Bar

Row = TypeVar("Row", FeatureCount, ActiveUser)

MEMBER = "bellwether"
"""Who remembers a ticket that came in after its organisation was erased."""


def without_erased(session: Session, deps: Deps, source: str, page: Page) -> Page:
    """The page without what tells of the erased. Ask in the transaction that stores the page.

    A ticket's survey does not say whose it is, so the tickets left out are remembered.
    """
    bar = erased.bar(session, source, key=key_of(deps))
    if not bar:
        return page
    tickets = {
        each.id for each in page.records if isinstance(each, Ticket) and _is_erased(each, bar)
    }
    if tickets:
        marks = [(source, erased.ticket_hash(bar.key, source, each)) for each in tickets]
        erased.remember(session, marks, member=MEMBER, at=deps.clock.now())
        erasing.drop_ratings(session, source, tickets)
    kept = [each for each in page.records if not _is_left_out(each, bar, tickets)]
    return replace(
        page,
        records=tuple(_without_parent(each, bar) for each in kept),
        usage=_usage(page.usage, bar) if page.usage else None,
        rejected=tuple(
            each for each in page.rejected if not _names_erased(f"{each.what} {each.raw}", bar)
        ),
    )


def key_of(deps: Deps) -> bytes:
    """What hashes are keyed with."""
    return deps.config.general.hash_key.get_secret_value().encode()


def _is_erased(record: Record, bar: Bar) -> bool:
    ref = record.ref if isinstance(record, Organisation) else record.account_ref
    return ref is not None and bar.stops(ref)


def _is_left_out(record: Record, bar: Bar, tickets: set[str]) -> bool:
    if _is_erased(record, bar):
        return True
    ticket = record.ticket_id if isinstance(record, SurveyResponse) else None
    return ticket is not None and (ticket in tickets or bar.stops_ticket(ticket))


def _without_parent(record: Record, bar: Bar) -> Record:
    if isinstance(record, Organisation) and record.parent_ref and bar.stops(record.parent_ref):
        return replace(record, parent_ref=None)
    return record


def _usage(told: UsageDays, bar: Bar) -> UsageDays:
    stops = cache(bar.stops)  # a ref comes in every batch

    def rest(batches: Iterator[Sequence[Row]]) -> Iterator[Sequence[Row]]:
        for batch in batches:
            yield [each for each in batch if not stops(each.account_ref)]

    return replace(told, counts=rest(told.counts), users=rest(told.users))


def _names_erased(text: str, bar: Bar) -> bool:
    return any(map(bar.stops, erasing.words_in(text)))
