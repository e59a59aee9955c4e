"""An account's history: its line over the days, week by week with what moved it, and what happened meanwhile."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from bot.blocks import kit, words
from bot.blocks.charts import Marker, MarkerKind, Trend
from bot.blocks.kit import Message
from bot.blocks.text import escape
from scoring.accounts import Account
from scoring.health import PastScore
from scoring.readings import date_of, day_number
from scoring.rubric import Component, Rubric

MOST_WEEKS = 13
MOST_MARKERS = 10

_SIGNS = {
    MarkerKind.ALERT: "⚠",
    MarkerKind.OUTREACH: "📞",
    MarkerKind.PLAN: "💳",
    MarkerKind.NOTE: "📝",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryView:
    """`trend` is (day number, score) of the last `days`; `weeks` are its scores on every seventh day, the newest first."""

    account: Account
    trend: Sequence[tuple[int, float]]
    weeks: Sequence[PastScore]
    markers: Sequence[Marker]
    days: int
    at: datetime


def render_history(view: HistoryView, *, rubric: Rubric) -> Message:
    name, plain = words.name_of(view.account), words.plain_name_of(view.account)
    title = f"{plain}: the last {words.plural(view.days, 'day')}"
    if not view.trend:
        said = f"{name} has no score in the last {words.plural(view.days, 'day')}."
        step = "See how it is now: type its name after `/health`."
        return kit.message(said, [kit.header(title), kit.section(f"{said}\n{step}")])
    message = kit.message(
        f"{name}: {_course(view, rubric)}",
        [
            kit.header(title),
            kit.section(_course(view, rubric)),
            kit.lines(_weeks(view, rubric), title="*Week by week*", most=MOST_WEEKS),
            kit.lines(_markers(view), title="*What happened*", most=MOST_MARKERS),
        ],
    )
    return replace(message, chart=_chart(view, rubric))


def _chart(view: HistoryView, rubric: Rubric) -> Trend | None:
    if len(view.trend) < 2:
        return None
    return Trend(
        name=view.account.name,
        points=view.trend,
        until=day_number(view.at),
        rubric=rubric,
        markers=view.markers,
        days=view.days,
    )


def _course(view: HistoryView, rubric: Rubric) -> str:
    """Where it is, how far it came, and between what it moved."""
    (first, then), (_, now) = view.trend[0], view.trend[-1]
    status = rubric.status(now)
    value = words.score_text(now, status, rubric)
    change = words.change_between(now, then) or 0
    lowest = min(view.trend, key=lambda point: point[1])
    highest = max(view.trend, key=lambda point: point[1])
    return (
        f"{words.shape(status)} *{value}* of 100, {words.label(status)} · {words.arrow(change)} since "
        f"{words.day(date_of(first), view.at)}\nLowest {_point(lowest, view)} · highest {_point(highest, view)}"
    )


def _point(point: tuple[int, float], view: HistoryView) -> str:
    day, value = point
    return f"{words.whole(value)} on {words.day(date_of(day), view.at)}"


def _weeks(view: HistoryView, rubric: Rubric) -> list[str]:
    pairs = zip(view.weeks, [*view.weeks[1:], None], strict=False)
    return [_week(week, before, view, rubric) for week, before in pairs if week.value is not None]


def _week(week: PastScore, before: PastScore | None, view: HistoryView, rubric: Rubric) -> str:
    status = None if week.value is None else rubric.status(week.value)
    score = words.score_text(week.value, status, rubric)
    on = words.day(date_of(week.day), view.at)
    change = words.change_between(week.value, before.value if before else None)
    moved = "" if change is None else f" {words.arrow(change)}"
    most = _moved_most(week, before, rubric) if change and before else ""
    return f"{words.shape(status)} *{score}*{moved} · {on}{most}"


def _moved_most(week: PastScore, before: PastScore, rubric: Rubric) -> str:
    """The component that moved furthest in the direction of the score."""
    changes = {
        each: week.shares[each] - before.shares[each]
        for each in Component
        if each in week.shares and each in before.shares and rubric.weight(each)
    }
    down = (week.value or 0) < (before.value or 0)
    furthest = (min if down else max)(changes, key=lambda each: changes[each], default=None)
    if furthest is None or not changes[furthest]:
        return ""
    return f" · mostly {words.COMPONENTS[furthest].lower()}"


def _markers(view: HistoryView) -> list[str]:
    newest = sorted(view.markers, key=lambda each: each.day, reverse=True)
    return [_marker(each, date_of(each.day), view.at) for each in newest]


def _marker(marker: Marker, on: date, at: datetime) -> str:
    label = escape(marker.label, 150) or marker.kind.value.capitalize()
    what = f"Alert: {label.lower()}" if marker.kind is MarkerKind.ALERT else label
    return f"{_SIGNS[marker.kind]} {words.day(on, at)} · {what}"
