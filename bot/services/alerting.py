"""Alerting: from new scores to decisions, and to the alerts, tasks, watches and notices that follow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlmodel import Session

from bot.deps import Deps
from bot.services import following, holding, observing, pursuing, routing, telling
from bot.services.routing import Audience
from scoring.accounts import Account, AccountId
from scoring.alerts import Alert, AlertState, Change, Decision, Look, decide
from scoring.guard import Verdict
from scoring.health import HealthScore, PastScore
from scoring.lagging import BillingEvent
from scoring.readings import day_number
from scoring.rules import Family, Quiet, Rule, Sight, Signal
from scoring.sights import EVENT_WINDOW, FACTS, OF_SCORE, hush, of_events, signals
from storage import (
    accounts,
    alerts,
    dirty,
    due_looks,
    history,
    notices,
    rubrics,
    scores,
    sources,
    tasks,
    watches,
)
from storage.alerts import Watched
from storage.due_looks import Due
from storage.sql import chunks

CHUNK = 100
"""Accounts a transaction: a tenth of a second, so that nobody waits long for the database."""
LONGEST_WAIT = timedelta(minutes=5)
"""How long what was scored waits for the rest of its run: a backfill may mark accounts for hours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Everything a look at some accounts needs, each by account. `frozen` are the rules a hold keeps still."""

    at: datetime
    rubric_id: int
    frozen: frozenset[Rule]
    accounts: Mapping[AccountId, Account]
    scores: Mapping[AccountId, HealthScore]
    highs: Mapping[AccountId, float]
    events: Mapping[AccountId, list[BillingEvent]]
    watched: Mapping[AccountId, Watched]
    week_ago: Mapping[AccountId, PastScore]


def look(deps: Deps) -> int:
    """Look at every account that was scored since its last look. Returns how many that were.

    What is decided, the alerts, and who is to be told commit together, a chunk at a time. Nothing is
    looked at before every source a score rests on has answered once.
    """
    with deps.db.read() as session:
        due = due_looks.every(session) if _is_time(session, deps) else {}
    if not due:
        return 0
    holding.guard(deps, rehearse, due)
    # Only what was rehearsed is looked at: what is scored meanwhile has its turn with the next.
    return sum(_look_at(deps, part) for part in chunks(due, CHUNK))


def _is_time(session: Session, deps: Deps) -> bool:
    """Whether what is due is a whole run: a mass change is not seen in its parts. It is not waited for for ever."""
    oldest = due_looks.oldest(session)
    if oldest is None or not observing.is_complete(sources.states(session), deps.config):
        return False
    return not dirty.count(session) or deps.clock.now() - oldest > LONGEST_WAIT


def rehearse(session: Session, deps: Deps, due: Mapping[AccountId, Due]) -> list[Decision]:
    """What a look at these accounts would decide if nothing were held, without deciding it."""
    at = deps.clock.now()
    decisions: list[Decision] = []
    for part in chunks(due, CHUNK):
        seen = _see(session, deps, part, frozen=frozenset(), at=at)
        for each in part:
            known = seen.watched.get(each)
            if each in seen.scores and known and not known.is_new and _lives(seen, each):
                decisions += _decide(seen, each, due[each].verdict, deps)[1]
    return decisions


def _look_at(deps: Deps, part: Sequence[AccountId]) -> int:
    at = deps.clock.now()
    with deps.db.write() as session:
        due = due_looks.take(session, part)
        seen = _see(session, deps, list(due), frozen=holding.frozen_rules(session), at=at)
        moved: dict[AccountId, Watched] = {}
        decided: list[Decision] = []
        for each in due:
            if not _lives(seen, each):
                _retire(session, deps, seen, each)
            elif each in seen.scores:
                states, decisions = _decide(seen, each, due[each].verdict, deps)
                moved[each] = _watched(seen, each, states)
                decided += decisions
        alerts.save_watched(session, moved)
        for decision in decided:
            _act(session, deps, seen, decision)
        pursuing.end_snoozes(session, deps, seen.scores, decided, at=at)
        due_looks.clear(session, due)
    return len(due)


def _see(
    session: Session, deps: Deps, ids: list[AccountId], *, frozen: frozenset[Rule], at: datetime
) -> Seen:
    today = day_number(at)
    return Seen(
        at=at,
        rubric_id=rubrics.id_of(session, deps.config.rubric, at=at),
        frozen=frozen,
        accounts=accounts.by_ids(session, ids),
        scores=scores.latest(session, ids),
        highs=scores.highs(session, ids, day=today, days=deps.config.alerts.sharp_drop.days),
        events=history.recent(session, ids, since=at - EVENT_WINDOW),
        watched=alerts.watched(session, ids),
        week_ago=scores.on_day(session, ids, today - 7),
    )


def _lives(seen: Seen, account_id: AccountId) -> bool:
    return account_id in seen.accounts and seen.accounts[account_id].churned_on is None


def _decide(
    seen: Seen, account_id: AccountId, verdict: Verdict | None, deps: Deps
) -> tuple[list[AlertState], list[Decision]]:
    said = signals(
        seen.scores[account_id],
        seen.highs.get(account_id),
        seen.events.get(account_id, ()),
        deps.config.alerts,
    )
    said = _hushed(said, seen, account_id, verdict)
    said = {rule: signal for rule, signal in said.items() if rule not in seen.frozen}
    watched = seen.watched.get(account_id)
    look_at = Look(account_id=account_id, at=seen.at, signals=said)
    return decide(look_at, watched.rules if watched else {}, deps.config.alerts)


def _hushed(
    said: dict[Rule, Signal], seen: Seen, account_id: AccountId, verdict: Verdict | None
) -> dict[Rule, Signal]:
    """What was so before nobody is told of: at a first look, by another rubric, on other parts than before."""
    watched = seen.watched.get(account_id)
    if watched is None or watched.is_new:
        return hush(said, Quiet.BASELINE)
    if verdict is Verdict.DROPPED:
        return hush(said, Quiet.DROPPED, rules=set(Rule) - FACTS)
    if watched.rubric_id != seen.rubric_id:
        return hush(said, Quiet.REBASED, rules=set(Rule) - FACTS)
    if watched.covers and watched.covers != seen.scores[account_id].covers:
        return hush(said, Quiet.REBASED, rules=OF_SCORE)
    return said


def _watched(seen: Seen, account_id: AccountId, moved: list[AlertState]) -> Watched:
    """A stale score keeps what the last fresh one rested on, so that it is compared with that."""
    before, score = seen.watched.get(account_id), seen.scores[account_id]
    rules = dict(before.rules) if before else {}
    rules |= {state.rule: state for state in moved}
    covers = before.covers if before and score.is_stale else score.covers
    return Watched(rules=rules, rubric_id=seen.rubric_id, covers=covers)


def _act(session: Session, deps: Deps, seen: Seen, decision: Decision) -> None:
    match decision.change:
        case Change.OPENED:
            _open(session, deps, seen, decision)
        case Change.REOPENED:
            _reopen(session, deps, seen, decision)
        case Change.RESOLVED | Change.REPLACED:
            _close(session, deps, seen, decision)


def _open(session: Session, deps: Deps, seen: Seen, decision: Decision) -> None:
    alert = _write(session, seen, decision)
    _follow_playbook(session, deps, seen, alert)
    if decision.quiet in {None, Quiet.REBASED}:
        _give_notice(session, deps, seen, alert)


def _reopen(session: Session, deps: Deps, seen: Seen, decision: Decision) -> None:
    """Let the old message speak again. What was acknowledged or snoozed was the last time; the ledger remembers it."""
    anew = replace(
        _write(session, seen, decision),
        acknowledged_by=None,
        acknowledged_at=None,
        snoozed_until=None,
        snoozed_from=None,
        snoozed_by=None,
    )
    alerts.save(session, anew)
    _follow_playbook(session, deps, seen, anew)
    if decision.quiet is None and anew.announced:
        telling.speak_again(session, deps, anew, at=seen.at)
    elif decision.quiet is None:
        _give_notice(session, deps, seen, anew)


def _close(session: Session, deps: Deps, seen: Seen, decision: Decision) -> None:
    at = seen.at
    alert = alerts.close_episode(
        session, decision.account_id, decision.rule, decision.episode, at=at
    )
    following.stop(session, deps, alert, on=_today(deps, at))
    is_event = decision.rule.family is Family.EVENT
    if not alert.announced and not is_event:
        notices.forget(session, [alert.id])  # over before anybody was told: then nobody is
    telling.refresh(session, deps, alert.id, at=at, after="recovered")
    if decision.change is Change.RESOLVED and decision.quiet is None and _is_told_of(decision):
        telling.tell_recovery(session, deps, alert, at=at)


def _is_told_of(decision: Decision) -> bool:
    """Whether the end is worth a reply: an event's that was taken back, and any but an opportunity's, which passes."""
    if decision.rule.family is Family.EVENT:
        return bool(decision.evidence)
    return decision.rule.family is not Family.OPPORTUNITY


def _write(session: Session, seen: Seen, decision: Decision) -> Alert:
    score = seen.scores.get(decision.account_id)
    week_ago = seen.week_ago.get(decision.account_id)
    return alerts.open_episode(
        session,
        decision,
        at=seen.at,
        value=score.value if score else None,
        before=week_ago.value if week_ago else None,
        closed_at=None if _lives(seen, decision.account_id) else seen.at,
    )


def _follow_playbook(session: Session, deps: Deps, seen: Seen, alert: Alert) -> None:
    account = seen.accounts[alert.account_id]
    following.follow(session, deps, account, alert, on=_today(deps, seen.at))


def _give_notice(session: Session, deps: Deps, seen: Seen, alert: Alert) -> None:
    """What a changed rubric moved is summed up in the channel; anything else goes to whom it concerns."""
    account = seen.accounts[alert.account_id]
    told = routing.audiences(session, deps.config, account, alert)
    if alert.quiet is Quiet.REBASED:
        told = [Audience(deps.config.slack.team_channel, deps.config.zone)]
    for audience in told:
        when = routing.may_be_told_at(deps.config, audience, alert.rule, at=seen.at)
        notices.add(session, alert.id, audience.target, not_before=when)


def _retire(session: Session, deps: Deps, seen: Seen, account_id: AccountId) -> None:
    """Tell how a customer left, then take the account off every list and alert."""
    at = seen.at
    watched = seen.watched.get(account_id)
    if watched and not watched.is_new and account_id in seen.accounts:
        for decision in _parting(seen, account_id, watched, deps):
            _open(session, deps, seen, decision)
    still_open = alerts.open_alerts(session, account_id)
    alerts.forget(session, [account_id], at=at)
    watches.end_all(session, [account_id], on=_today(deps, at))
    tasks.drop_open(session, [account_id])
    notices.forget(session, [each.id for each in still_open if not each.announced])
    for each in still_open:
        telling.refresh(session, deps, each.id, at=at, after="left")


def _parting(seen: Seen, account_id: AccountId, watched: Watched, deps: Deps) -> list[Decision]:
    """The events that came with the end; what was told before it is not told again."""
    said = of_events(seen.events.get(account_id, ()), at=seen.at)
    news = {rule: signal for rule, signal in said.items() if signal.sight is Sight.HIT}
    look_at = Look(account_id=account_id, at=seen.at, signals=news)
    _, decisions = decide(look_at, watched.rules, deps.config.alerts)
    return [each for each in decisions if each.change is Change.OPENED]


def _today(deps: Deps, at: datetime) -> date:
    """The team's day, which is not always Greenwich's."""
    return at.astimezone(deps.config.zone).date()
