"""Sources: how each tool that is read is doing, and what to do where one is not well."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.blocks import kit, words
from bot.blocks.kit import Message
from bot.blocks.text import escape
from scoring.records import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceView:
    """One source. `records` and `requests` are of 90 days; None: it never answered, or does not fail."""

    title: str
    tells: Sequence[Kind]
    last_ok_at: datetime | None
    failing_since: datetime | None
    problem: str | None
    is_stale: bool
    every: timedelta
    records: int
    requests: int
    rejected: int
    waiting: int
    is_record: bool

    @property
    def is_well(self) -> bool:
        return not self.is_stale and self.failing_since is None


def render_sources(views: Sequence[SourceView]) -> Message:
    """Every source, those that are not well first."""
    ill = [each for each in views if not each.is_well]
    said = (
        f"{len(ill)} of {words.plural(len(views), 'source')} {'needs' if len(ill) == 1 else 'need'} a look"
        if ill
        else f"All {words.plural(len(views), 'source')} answer"
    )
    ordered = [*ill, *(each for each in views if each.is_well)]
    return kit.message(
        said,
        [
            kit.header(said),
            *(kit.section(_one(each)) for each in ordered[:40]),
            kit.context(
                "While a source is not well its scores keep what it last told, and no alert rests on it. "
                "`/health matches` lists what waits; `bellwether doctor` shows what could not be read."
            ),
        ],
    )


def _one(view: SourceView) -> str:
    record = " · decides which accounts there are" if view.is_record else ""
    lines = [
        f"{'✅' if view.is_well else '⚠'} *{escape(view.title, 40)}*: {', '.join(view.tells)}{record}",
        _freshness(view),
        _counts(view),
    ]
    return "\n".join(line for line in lines if line)


def _freshness(view: SourceView) -> str:
    answered = f"answered {words.moment(view.last_ok_at)}" if view.last_ok_at else ""
    if view.failing_since:
        last = f"; it last {answered}" if answered else "; it has never answered"
        return f"fails since {words.moment(view.failing_since)}{last}\n{escape(view.problem or '', 400)}"
    if not view.last_ok_at:
        return "has not answered yet; the first reading is under way or comes with the next sync"
    if view.is_stale:
        return f"late: {answered}, and is read every {_span(view.every)}"
    return f"{answered}, read every {_span(view.every)}"


def _counts(view: SourceView) -> str:
    read = [
        *([words.plural(view.records, "record")] if view.records else []),
        *([words.plural(view.requests, "request")] if view.requests else []),
    ]
    found = [
        f"{' and '.join(read)} in 90 days" if read else "",
        f"*{words.count(view.waiting)}* wait for a match" if view.waiting else "",
        f"*{words.count(view.rejected)}* could not be read" if view.rejected else "",
    ]
    return " · ".join(each for each in found if each)


def _span(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    for size, noun in ((1440, "day"), (60, "hour")):
        if minutes % size == 0:
            return noun if minutes == size else words.plural(minutes // size, noun)
    return words.plural(minutes, "minute")
