"""The hold: what the operators are asked when the data look at fault, and what became of it."""

from dataclasses import dataclass
from datetime import datetime

from bot.blocks import actions, kit, words
from bot.blocks.alert_words import RULES
from bot.blocks.kit import Block, Message
from bot.blocks.text import escape
from scoring.guard import HoldId, MassMove, Verdict
from scoring.readings import date_of


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldView:
    """A hold as it stands at `at`. `source` is the title of the tool that tells less than usual, empty where it is the
    alerts that moved: then `moves` has them. `told` and `usual` are events on `day` (days since 1970-01-01).
    """

    id: HoldId
    source: str
    moves: tuple[MassMove, ...]
    day: int | None
    told: int
    usual: float
    opened_at: datetime
    closed_at: datetime | None
    verdict: Verdict | None
    closed_by: str | None
    at: datetime


def render_hold(view: HoldView) -> Message:
    """What moved, what it likely is, and the two things one can do."""
    title = _title(view)
    blocks: list[Block | None] = [
        kit.header(f"{'Held' if view.closed_at is None else 'Was held'}: {title}"),
        kit.section(_what(view)),
    ]
    if view.closed_at is None:
        blocks += [
            kit.section(
                "Most likely the data are at fault, not the customers, so *nobody has been alerted*. "
                "Cancellations, failed payments and escalated tickets are still told.\n"
                "*Next:* look at the tool, then say which it is."
            ),
            kit.actions(
                [
                    kit.button(
                        "It is real: alert people",
                        actions.HOLD_RELEASE,
                        str(view.id),
                        style="primary",
                    ),
                    kit.button("It is a fault: drop it", actions.HOLD_DROP, str(view.id)),
                ]
            ),
            kit.context("It ends by itself when the data are as usual again."),
        ]
    else:
        blocks.append(kit.context(_ending(view)))
    return kit.message(
        f"Alerts are held: {title}" if view.closed_at is None else _ending(view), blocks
    )


def render_lifted(view: HoldView) -> Message:
    """The reply when it ended by itself."""
    text = f"✅ The data are as usual again: {_title(view)} is over. Alerts go on; nobody was told of it."
    return kit.message(text, [kit.section(text)])


def _title(view: HoldView) -> str:
    if view.source:
        share = words.percent(1 - view.told / view.usual) if view.usual else "100%"
        return f"{escape(view.source, 40)} told {share} less than usual"
    most = view.moves[0] if view.moves else None
    if most is None:
        return "too much moved at once"
    return f"{words.plural(most.accounts, 'account')} would change at once"


def _what(view: HoldView) -> str:
    if view.source and view.day is not None:
        on = words.day(date_of(view.day), view.at)
        return (
            f"*{escape(view.source, 40)}* told *{words.count(view.told)}* events on {on}; "
            f"on that weekday it is usually *{view.usual:,.0f}*."
        )
    lines = [
        f"• *{words.count(each.accounts)}* of {words.count(each.of)} accounts would {'get' if each.opens else 'end'} "
        f"the alert “{RULES[each.rule]}”"
        for each in view.moves
    ]
    return "\n".join(lines)


def _ending(view: HoldView) -> str:
    when = words.moment(view.closed_at) if view.closed_at else ""
    who = words.mention(view.closed_by)
    match view.verdict:
        case Verdict.RELEASED:
            return f"✅ Released by {who}, {when}: it is real, and people are alerted."
        case Verdict.DROPPED:
            return f"🗑 Dropped by {who}, {when}: a data fault, and nobody is alerted of it."
        case _:
            return f"✅ Ended by itself, {when}: the data are as usual again."
