"""What `bellwether rubric` prints: what is in force, what is doubtful, and what a change would do."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from bot.blocks import words
from bot.blocks.alert_words import RULES
from bot.blocks.text import plain
from bot.config import Config
from bot.services.checking import Doubt
from bot.services.rehearsing import Difference, Move, RuleChange
from scoring.policy import AlertPolicy
from scoring.readings import date_of
from scoring.rubric import LEVELS, Component, Status

MOST_MOVES, MOST_NAMES = 20, 5
_ALWAYS_UNTOLD = (
    "Flags and billing events: their alerts rest on what the sources told each day, which a day's row does not have.",
    "Whether a source was late on a day: every day counts as fresh, and as one look, so an alert that needs two comes a day later.",
)


def in_force(config: Config) -> Iterator[str]:
    """The rubric and the alerts as `run` would have them."""
    rubric, policy = config.rubric, config.alerts
    yield f"Rubric {rubric.version}"
    for component in Component:
        levels = " · ".join(
            f"{level} {rubric.points[component][level]:g}" for level in LEVELS[component]
        )
        yield f"  {words.COMPONENTS[component]:<11}{rubric.weight(component):>4g}  {levels}"
    yield (
        f"  Healthy from {rubric.healthy:g}, Stable from {rubric.stable:g}, At-risk from {rubric.at_risk:g}, "
        f"else Critical; no status under {words.percent(rubric.min_coverage)} coverage"
    )
    yield f"  core features: {', '.join(rubric.core_features) or 'none'}"
    for rule, status in rubric.caps.items():
        yield f"  while {rule} is raised, never better than {status.label}"
    yield "Alerts"
    yield from _lines(policy)
    yield from _people(policy)


def doubtful(doubts: Sequence[Doubt]) -> Iterator[str]:
    """A line a doubt, and how many there are."""
    for each in doubts:
        yield f"! {each.setting}: {each.what}; {each.mend}"
    yield f"{words.plural(len(doubts), 'thing')} to look at" if doubts else "Nothing to look at."


def check_json(config: Config, doubts: Sequence[Doubt], *, database: str) -> dict[str, Any]:
    """The same as one object; `database` says why it was not looked at, "" when it was."""
    rubric, policy = config.rubric, config.alerts
    return {
        "ok": True,
        "rubric": {
            "version": rubric.version,
            "weights": {each.value: rubric.weight(each) for each in Component},
            "healthy": rubric.healthy,
            "stable": rubric.stable,
            "at_risk": rubric.at_risk,
        },
        "alerts": {
            "at_risk": asdict(policy.at_risk),
            "critical": asdict(policy.critical),
            "expansion": asdict(policy.expansion),
            "sharp_drop": asdict(policy.sharp_drop),
            "off": list(policy.off),
        },
        "warnings": [asdict(each) for each in doubts],
        "database_not_looked_at": database,
    }


def changes(difference: Difference) -> Iterator[str]:
    """Who would change status, which alerts would have been raised, and what cannot be said."""
    yield from _statuses(difference)
    yield from _alerts(difference)
    yield "Cannot be replayed"
    yield from (f"  {each}" for each in (*_ALWAYS_UNTOLD, *_gaps(difference), *difference.untold))
    yield "Nothing was changed: the history stays as it was scored."


def changes_json(difference: Difference) -> dict[str, Any]:
    return {
        "accounts": difference.accounts,
        "moves": [_move_json(each) for each in difference.moves],
        "unknown": difference.unknown,
        "days": difference.days,
        "from": _date(difference.first_day),
        "to": _date(difference.last_day),
        "account_days": difference.account_days,
        "skipped": difference.skipped,
        "capped": difference.capped,
        "rules": [
            {
                "rule": each.rule,
                "before": each.before,
                "after": each.after,
                "new": dict(each.new),
                "gone": dict(each.gone),
            }
            for each in difference.rules
        ],
        "not_replayed": [*_ALWAYS_UNTOLD, *_gaps(difference), *difference.untold],
    }


def _lines(policy: AlertPolicy) -> Iterator[str]:
    for name, line in (("Critical", policy.critical), ("At-risk", policy.at_risk)):
        yield (
            f"  {name} fires below {line.fires:g}, clears at {line.clears:g}, "
            f"after {words.plural(line.confirmations, 'look')}"
        )
    line, drop = policy.expansion, policy.sharp_drop
    yield (
        f"  Ready to expand fires at {line.fires:g}, clears below {line.clears:g}, "
        f"after {words.plural(line.confirmations, 'look')}"
    )
    yield (
        f"  Sharp drop fires at {drop.points:g} points within {words.plural(drop.days, 'day')}, "
        f"clears at {drop.clears:g}, after {words.plural(drop.confirmations, 'look')}"
    )
    yield (
        f"  reopened within {words.span(policy.cooldown)}; unstable after more than "
        f"{policy.unstable_after} in {words.span(policy.unstable_window)}"
    )
    yield f"  off: {', '.join(policy.off) or 'none'}"


def _people(policy: AlertPolicy) -> Iterator[str]:
    hours, escalation = policy.hours, policy.escalation
    passes = "; what is urgent passes" if hours.urgent_passes else ""
    yield (
        "  told at any hour"
        if hours.always
        else f"  told {hours.start:%H:%M} to {hours.end:%H:%M} on {', '.join(hours.days)}{passes}"
    )
    for route in policy.routes:
        which = [
            f"plans {', '.join(route.plans)}" if route.plans else "",
            f"MRR from {route.mrr_from:,g}" if route.mrr_from is not None else "",
        ]
        yield f"  {' and '.join(each for each in which if each)} go to {route.channel}"
    if escalation.after_hours:
        to = escalation.manager or "nobody"
        yield (
            f"  Critical and not acknowledged in {escalation.after_hours:g} working hours: {to}, "
            f"{words.plural(len(escalation.backups), 'backup')}"
        )
    yield f"  accounts nobody owns: {policy.fallback or 'the channel alone'}"


def _statuses(difference: Difference) -> Iterator[str]:
    moves = difference.moves
    yield f"Status today: {len(moves):,} of {words.plural(difference.accounts, 'account')} would change"
    ways = Counter((each.before, each.after) for each in moves)
    if len(ways) > 1:
        counted = (f"{_way(*way)}: {count:,}" for way, count in ways.most_common())
        yield f"  {' · '.join(counted)}"
    yield from (f"  {_moved(each)}" for each in moves[:MOST_MOVES])
    if len(moves) > MOST_MOVES:
        yield f"  … and {len(moves) - MOST_MOVES:,} more (--json has all)"
    if difference.unknown:
        yield f"  of {difference.unknown:,} it cannot be said: they have a level this rubric does not know"


def _way(before: Status | None, after: Status | None) -> str:
    return f"{words.label(before)} → {words.label(after)}"


def _moved(move: Move) -> str:
    before, after = (
        _standing(move.before, move.score_before),
        _standing(move.after, move.score_after),
    )
    return f"{plain(move.name, words.NAME)}: {before} → {after}"


def _standing(status: Status | None, score: float | None) -> str:
    return words.label(status) if score is None else f"{words.label(status)} {score:.1f}"


def _alerts(difference: Difference) -> Iterator[str]:
    first = _date(difference.first_day)
    yield f"Alerts of the last {words.plural(difference.days, 'day')}: now and then by the new"
    if first is None:
        yield "  There is no history yet."
        return
    yield from (f"  {_rule(each)}" for each in difference.rules)
    if not difference.rules:
        yield "  None under either."
    yield f"  (a look a day, {difference.account_days:,} days of accounts from {first} on)"


def _rule(change: RuleChange) -> str:
    more, fewer = sum(change.new.values()), sum(change.gone.values())
    head = f"{RULES[change.rule]}: {change.before:,} → {change.after:,}"
    tails = [
        f"{more:,} new: {_names(change.new)}" if more else "",
        f"{fewer:,} gone: {_names(change.gone)}" if fewer else "",
    ]
    return "; ".join([head, *(each for each in tails if each)])


def _names(counted: Mapping[str, int]) -> str:
    shown = sorted(counted, key=lambda each: (-counted[each], each))[:MOST_NAMES]
    left = len(counted) - len(shown)
    named = [
        f"{plain(each, words.NAME)}{f' ({counted[each]})' if counted[each] > 1 else ''}"
        for each in shown
    ]
    return ", ".join(named) + (f" and {left:,} more" if left else "")


def _gaps(difference: Difference) -> Iterator[str]:
    if difference.skipped:
        yield (
            f"{difference.skipped:,} of {difference.account_days:,} days of accounts: what is kept of them "
            "does not say which level a component had."
        )
    if difference.capped:
        yield f"{difference.capped:,} days of accounts were held down by a flag; they are replayed without it."


def _move_json(move: Move) -> dict[str, Any]:
    return {
        "account": move.name,
        "from": words.label(move.before),
        "to": words.label(move.after),
        "score_from": move.score_before,
        "score_to": move.score_after,
    }


def _date(day: int | None) -> str | None:
    return None if day is None else date_of(day).isoformat()
