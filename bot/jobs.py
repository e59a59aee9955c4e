"""Jobs: what is done on a schedule, as plain functions; the database says when, the engine is only a clock.

A schedule's due time becomes one occurrence, whoever ticks. An occurrence is claimed with a lease
and a token; what it writes is fenced by the token, so a job that was taken over keeps nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import time, timedelta

import structlog
from sqlmodel import Session

from bot.deps import Deps, Progress
from bot.services import admitting, briefing, pursuing, rescoring, syncing
from scoring.readings import day_number
from storage import audit, dirty, inbox, outbox, pictures, schedules, sources, usage
from storage.rules import At, Every
from storage.schedules import Fenced, Occurrence

log = structlog.get_logger(__name__)

LEASE = timedelta(minutes=10)
RETRY_AFTER = timedelta(minutes=1)

# End users are forgotten a few days after the longest window that reads them, counts after a year and a bit.
KEEP_USERS_DAYS = 63
KEEP_COUNTS_DAYS = 400
KEEP_OCCURRENCES = timedelta(days=30)
KEEP_RUNS = timedelta(days=90)
KEEP_AUDIT = timedelta(days=400)
KEEP_MESSAGES = timedelta(days=400)
KEEP_PICTURES = timedelta(days=30)
KEEP_DELIVERIES = timedelta(days=2)
"""Slack repeats an event for six minutes, and for a day where that is asked for."""
KEEP_REJECTED = timedelta(days=14)
"""What could not be read is seen again with each reading; what is not any more was mended, or has gone."""


@dataclass(frozen=True, slots=True)
class Job:
    """One occurrence at work: what it needs, and the proof that it is still ours."""

    deps: Deps
    occurrence: Occurrence
    on_progress: Progress

    def hold(self, session: Session) -> None:
        """Extend the lease in this transaction. Raises Fenced when somebody took the work over."""
        schedules.extend(session, self.occurrence, until=self.deps.clock.now() + LEASE)


def sync_source(job: Job) -> None:
    """Read one source; what it changed is marked, and scored when nothing else is due."""
    syncing.sync(
        job.deps, job.occurrence.args["source"], hold=job.hold, on_progress=job.on_progress
    )


def begin_day(job: Job) -> None:
    """A new UTC day: every window moved, so every account is to be scored; what nobody reads any more is dropped."""
    now = job.deps.clock.now()
    with job.deps.db.write() as session:
        job.hold(session)
        today = day_number(now)
        usage.prune(
            session,
            before_day_users=today - KEEP_USERS_DAYS,
            before_day_counts=today - KEEP_COUNTS_DAYS,
        )
        schedules.prune(session, before=now - KEEP_OCCURRENCES)
        sources.prune(session, runs_before=now - KEEP_RUNS, rejected_before=now - KEEP_REJECTED)
        audit.prune(session, before=now - KEEP_AUDIT)
        outbox.prune(session, before=now - KEEP_MESSAGES)
        pictures.prune(session, before=now - KEEP_PICTURES)
        inbox.prune(session, before=now - KEEP_DELIVERIES, prefix=inbox.SLACK)
        dirty.mark_all(session, at=now)


def monitor_critical(job: Job) -> None:
    """The morning: critical accounts nobody has acknowledged, and what each CSM has to know of today."""
    now = job.deps.clock.now()
    pursuing.remind_of_critical(job.deps, at=now)
    briefing.brief(job.deps, at=now)


def pursue(job: Job) -> None:
    """Pass on what nobody acknowledged in time."""
    pursuing.pursue(job.deps, at=job.deps.clock.now())


def refresh_members(job: Job) -> None:
    """Learn who is in the workspace: people come, go, and become guests."""
    admitting.refresh_members(job.deps)


JOBS: Mapping[str, Callable[[Job], None]] = {
    "sync": sync_source,
    "begin_day": begin_day,
    "monitor_critical": monitor_critical,
    "pursue": pursue,
    "refresh_members": refresh_members,
}


def ensure_schedules(deps: Deps) -> None:
    """Make the schedules say what the configuration says; one that is no longer configured is switched off."""
    general = deps.config.general
    rules: dict[str, tuple[str, Mapping[str, str], Every | At]] = {
        "refresh_members": ("refresh_members", {}, Every(4 * 3600)),
        "pursue": ("pursue", {}, Every(3600)),
        "begin_day": ("begin_day", {}, At(time=time(0, 5), zone="UTC")),
        "monitor_critical": (
            "monitor_critical",
            {},
            At(time=general.monitor_at, zone=general.timezone),
        ),
        **{
            f"sync:{name}": ("sync", {"source": name}, Every(int(source.every.total_seconds())))
            for name, source in deps.config.sources.items()
        },
    }
    now = deps.clock.now()
    with deps.db.write() as session:
        for name, (job, args, rule) in rules.items():
            # What is read or refreshed every so often begins at once; what has its hour waits for it.
            first = now if isinstance(rule, Every) else None
            schedules.ensure(
                session, name, job=job, args=args, rule=rule, at=now, first_due_at=first
            )
        schedules.keep_only(session, set(rules))


def tick(deps: Deps) -> None:
    """Turn every due schedule into its occurrence."""
    with deps.db.write() as session:
        schedules.due(session, now=deps.clock.now())


def work(deps: Deps, *, on_progress: Progress = lambda _source, _share, _records: None) -> int:
    """Do what is due, one occurrence after the other, then score what they marked. Returns how many were done.

    Sources that are due together are read before anybody is scored: once, on all of what they tell.
    """
    done = 0
    while occurrence := _claim(deps):
        done += _run(Job(deps, occurrence, on_progress))
    _rescore(deps)
    return done


def _claim(deps: Deps) -> Occurrence | None:
    with deps.db.write() as session:
        return schedules.claim(session, now=deps.clock.now(), lease=LEASE)


def _rescore(deps: Deps) -> None:
    try:
        rescoring.rescore_dirty(deps)
    except Exception:
        # The marks stay, so it is tried again with the next call, and said again.
        log.exception("accounts could not be scored")


def _run(job: Job) -> bool:
    try:
        JOBS[job.occurrence.job](job)
        with job.deps.db.write() as session:
            schedules.finish(session, job.occurrence, at=job.deps.clock.now())
    except Fenced:
        log.warning("work was taken over", schedule=job.occurrence.name)
        return False
    except Exception as error:
        log.exception("job failed", schedule=job.occurrence.name)
        with job.deps.db.write() as session:
            now = job.deps.clock.now()
            schedules.fail(
                session,
                job.occurrence,
                error=type(error).__name__,
                at=now,
                retry_at=now + RETRY_AFTER,
            )
        return False
    return True
