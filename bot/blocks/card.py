"""The account card: how one account is, why, and what is under way, readable in ten seconds on a phone."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.blocks import billed, kit, words
from bot.blocks.account_view import AccountView
from bot.blocks.alert_words import RULES
from bot.blocks.flags import MOST_FLAGS, cap_line, flag_lines
from bot.blocks.kit import Message
from bot.blocks.moves import Move, lost, moves, reason
from bot.blocks.notes import add_button
from bot.blocks.sentiment import sentiment_line
from bot.blocks.text import escape
from scoring.alerts import Alert
from scoring.health import HealthScore, PastScore
from scoring.notes import Note
from scoring.readings import day_number
from scoring.records import SURVEY_SCALE
from scoring.rubric import Rubric
from scoring.rules import Rule

MOST_CHILDREN = 5
MOST_SOURCES = 5
TREND_DAYS = 30  # one bar a day, which is what fits a phone's width
MOST_TASKS = 3
MOST_UNDER_WAY = 6
MOST_OF_A_NOTE = 150  # characters

_SIGNS = {Rule.CRITICAL: "🔴", Rule.AT_RISK: "🟠"}


def render_card(view: AccountView, *, rubric: Rubric) -> Message:
    account = view.account
    said = kit.message(
        _spoken(view, rubric),
        [
            kit.header(words.plain_name_of(account)),
            kit.section(_headline(view, rubric)),
            kit.context(sentiment_line(view.sentiment, view.at) if view.sentiment else ""),
            kit.lines(_components(view, rubric)),
            kit.lines(_flags(view), title="*Flags*", most=MOST_FLAGS),
            kit.context(_trend(view), _coverage(view, rubric)),
            kit.section(words.facts(account, view.csm_mention, view.at)),
            kit.context(
                billed.events_line(view.events, view.at), billed.left_over_line(view.left_over)
            ),
            kit.lines(
                [*_alerts(view), *_watches(view), *_tasks(view)],
                title="*Under way*",
                most=MOST_UNDER_WAY,
            ),
            kit.lines([_note(each, view.at) for each in view.notes], title="*Notes*"),
            kit.context(_contacts(view), _surveys(view), _family(view)),
            kit.context(_freshness(view), _links(view.links)),
            None if account.churned_on else kit.actions([add_button(account)]),
        ],
    )
    return replace(said, chart=view.chart(rubric))


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
    """The most pressing alert with who took care of it, and the others by name: a line, however many there are."""
    if view.account.churned_on or not view.open_alerts:
        return []
    lead, *others = view.open_alerts
    line = _alert(lead, view.at)
    if not others:
        return [line]
    names = ", ".join(dict.fromkeys(RULES[each.rule].lower() for each in others))
    return [
        line,
        f"⚠ Also open: {names}" if not others[0].rule.is_good else f"🟢 Also open: {names}",
    ]


def _watches(view: AccountView) -> list[str]:
    return [
        f"👁 {words.WATCHES[watch.kind].capitalize()} since {words.day(watch.since_on, view.at)}"
        for watch in view.watches
        if watch.until_on is None and not view.account.churned_on
    ]


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
    opened = words.day(alert.opened_at.astimezone(at.tzinfo).date(), at)
    sign = _SIGNS.get(alert.rule, "🟢" if alert.rule.is_good else "⚠")
    return f"{sign} {RULES[alert.rule]} alert since {opened}: {said}"


def _tasks(view: AccountView) -> list[str]:
    if view.account.churned_on:
        return []
    undone = sorted((each for each in view.tasks if not each.done_at), key=lambda each: each.due_on)
    left = len(undone) - MOST_TASKS
    more = [f"… and {words.plural(left, 'more task')}"] if left > 0 else []
    return [*(words.task_line(task, view.at) for task in undone[:MOST_TASKS]), *more]


def _note(note: Note, at: datetime) -> str:
    """One line a note: what, who, when; the whole of it is in the list of notes."""
    on = words.day(note.at.astimezone(at.tzinfo).date(), at)
    return f"📝 “{escape(note.body, MOST_OF_A_NOTE)}” · {words.mention(note.member)}, {on}"


def _contacts(view: AccountView) -> str:
    """How many people there are to talk to, and when one of them last talked to us."""
    if view.contacts is None:
        return ""
    if not view.contacts:
        return "Nobody there is mailed"
    if view.replied_at is None:
        return f"{words.plural(view.contacts, 'contact')}, none has ever replied"
    on = view.replied_at.astimezone(view.at.tzinfo).date()
    return f"{words.plural(view.contacts, 'contact')}, the last reply {words.due(on, view.at)}"


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
    below = (
        f"Its parts: {shown}{f' … and {words.count(more)} more' if more > 0 else ''}"
        if shown
        else ""
    )
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
