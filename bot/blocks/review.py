"""The weekly review: what moved, who needs somebody, who is ready for more, what the alerts did, and what is to do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.blocks import kit, words
from bot.blocks.alert_words import RULES
from bot.blocks.book_charts import Mover, Movers
from bot.blocks.kit import Block, Message
from bot.blocks.lists import (
    Row,
    Tally,
    common_line,
    common_step,
    count_lines,
    head_line,
    stakes_line,
    step_line,
)
from bot.blocks.text import escape
from scoring.accounts import Account
from scoring.learning import LEAST, wilson
from scoring.playbooks import Task
from scoring.readings import day_number
from scoring.rubric import Rubric, Status
from scoring.rules import Rule

MOST_MOVERS, MOST_ROWS, MOST_TASKS, MOST_RULES = 5, 5, 10, 4
DAYS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedRows:
    """Whose score moved in a week, each way the steepest first, and how many did by a point or more, of how many."""

    down: Sequence[Row]
    up: Sequence[Row]
    downs: int
    ups: int
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertsOfWeek:
    """How the alerts people were told of went in a week; `good` of `judged` in 30 days were of use."""

    opened: Mapping[Rule, int]
    recovered: int
    acknowledged: int
    good: int
    judged: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewView:
    """The last seven days of a book of business, or with `is_mine` False of everybody's.

    `week_ago` are the counts of seven days before, None: nothing was scored then. `at_risk` has those on
    the weekly watch list first. `tasks` are due by a week from now, `due` is how many there are.
    """

    counts: Mapping[Status | None, Tally]
    week_ago: Mapping[Status | None, int] | None
    moved: MovedRows
    critical: Sequence[Row]
    at_risk: Sequence[Row]
    ready: Sequence[Row]
    ready_total: int
    alerts: AlertsOfWeek
    tasks: Sequence[tuple[Task, Account]]
    due: int
    is_mine: bool
    at: datetime


def render_review(view: ReviewView, *, rubric: Rubric) -> Message:
    """The week's message: the same for whoever asks and for the team's channel."""
    title = f"{'Your week' if view.is_mine else 'The week'} to {words.day(view.at.date(), view.at)}"
    total = _total(view)
    if not total:
        return kit.message(f"{title}: no accounts", [kit.header(title), kit.section(_nobody(view))])
    low = _low(view)
    said = f"{words.count(low)} of {words.plural(total, 'account')} At-risk or Critical"
    message = kit.message(
        f"{title}: {said}{_spoken(view)}",
        [
            kit.header(f"{title}: {said}"),
            kit.section("\n".join(count_lines(view.counts, view.week_ago or {}))),
            *_moved(view, rubric),
            *_rows(view.critical, Status.CRITICAL, view, rubric),
            *_rows(view.at_risk, Status.AT_RISK, view, rubric),
            *_rows(view.ready, None, view, rubric),
            kit.divider(),
            kit.section(_alerts(view.alerts)),
            kit.section(_actions(view)),
            kit.context(_foot(view)),
        ],
    )
    return replace(message, chart=chart(view, rubric), again=f"review {_scope(view)}")


def chart(view: ReviewView, rubric: Rubric) -> Movers | None:
    """The week's movers as a picture; nothing where none moved."""
    moved = [*view.moved.down, *view.moved.up]
    if not moved:
        return None
    today = day_number(view.at)
    return Movers(
        of="Your accounts" if view.is_mine else "All accounts",
        movers=[
            Mover(name=row.account.name, before=row.value - row.change_7d, now=row.value)
            for row in moved
            if row.value is not None and row.change_7d is not None
        ],
        since=today - DAYS,
        until=today,
        rubric=rubric,
    )


def _moved(view: ReviewView, rubric: Rubric) -> list[Block | None]:
    moved = view.moved
    if not moved.of:
        why = (
            "no score of seven days ago can be compared with today's, so nobody can say what moved"
        )
        return [kit.section(f"*Moved*: {why}. Next week's review can.")]
    if not (moved.downs or moved.ups):
        return [kit.section(f"*Moved*: none of {words.count(moved.of)} by a point or more.")]
    return [
        _movers("▼ *Down*", moved.down, moved.downs, moved.of, rubric),
        _movers("▲ *Up*", moved.up, moved.ups, moved.of, rubric),
    ]


def _movers(title: str, rows: Sequence[Row], count: int, of: int, rubric: Rubric) -> Block | None:
    if not count:
        return None
    told = [f"{head_line(row, rubric, '')}\n{escape(row.reason, 160)}" for row in rows]
    left = count - len(rows)
    more = [f"… and {words.count(left)} more"] if left > 0 else []
    return kit.lines(
        [*told[:MOST_MOVERS], *more], title=f"{title}: {words.count(count)} of {words.count(of)}"
    )


