"""Flags: the leading indicators beside a score, raised and lowered by themselves, each with its evidence."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from scoring.cases import Case, Judgement, Raised, Told, combine
from scoring.health import Cap, HealthScore
from scoring.readings import Missing, Stale, day_number
from scoring.relation_flags import (
    detractor,
    low_engagement,
    payment_issue,
    pays_more,
    ready_for_more,
    replier_quiet,
    score_and_money,
    support_escalation,
)
from scoring.rubric import Rubric
from scoring.rules import FLAGS, Flag, Rule
from scoring.signs import Signs
from scoring.usage_flags import (
    advanced_feature,
    busiest_quiet,
    declining_usage,
    feature_abandonment,
    growing_use,
    more_people,
    no_first_value,
)


def champion_quiet(case: Case) -> Judgement:
    return combine(busiest_quiet(case), replier_quiet(case))


def growing(case: Case) -> Judgement:
    return combine(growing_use(case), more_people(case), pays_more(case))


_JUDGES: Mapping[Rule, Callable[[Case], Judgement]] = {
    Rule.DETRACTOR: detractor,
    Rule.PAYMENT_ISSUE: payment_issue,
    Rule.SUPPORT_ESCALATION: support_escalation,
    Rule.DECLINING_USAGE: declining_usage,
    Rule.FEATURE_ABANDONMENT: feature_abandonment,
    Rule.CHAMPION_QUIET: champion_quiet,
    Rule.LOW_ENGAGEMENT: low_engagement,
    Rule.NO_FIRST_VALUE: no_first_value,
    Rule.SCORE_AND_MONEY: score_and_money,
    Rule.GROWING: growing,
    Rule.ADVANCED_FEATURE: advanced_feature,
    Rule.READY_FOR_MORE: ready_for_more,
}
# Of the score as it is told: they are judged when the caps are on it.
_OF_THE_SCORE = (Rule.SCORE_AND_MONEY, Rule.READY_FOR_MORE)


def raise_flags(
    score: HealthScore,
    signs: Signs,
    *,
    rubric: Rubric,
    previous: HealthScore | None,
    at: datetime,
) -> HealthScore:
    """The score with its flags, what could be judged, and under the cap of a flag where the rubric has one.

    `previous` is the score before, whose flags stood until now. One whose source is stale stands on
    as it was, and cannot be judged; one whose source is missing is gone.
    """
    stood = previous.flags if previous else ()
    case = Case(score=score, signs=signs, rubric=rubric, at=at, stood=stood)
    first = tuple(rule for rule in FLAGS if rule not in _OF_THE_SCORE)
    capped = _cap(_flagged(case, first), rubric)
    return _cap(_flagged(replace(case, score=capped), _OF_THE_SCORE), rubric)


def _flagged(case: Case, rules: tuple[Rule, ...]) -> HealthScore:
    """The case's score with what these rules add to it; the case knows every flag that stood."""
    flags, judged = list(case.score.flags), dict(case.score.judged)
    for rule in rules:
        stood = tuple(each for each in case.stood if each.rule is rule)
        match _JUDGES[rule](replace(case, stood=stood)):
            case Stale():
                flags += stood
            case Told(as_of, raised):
                judged[rule] = as_of
                flags += [_raise(rule, each, stood, as_of, case.at) for each in raised]
            case Missing():
                pass
    flags.sort(key=lambda each: FLAGS.index(each.rule))
    return replace(case.score, flags=tuple(flags), judged=judged)


def _raise(
    rule: Rule, raised: Raised, stood: tuple[Flag, ...], as_of: datetime, at: datetime
) -> Flag:
    """It stands since the day it was first raised."""
    days = (each.since for each in stood if each.subject == raised.subject)
    return Flag(
        rule=rule,
        evidence=raised.evidence,
        since=next(days, day_number(at)),
        as_of=as_of,
        subject=raised.subject,
    )


def _cap(score: HealthScore, rubric: Rubric) -> HealthScore:
    """Under the strictest cap of its flags, if that is under what it has. The parts stay what they are."""
    uncapped = score.cap.uncapped if score.cap else score.value
    caps = {each.rule: rubric.caps[each.rule] for each in score.flags if each.rule in rubric.caps}
    if uncapped is None or not caps:
        return score
    rule = min(caps, key=lambda each: caps[each])
    best = rubric.best(caps[rule])
    if uncapped <= best:
        return score
    return replace(
        score,
        value=best,
        status=None if score.status is None else caps[rule],
        cap=Cap(rule=rule, uncapped=uncapped),
    )
