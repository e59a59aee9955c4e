"""The account card: how one account is, why, and what is under way, readable in ten seconds on a phone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.blocks import billed, kit, words
from bot.blocks.alert_words import RULES
from bot.blocks.flags import MOST_FLAGS, cap_line, flag_lines
from bot.blocks.kit import Message
from bot.blocks.moves import Move, lost, moves, reason
from bot.blocks.text import escape
from scoring.accounts import Account, Money
from scoring.alerts import Alert
from scoring.health import HealthScore, PastScore
from scoring.lagging import BillingEvent
from scoring.playbooks import Task, Watch
from scoring.readings import day_number
from scoring.records import SURVEY_SCALE, SurveyResponse
from scoring.rubric import Rubric
from scoring.rules import Rule

MOST_CHILDREN = 5
MOST_SOURCES = 5
TREND_DAYS = 30  # one bar a day, which is what fits a phone's width

_SIGNS = {Rule.CRITICAL: "🔴", Rule.AT_RISK: "🟠"}


@dataclass(frozen=True, slots=True)
class SourceFreshness:
    """How a source is doing. `last_ok_at` is its last complete answer, None before the first."""

    last_ok_at: datetime | None
    is_stale: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountView:
    """Everything a card shows. `score` is None before the first one; past scores None without history.

    `trend` is (day number, score), days without one left out. `csm_mention` is a Slack user id.
    `sources` goes by title; `links` is (label, address). `surveys` are the latest answers, one of
    each kind; `parent` is the account it is a part of, `children` are its parts. `events` are the
    last billing events; `left_over` is what the MRR leaves out for want of a rate.
    """

    account: Account
    score: HealthScore | None
    at: datetime
    week_ago: PastScore | None = None
    month_ago: PastScore | None = None
    trend: Sequence[tuple[int, float]] = ()
    csm_mention: str | None = None
    open_alerts: Sequence[Alert] = ()
    tasks: Sequence[Task] = ()
    watches: Sequence[Watch] = ()
    sources: Mapping[str, SourceFreshness]
    links: Sequence[tuple[str, str]] = ()
    surveys: Sequence[SurveyResponse] = ()
    parent: Account | None = None
    children: Sequence[Account] = ()
    events: Sequence[BillingEvent] = ()
    left_over: Sequence[Money] = ()


def render_card(view: AccountView, *, rubric: Rubric) -> Message:
    account = view.account
    return kit.message(
        _spoken(view, rubric),
        [
            kit.header(words.plain_name_of(account)),
            kit.section(_headline(view, rubric)),
            kit.lines(_components(view, rubric)),
            kit.lines(_flags(view), title="*Flags*", most=MOST_FLAGS),
            kit.context(_trend(view), _coverage(view, rubric)),
            kit.section(words.facts(account, view.csm_mention, view.at)),
            kit.context(
                billed.events_line(view.events, view.at), billed.left_over_line(view.left_over)
            ),
            kit.context(_surveys(view), _family(view)),
            kit.lines([*_alerts(view), *_tasks(view)], title="*Under way*", most=10),
            kit.context(_freshness(view), _links(view.links)),
        ],
    )


def _spoken(view: AccountView, rubric: Rubric) -> str:
    name, score = words.name_of(view.account), view.score
    if view.account.churned_on:
        return f"{name}: left on {words.day(view.account.churned_on, view.at)}"
    if score is None or score.value is None:
        return f"{name}: no score yet"
    if score.status is None:
        return f"{name}: not enough data, {words.percent(score.coverage)} is known"
    value = words.score_text(score.value, score.status, rubric)
    change = words.spoken(_change(view, view.week_ago))
    moved = f", {change} in 7 days" if change else ""
    return f"{name}: {value} of 100, {words.label(score.status)}{moved}"


def _headline(view: AccountView, rubric: Rubric) -> str:
    score = view.score
    if left := view.account.churned_on:
        return f"*Left on {words.day(left, view.at)}.* {_last_score(score, rubric)}It is on no list and raises no alert."
    if score is None:
        return "*No score yet.* It gets one as soon as its sources have answered."
    if score.value is None:
        return "⚪ *Not enough data:* no source tells of this account. Link it in your tools first."
    if score.status is None:
        known, needed = words.percent(score.coverage), words.percent(rubric.min_coverage)
        return f"⚪ *Not enough data:* {known} of the score is known, a status needs {needed}."
    why = escape(reason(score, view.week_ago, rubric))
    capped = f"\n{cap}" if (cap := cap_line(score)) else ""
    return f"{_score(score, rubric)}{capped}{_changes(view)}\n{why}"


def _last_score(score: HealthScore | None, rubric: Rubric) -> str:
    if score is None or score.value is None:
        return ""
    value = words.score_text(score.value, score.status, rubric)
    return f"Its last score was {value}, {words.label(score.status)}. "


def _score(score: HealthScore, rubric: Rubric) -> str:
    value = words.score_text(score.value, score.status, rubric)
    return f"{words.shape(score.status)} *{value}* of 100 · *{words.label(score.status)}*"


def _changes(view: AccountView) -> str:
    """The change over 7 and 30 days, as far as the history goes."""
    spans = ((_change(view, view.week_ago), "7 days"), (_change(view, view.month_ago), "30 days"))
    known = [f"{words.arrow(change)} in {span}" for change, span in spans if change is not None]
    return "\n" + " · ".join(known) if known else ""


def _change(view: AccountView, past: PastScore | None) -> int | None:
    return words.change_between(
        view.score.value if view.score else None, past.value if past else None
    )


def _components(view: AccountView, rubric: Rubric) -> list[str]:
    if view.score is None or view.account.churned_on:
        return []
    return [_component(move, rubric, view.at) for move in moves(view.score, view.week_ago, rubric)]


def _flags(view: AccountView) -> list[str]:
    return [] if view.account.churned_on else flag_lines(view.score, view.at)


def _component(move: Move, rubric: Rubric, at: datetime) -> str:
    part = move.part
    points = f"{words.number(part.points)}/{words.number(rubric.weight(part.component))}"
    change = f" {words.arrow(move.change)}" if move.change else ""
    stale = f" ⚠ {words.span(at - part.as_of)} old" if part.stale else ""
    evidence = escape(part.evidence, 200)
    return f"*{words.COMPONENTS[part.component]}* {points}{change} · {evidence}{stale}"


def _trend(view: AccountView) -> str:
    """The last 30 days in bars, and in numbers for who cannot see bars."""
    recent = [day for day in view.trend if day[0] > day_number(view.at) - TREND_DAYS]
    if len(recent) < 2 or view.account.churned_on:
        return ""
    bars = words.sparkline(recent, until=view.at)
    first, last = (words.whole(value) for _, value in (recent[0], recent[-1]))
    return f"{bars}  {first} → {last} in {words.plural(len(bars), 'day')}"


def _coverage(view: AccountView, rubric: Rubric) -> str:
    """What the score leaves out and why; nothing when it leaves out nothing."""
    if view.score is None or view.account.churned_on:
        return ""
    whys: dict[str, list[str]] = {}
    new = lost(view.score, view.week_ago)
    for component, why in view.score.missing.items():
        if rubric.weight(component):
            title = words.COMPONENTS[component]
            whys.setdefault(why, []).append(f"{title}, new" if component in new else title)
    if not whys:
        return ""
    left_out = "; ".join(f"{', '.join(names)} ({escape(why, 150)})" for why, names in whys.items())
    return f"Covers {words.percent(view.score.coverage)}. Not counted: {left_out}"


def _alerts(view: AccountView) -> list[str]:
    if view.account.churned_on:
        return []
    alerts = [_alert(alert, view.at) for alert in view.open_alerts]
    watches = [
        f"👁 {words.WATCHES[watch.kind].capitalize()} since {words.day(watch.since_on, view.at)}"
        for watch in view.watches
        if watch.until_on is None
    ]
    return alerts + watches


def _alert(alert: Alert, at: datetime) -> str:
    done = [
        f"acknowledged by {words.mention(alert.acknowledged_by)}" if alert.acknowledged_by else "",
        f"assigned to {words.mention(alert.assigned_to)}" if alert.assigned_to else "",
        f"outreach by {words.mention(alert.outreach_by)}" if alert.outreach_by else "",
        f"snoozed {words.snoozed(alert.snoozed_until, at)}"
        if alert.snoozed_until and alert.snoozed_until > at
        else "",
    ]
    said = ", ".join(each for each in done if each) or "nobody has acknowledged it"
    opened = words.day(alert.opened_at.date(), at)
    sign = _SIGNS.get(alert.rule, "🟢" if alert.rule.is_good else "⚠")
    return f"{sign} {RULES[alert.rule]} alert since {opened}: {said}"


def _tasks(view: AccountView) -> list[str]:
    if view.account.churned_on:
        return []
    undone = sorted((each for each in view.tasks if not each.done_at), key=lambda each: each.due_on)
    return [words.task_line(task, view.at) for task in undone]


def _surveys(view: AccountView) -> str:
    """What people there answered last: "NPS 4 of 10 on 3 Nov, with a comment"."""
    return " · ".join(
        f"{each.kind.upper()} {words.number(each.score)} of {SURVEY_SCALE[each.kind][1]}"
        f" on {words.day(each.answered_at.date(), view.at)}"
        f"{', with a comment' if each.has_comment else ''}"
        for each in view.surveys
    )


def _family(view: AccountView) -> str:
    above = f"A part of *{words.name_of(view.parent)}*" if view.parent else ""
    shown = ", ".join(words.name_of(each) for each in view.children[:MOST_CHILDREN])
    more = len(view.children) - MOST_CHILDREN
    below = f"Its parts: {shown}{f' … and {more:,} more' if more > 0 else ''}" if shown else ""
    return " · ".join(each for each in (above, below) if each)


def _freshness(view: AccountView) -> str:
    """The sources in trouble first: those are why a number may be old. Many that are well are told as one."""
    ill = {title: each for title, each in view.sources.items() if each.is_stale}
    well = {title: each for title, each in view.sources.items() if not each.is_stale}
    told = [f"⚠ {words.freshness(title, each.last_ok_at, view.at)}" for title, each in ill.items()]
    if len(well) > MOST_SOURCES:
        oldest = min(well, key=lambda title: well[title].last_ok_at or view.at)
        said = words.freshness(oldest, well[oldest].last_ok_at, view.at)
        return " · ".join([*told, f"{len(well)} sources are fresh, the oldest: {said}"])
    told += [words.freshness(title, each.last_ok_at, view.at) for title, each in well.items()]
    return " · ".join(told)


def _links(links: Sequence[tuple[str, str]]) -> str:
    return " · ".join(words.link(address, label) for label, address in links)
