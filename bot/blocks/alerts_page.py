"""The answer to `/health alerts`: what is open and who has it, what is held back, and what each rule is worth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.blocks import kit, words
from bot.blocks.alert_words import RULES
from bot.blocks.kit import Block, Message
from bot.blocks.text import escape
from scoring.accounts import Account
from scoring.guard import MassMove
from scoring.learning import LEAST, Effect, Precision
from scoring.rubric import Rubric, Status
from scoring.rules import Family, Quiet, Rule

MOST_OPEN, MOST_OTHERS, MOST_EFFECTS = 15, 8, 6


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenLine:
    """The open alerts of one account, the most pressing first; `since` is when that one opened.

    None: `value` no score, `status` not enough data, `held_by` nobody has it, `snoozed_until` it is awake.
    """

    account: Account
    rules: tuple[Rule, ...]
    value: float | None
    status: Status | None
    since: datetime
    held_by: str | None = None
    snoozed_until: datetime | None = None
    snoozed_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldLine:
    """A suspected data fault since when alerts are held: a source that tells less than usual, or too many accounts that move."""

    since: datetime
    source: str = ""
    told: int = 0
    usual: float = 0.0
    moves: tuple[MassMove, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TroubleLine:
    """Messages to one target that were given up, or a channel that takes none (`messages` 0); `why` in words."""

    target: str
    why: str
    messages: int
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertsPage:
    """Everything about the alerts at `at`. `mine`: of the reader's accounts, and what was given to them.

    `untold` counts the open alerts nobody was told of, by why. `lately` is the precision of the last
    30 days, `longer` of the last 90; both are of everybody's alerts, as `effects` are.
    """

    mine: bool
    open: Sequence[OpenLine]
    snoozed: Sequence[OpenLine]
    unstable: Sequence[OpenLine]
    untold: Mapping[Quiet, int]
    held: Sequence[HeldLine]
    trouble: Sequence[TroubleLine]
    lately: Sequence[Precision]
    longer: Sequence[Precision]
    effects: Sequence[Effect]
    admin_channel: str
    at: datetime


def render_alerts(page: AlertsPage, *, rubric: Rubric) -> Message:
    """What needs somebody first; what can be learnt from it last."""
    said = _counts(page)
    blocks: list[Block | None] = [
        kit.header(f"{'Your alerts' if page.mine else 'Alerts'}: {said}"),
        kit.lines([_held(each, page) for each in page.held], title="⏸ *Held back*", most=5),
        kit.lines(
            [_trouble(each) for each in page.trouble], title="⚠ *Not delivered*", most=MOST_OTHERS
        ),
        kit.lines(
            [_open(each, rubric, page.at) for each in page.open], title="*Open*", most=MOST_OPEN
        )
        or kit.section(_nothing(page)),
        kit.lines(
            [_snoozed(each, page.at) for each in page.snoozed], title="*Snoozed*", most=MOST_OTHERS
        ),
        kit.lines(
            [_unstable(each) for each in page.unstable],
            title="*Unstable*: they come and go, so a line in the morning instead of alerts",
            most=MOST_OTHERS,
        ),
        kit.context(_untold(page.untold)),
        kit.divider(),
        *_precision(page),
        *_effects(page.effects),
        kit.context(_foot(page)),
    ]
    return kit.message(f"Alerts: {said}", blocks)


def _counts(page: AlertsPage) -> str:
    counts = [
        f"{words.count(len(page.open))} open",
        f"{words.count(len(page.snoozed))} snoozed" if page.snoozed else "",
        f"{words.count(len(page.unstable))} unstable" if page.unstable else "",
        "held back" if page.held else "",
    ]
    return ", ".join(each for each in counts if each)


def _nothing(page: AlertsPage) -> str:
    if page.mine:
        return "✅ Nothing is open on your accounts. See everybody's: `/health alerts team`"
    return "✅ Nothing is open that people were told of."


def _open(line: OpenLine, rubric: Rubric, at: datetime) -> str:
    score = f" {words.score_text(line.value, line.status, rubric)}" if line.status else ""
    who = f"{words.mention(line.held_by)} has it" if line.held_by else "nobody has it yet"
    rules = ", ".join(RULES[rule] for rule in line.rules)
    return (
        f"{words.shape(line.status)} *{words.name_of(line.account)}*{score} · {rules} · "
        f"{words.span(at - line.since)} · {who}"
    )


def _snoozed(line: OpenLine, at: datetime) -> str:
    until = words.snoozed(line.snoozed_until, at) if line.snoozed_until else "until then"
    who = f" by {words.mention(line.snoozed_by)}" if line.snoozed_by else ""
    return f"💤 {words.name_of(line.account)} · {RULES[line.rules[0]]} · {until}{who}"


def _unstable(line: OpenLine) -> str:
    rules = ", ".join(RULES[rule] for rule in line.rules)
    return f"〰 {words.name_of(line.account)} · {rules}"


def _held(line: HeldLine, page: AlertsPage) -> str:
    if line.source:
        what = (
            f"{escape(line.source, 40)} told {words.count(line.told)} events on a day that usually has "
            f"{line.usual:,.0f}"
        )
    elif line.moves:
        most = line.moves[0]
        what = (
            f"“{RULES[most.rule]}” would {'open' if most.opens else 'end'} for {words.count(most.accounts)} "
            f"of {words.count(most.of)} accounts at once"
        )
    else:
        what = "too much moved at once"
    return (
        f"{what}; held for {words.span(page.at - line.since)}, "
        f"until somebody in {words.place(page.admin_channel)} decides"
    )


def _trouble(line: TroubleLine) -> str:
    count = f"{words.plural(line.messages, 'message')} to " if line.messages else ""
    when = f" ({words.moment(line.at)})" if line.at else ""
    return f"• {count}{words.place(line.target)}: {escape(line.why, 150)}{when}"


def _untold(untold: Mapping[Quiet, int]) -> str:
    why = {
        Quiet.BASELINE: "that were so when I first looked",
        Quiet.REBASED: "that a changed rubric moved",
        Quiet.DROPPED: "that were dropped as a data fault",
        Quiet.OFF: "of rules that are switched off",
    }
    counted = [
        f"{words.count(untold[each])} {said}" for each, said in why.items() if untold.get(each)
    ]
    told = ", ".join(counted)
    where = "`/health critical` and `/health at-risk` list every account."
    return f"Open too, told to nobody: {told}. {where}" if counted else ""


def _precision(page: AlertsPage) -> list[Block | None]:
    if not page.longer:
        return [
            kit.section(
                "*What alerts were good for*\nNobody was told of an alert in 90 days, so there is nothing to learn yet."
            )
        ]
    lately = {each.rule: each for each in page.lately}
    rows = [
        _row(lately.get(each.rule, Precision(rule=each.rule)), each)
        for each in sorted(page.longer, key=lambda each: not each.is_noisy)
    ]
    noisy = [_noisy(each) for each in page.longer if each.is_noisy]
    return [
        kit.lines(
            rows,
            title="*What alerts were good for*: of the judged ones, the share that was acted on or called useful "
            "(in brackets: where it lies with 95% certainty)",
            most=25,
        ),
        kit.lines(noisy, title="🔕 *Mostly noise*"),
    ]


def _row(lately: Precision, longer: Precision) -> str:
    name = f"• *{RULES[longer.rule]}*"
    if not longer.judged:
        return f"{name}: none of {words.count(longer.unknown)} judged"
    unknown = f" · {words.count(longer.unknown)} without an answer" if longer.unknown else ""
    return f"{name}: 90 days {_share(longer)} · 30 days {_share(lately)}{unknown}"


def _share(of: Precision) -> str:
    if of.value is None or of.interval is None:
        return f"too few to say ({words.count(of.judged)} judged)" if of.judged else "none judged"
    low, high = of.interval
    return (
        f"*{words.percent(of.value)}* of {words.count(of.judged)} "
        f"({words.whole(low * 100)}–{words.whole(high * 100)}%)"
    )


def _noisy(of: Precision) -> str:
    rule = of.rule
    line = (
        f"move its line (`fires` in `[alerts.{rule}]`)"
        if rule.family is Family.LINE
        else "make it harder to reach (`points` in `[alerts.sharp_drop]`)"
        if rule.family is Family.DROP
        else "move its lines (`[rubric.flags]`)"
        if rule.family in {Family.RISK, Family.OPPORTUNITY}
        else ""
    )
    off = f'switch it off (`off = ["{rule}"]` in `[alerts]`)'
    mend = f"{line}, or {off}" if line else off
    return f"• *{RULES[rule]}*: {words.count(of.noise)} of {words.count(of.judged)} were noise in 90 days; {mend}"


def _effects(effects: Sequence[Effect]) -> list[Block | None]:
    if not effects:
        return []
    return [
        kit.lines(
            [_effect(each) for each in effects],
            title="*What acting on them did*: the median score then and 30 days later",
            most=MOST_EFFECTS,
        ),
        kit.context(
            "No experiment: people act on the accounts they choose, and low scores tend to rise by themselves."
        ),
    ]


def _effect(effect: Effect) -> str:
    acted, others = effect.acted, effect.others
    name = f"• *{RULES[effect.rule]}*"
    if acted.before is None or acted.after is None or acted.change is None:
        return f"{name}: too few to say ({words.count(acted.n)} of {LEAST} acted on)"
    beside = (
        f"nobody acted on {words.count(others.n)}: {words.arrow(words.whole(others.change))}"
        if others.change is not None
        else f"nobody acted on {words.count(others.n)}, too few to compare"
    )
    well = f", {words.count(acted.recovered)} recovered" if acted.recovered is not None else ""
    return (
        f"{name}: {words.whole(acted.before)} → {words.whole(acted.after)} "
        f"({words.arrow(words.whole(acted.change))}) on {words.count(acted.n)} acted on{well}; {beside}"
    )


def _foot(page: AlertsPage) -> str:
    other = "team" if page.mine else "mine"
    return (
        f"Press Useful or Noise on an alert, and this gets better. `/health alerts {other}` · "
        "shares are of everybody's alerts"
    )
