"""The rubric as anybody can read it: what a score is made of, and what it means when something is not known."""

from datetime import datetime

from bot.blocks import kit, words
from bot.blocks.alert_words import RULES
from bot.blocks.kit import Message
from bot.blocks.text import escape
from scoring.rubric import LEVELS, Component, Rubric, Status
from scoring.rules import FLAGS

MOST_NAMED = 10

_UNKNOWN = (
    "*Missing*, because no source tells or there is nothing to judge: it is left out, and the rest counts for more",
    "*Zero*, because the source answered that there was nothing: it counts, as 0 points",
    "*Stale*, because the source fails or is late: it stays what it was, marked with its age",
)


def render_rubric(rubric: Rubric, *, since: datetime | None, at: datetime) -> Message:
    """`since` is when the first score was made by it, None: none was yet."""
    total = words.number(sum(rubric.weight(each) for each in Component))
    return kit.message(
        f"How a score is made: 0 to 100, 100 is good. Healthy from {words.number(rubric.healthy)}, "
        f"Stable from {words.number(rubric.stable)}, At-risk from {words.number(rubric.at_risk)}",
        [
            kit.header("How a score is made"),
            kit.section(
                "Every account has one score from 0 to 100; *100 is good*. "
                f"It is what five parts reach of {total} points."
            ),
            *(kit.section(_component(each, rubric)) for each in Component),
            kit.section("\n".join(_statuses(rubric))),
            kit.section("\n".join(["*When a part is not known*", *_unknown(rubric)])),
            kit.section("\n".join(_flags(rubric))),
            kit.context(_version(rubric, since, at)),
            kit.context(
                "`/health acme` shows the parts of an account, each with its evidence and its change."
            ),
        ],
    )


def _component(component: Component, rubric: Rubric) -> str:
    levels = " · ".join(
        f"{level} {words.number(rubric.points[component][level])}" for level in LEVELS[component]
    )
    most = words.number(rubric.weight(component))
    return (
        f"*{words.COMPONENTS[component]}*, up to {most}\n{levels}\n{_judged_by(component, rubric)}"
    )


def _judged_by(component: Component, rubric: Rubric) -> str:
    """What makes a level, in a line."""
    match component:
        case Component.USAGE:
            return (
                f"Daily is somebody active on {rubric.usage_daily_days} of 7 days, "
                f"weekly on {rubric.usage_weekly_days}, monthly on 1 of 30"
            )
        case Component.FEATURES:
            return _features(rubric)
        case Component.SUPPORT:
            return (
                f"Good against bad tickets of {rubric.support_window_days} days; "
                "one that is open and escalated decides alone"
            )
        case Component.ENGAGEMENT:
            return (
                f"How people answer your mail in {rubric.engagement_window_days} days: reply 5, click 3, open 1; "
                f"high from {words.number(rubric.engagement_high)} on average, "
                f"medium from {words.number(rubric.engagement_medium)}"
            )
        case Component.PAYMENT:
            return (
                f"The worst that is true. Overdue is {words.plural(rubric.payment_overdue_days, 'day')} late; minor is less, "
                f"or a card that ends within {words.plural(rubric.card_expiry_days, 'day')}"
            )


def _features(rubric: Rubric) -> str:
    core = rubric.core_features
    if not core:
        return "Left out: the configuration names no core features"
    named = ", ".join(escape(each, 60) for each in core[:MOST_NAMED])
    left = len(core) - MOST_NAMED
    more = f" and {words.count(left)} more" if left > 0 else ""
    return (
        f"Used in 30 days, of {words.plural(len(core), 'core feature')}: most from {words.percent(rubric.features_most)}, "
        f"some from {words.percent(rubric.features_some)}. They are {named}{more}"
    )


def _statuses(rubric: Rubric) -> list[str]:
    lines = {
        Status.HEALTHY: f"from {words.number(rubric.healthy)}",
        Status.STABLE: f"from {words.number(rubric.stable)}",
        Status.AT_RISK: f"from {words.number(rubric.at_risk)}",
        Status.CRITICAL: f"under {words.number(rubric.at_risk)}",
    }
    told = [f"{words.shape(each)} {each.label} {line}" for each, line in lines.items()]
    return ["*What a score means*", *told]


def _unknown(rubric: Rubric) -> list[str]:
    least = words.percent(rubric.min_coverage)
    return [
        *_UNKNOWN,
        f"With less than {least} of the points known there is no status, and no alert",
    ]


def _flags(rubric: Rubric) -> list[str]:
    risks = ", ".join(RULES[each] for each in FLAGS if not each.is_good)
    good = ", ".join(RULES[each] for each in FLAGS if each.is_good)
    return [
        "*Flags* stand beside the score and say what it hides",
        f"⚠ {risks}",
        f"🌱 {good}",
        *_caps(rubric),
    ]


def _caps(rubric: Rubric) -> list[str]:
    capped = [
        f"While *{RULES[rule]}* stands, a score is at most {words.number(rubric.best(status))}, {status.label}"
        for rule, status in rubric.caps.items()
    ]
    return capped or ["None of them holds a score down"]


def _version(rubric: Rubric, since: datetime | None, at: datetime) -> str:
    used = (
        f"in use since {words.day(since.astimezone(at.tzinfo).date(), at)}"
        if since
        else "not used yet"
    )
    return f"Rubric {rubric.version}, {used}. A score keeps the rubric it was made by."
