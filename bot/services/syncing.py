"""Syncing: reading one source to its end, each page and its cursor in one transaction."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog
from sqlmodel import Session

from bot.blocks.kit import Message
from bot.blocks.notices import render_doubles, render_source_back, render_source_down
from bot.deps import Deps, Progress
from bot.services import barring, holding, matching, observing, speaking
from integrations.base import Page, SourceAuthError, SourceError
from integrations.registry import SOURCES
from scoring.records import (
    Card,
    Contact,
    FeatureCount,
    Invoice,
    Organisation,
    Subscription,
    SurveyResponse,
    Ticket,
    UsageDays,
)
from storage import (
    accounts,
    alerts,
    billing,
    contacts,
    dirty,
    links,
    matches,
    sources,
    surveys,
    tickets,
    usage,
)

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Run:
    """How one reading of a source went."""

    source: str
    started_at: datetime
    records: int = 0
    requests: int = 0
    rejected: int = 0
    error: str | None = None
    as_of: datetime | None = None  # the instant all that was told holds for; None: when it began


def sync(
    deps: Deps,
    name: str,
    *,
    since: datetime | None = None,
    hold: Callable[[Session], None] = lambda _session: None,
    on_progress: Progress = lambda _source, _share, _records: None,
) -> Run:
    """Read one source from its cursor to its end; with `since`, what happened from then on once more.

    `hold` is called in every transaction: it proves that the work is still ours, or raises, and
    nothing is kept. A source that fails keeps the pages that were stored; operators are told once.
    """
    run = Run(name, deps.clock.now())
    source = deps.sources[name]
    with deps.db.read() as session:
        cursor = source.cursor_since(since) if since else sources.cursor(session, name)
    try:
        for page in source.pull(cursor, now=run.started_at):
            with deps.db.write() as session:
                hold(session)
                store(session, deps, run, page)
            on_progress(name, page.progress, run.records)
    except SourceError as error:
        run.error = str(error)
        _fail(deps, run, error)
    else:
        _succeed(deps, run, hold=hold)
    return run


def store(session: Session, deps: Deps, run: Run, page: Page) -> None:
    """Store a page and its cursor, mark who it changes, and count it in the run."""
    at = run.started_at
    page = barring.without_erased(session, deps, run.source, page)
    if page.usage and not page.read:
        page = replace(page, usage=_counted(run, page.usage))
    organisations = [each for each in page.records if isinstance(each, Organisation)]
    if run.source == deps.config.general.system_of_record:
        touched = accounts.create_or_update(session, organisations, source=run.source, at=at)
        dirty.mark(session, touched, at=at)
    else:
        dirty.mark(session, matches.unsettle(session, run.source, organisations), at=at)
        links.see(session, run.source, organisations, at=at)
    dirty.mark_links(session, store_activity(session, run.source, page, at=at), at=at)
    sources.reject(session, run.source, page.rejected, at=at)
    sources.save_cursor(session, run.source, page.cursor)
    run.records += page.read or len(page.records)
    run.requests += page.requests
    run.rejected += len(page.rejected)
    run.as_of = page.as_of


def store_activity(session: Session, source: str, page: Page, *, at: datetime) -> set[int]:
    """Store what accounts did. Returns the links something really changed for."""
    changed: set[int] = set()
    for kind, upsert in _UPSERTS.items():
        if of_kind := [each for each in page.records if isinstance(each, kind)]:
            changed |= upsert(session, source, of_kind, at=at)
    if page.usage:
        changed |= usage.replace_days(session, source, page.usage, at=at)
    return changed


def _counted(run: Run, told: UsageDays) -> UsageDays:
    """The same usage, whose rows count as records while they are read."""

    def count(batches: Iterator[Sequence[FeatureCount]]) -> Iterator[Sequence[FeatureCount]]:
        for batch in batches:
            run.records += len(batch)
            yield batch

    return replace(told, counts=count(told.counts))


_UPSERTS: Mapping[type, Callable[..., frozenset[int]]] = {
    Ticket: tickets.upsert,
    Contact: contacts.upsert,
    Subscription: billing.upsert_subscriptions,
    Invoice: billing.upsert_invoices,
    Card: billing.upsert_cards,
    SurveyResponse: surveys.upsert,
}


def _succeed(deps: Deps, run: Run, *, hold: Callable[[Session], None]) -> None:
    at = run.started_at
    with deps.db.write() as session:
        hold(session)
        before = sources.states(session).get(run.source)
        sources.succeeded(session, run.source, at=run.as_of or at)
        matching.match_waiting(session, record=deps.config.general.system_of_record, at=at)
        matching.pass_on(session, run.source)
        if observing.is_stale(before, deps.config, at=at):
            # What happened elsewhere meanwhile was frozen: it counts from now on, for everybody.
            dirty.mark_all(session, at=at)
        # What waits to be confirmed is looked at again now that there is newer data.
        dirty.mark(session, alerts.waiting_accounts(session), at=at)
        holding.check_volume(session, deps, run.source, at=at)
        _keep_run(session, deps, run)
        if run.source == deps.config.general.system_of_record:
            _tell_of_doubles(session, deps, run)
        if before and before.failing_since:
            log.info("source is back", source=run.source)
            message = render_source_back(_title(run), since=before.failing_since)
            _tell_operators(session, deps, run, message, what="back")


def _tell_of_doubles(session: Session, deps: Deps, run: Run) -> None:
    """Say that customers wait because they look like accounts there are: once for each that joins them."""
    waiting = [
        each for each in matches.waiting(session, run.source) if each.could_be_account(run.source)
    ]
    if waiting:
        newest = max(each.link_id for each in waiting)
        speaking.say(
            session,
            render_doubles(_title(run), [each.name for each in waiting]),
            key=f"doubles:{run.source}:{newest}",
            target=deps.config.slack.admin_channel,
            at=run.started_at,
        )


def _fail(deps: Deps, run: Run, error: SourceError) -> None:
    kind = "auth" if isinstance(error, SourceAuthError) else "down"
    with deps.db.write() as session:
        is_news = sources.failed(
            session, run.source, error=str(error), kind=kind, at=run.started_at
        )
        _keep_run(session, deps, run)
        if is_news:
            log.warning("source went down", source=run.source, error=str(error))
            last_ok_at = sources.states(session)[run.source].last_ok_at
            message = render_source_down(_title(run), problem=str(error), since=last_ok_at)
            _tell_operators(session, deps, run, message, what="down")


def _keep_run(session: Session, deps: Deps, run: Run) -> None:
    sources.record_run(
        session,
        run.source,
        started_at=run.started_at,
        ended_at=deps.clock.now(),
        records=run.records,
        requests=run.requests,
        rejected=run.rejected,
        error=run.error,
    )


def _tell_operators(session: Session, deps: Deps, run: Run, message: Message, *, what: str) -> None:
    speaking.say(
        session,
        message,
        key=f"source:{run.source}:{what}:{run.started_at.isoformat()}",
        target=deps.config.slack.admin_channel,
        at=run.started_at,
    )


def _title(run: Run) -> str:
    return SOURCES[run.source].title