def _rows(
    rows: Sequence[Row], status: Status | None, view: ReviewView, rubric: Rubric
) -> list[Block | None]:
    """Some accounts in a status, None: of those ready to expand; and where the others are."""
    total = _count(view, status) if status else view.ready_total
    if not total:
        return []
    title = f"{words.shape(status)} *{status.label}*" if status else "🌱 *Ready to expand*"
    word = status.label.lower() if status else "expansion"
    common = common_step(rows[:MOST_ROWS])
    told = [_row(row, view, rubric, common) for row in rows[:MOST_ROWS]]
    left = total - len(told)
    more = [f"… and {words.count(left)} more: `/health {word} {_scope(view)}`"] if left > 0 else []
    said = [f"{title}: {words.count(total)}", *([common_line(common)] if common else [])]
    return [kit.lines([*told, *more], title="\n".join(said))]


def _row(row: Row, view: ReviewView, rubric: Rubric, common: str) -> str:
    # That it is on the list for the weekly review needs no saying in the weekly review.
    stakes = stakes_line(replace(row, watch=None), is_mine=view.is_mine)
    change = f" {words.arrow(words.whole(row.change_7d))}" if row.change_7d else ""
    score = f" *{words.score_text(row.value, row.status, rubric)}*" if row.status else ""
    lines = [
        f"*{words.name_of(row.account)}*{score}{change} · {stakes}",
        escape(row.reason, 160),
        step_line(row, view.at, common=common),
    ]
    return "\n".join(line for line in lines if line)


def _alerts(alerts: AlertsOfWeek) -> str:
    if not any((alerts.opened, alerts.recovered, alerts.acknowledged)):
        return f"🔔 *Alerts*: none opened, recovered or were acknowledged.{_worth(alerts)}"
    most = sorted(alerts.opened.items(), key=lambda each: -each[1])[:MOST_RULES]
    which = ", ".join(f"{words.count(count)} {RULES[rule]}" for rule, count in most)
    others = sum(alerts.opened.values()) - sum(count for _, count in most)
    rest = f", {words.count(others)} others" if others else ""
    opened = (
        f"*{words.count(sum(alerts.opened.values()))}* opened{f' ({which}{rest})' if which else ''}"
    )
    return (
        f"🔔 *Alerts*: {opened} · *{words.count(alerts.recovered)}* recovered · "
        f"*{words.count(alerts.acknowledged)}* acknowledged.{_worth(alerts)}"
    )


def _worth(alerts: AlertsOfWeek) -> str:
    """What they were good for, where enough of them were judged to say."""
    if alerts.judged < LEAST:
        return (
            f" Too few were judged in 30 days to say what they are worth ({words.count(alerts.judged)} "
            f"of at least {LEAST}): press Useful or Noise on one."
        )
    low, high = wilson(alerts.good, alerts.judged)
    return (
        f" In 30 days *{words.percent(alerts.good / alerts.judged)}* of {words.count(alerts.judged)} judged "
        f"were of use ({words.whole(low * 100)}–{words.whole(high * 100)}% with 95% certainty)."
    )


def _actions(view: ReviewView) -> str:
    if not view.tasks:
        return "☑ *To do*: no task is due by this day next week."
    shown = [
        words.task_line(task, view.at, of=words.name_of(account))
        for task, account in view.tasks[:MOST_TASKS]
    ]
    left = view.due - len(shown)
    more = [f"… and {words.count(left)} more: `/health tasks {_scope(view)}`"] if left > 0 else []
    return "\n".join([f"☑ *To do this week*: {words.count(view.due)}", *shown, *more])


def _spoken(view: ReviewView) -> str:
    """Which way it went, for the notification."""
    moved = view.moved
    low = "" if view.week_ago is None else words.spoken(_low(view) - _low_then(view.week_ago))
    ways = (
        f". {words.count(moved.downs)} went down, {words.count(moved.ups)} up" if moved.of else ""
    )
    return f"{f', {low} in 7 days' if low else ''}{ways}"


def _total(view: ReviewView) -> int:
    return sum(tally.accounts for tally in view.counts.values())


def _count(view: ReviewView, status: Status) -> int:
    return view.counts[status].accounts if status in view.counts else 0


def _low(view: ReviewView) -> int:
    return _count(view, Status.CRITICAL) + _count(view, Status.AT_RISK)


def _low_then(counts: Mapping[Status | None, int]) -> int:
    return counts.get(Status.CRITICAL, 0) + counts.get(Status.AT_RISK, 0)


def _scope(view: ReviewView) -> str:
    return "mine" if view.is_mine else "team"


def _foot(view: ReviewView) -> str:
    other = (
        "`/health review team` for everybody's" if view.is_mine else "`/health review` for yours"
    )
    return (
        f"The last seven days, scores from 0 to 100. {other} · one account: `/health` and its name"
    )


def _nobody(view: ReviewView) -> str:
    if view.is_mine:
        return "No account is yours, so there is nothing to review. See everybody's: `/health review team`"
    return "There are no accounts yet. They come with the first sync: `bellwether sync` starts one."
