"""Flags of the relation: what is owed, what is asked, who answers, what they say, and what they pay."""

from datetime import datetime, timedelta

from scoring.cases import Case, Judgement, Raised, Told, part_of, plural, told
from scoring.health import HealthScore, Part
from scoring.lagging import BillingEventKind
from scoring.levels import answers, judge_engagement
from scoring.readings import Engagement, Fresh, Missing, Stale
from scoring.records import Contact, SubscriptionState, SurveyKind, SurveyResponse
from scoring.rubric import Component, Status
from scoring.signs import Bills

DETRACTOR_UP_TO = (
    6  # of 10: https://www.netpromotersystem.com/about/measuring-your-net-promoter-score/
)
MOST_DETRACTORS = 3

# Who replied so long ago was no champion; and a champion is missed for so long.
_LAST_REPLY_DAYS, _MISSED_DAYS = 120, 180
# Silence means something to somebody who was mailed as lately as this.
_MAILED_DAYS = 21
# Points past a status line until a disagreement of score and money is over.
_CLEAR_BY = 5.0
# Days of the month that the bot may have been down, and still know that it was healthy.
_UNKNOWN_DAYS = 5


def payment_issue(case: Case) -> Judgement:
    return _by_level(case, Component.PAYMENT, {"overdue", "failed"})


def support_escalation(case: Case) -> Judgement:
    return _by_level(case, Component.SUPPORT, {"escalated"})


def low_engagement(case: Case) -> Judgement:
    """Those who were mailed hardly answer: raised at half of what "medium" needs, lowered at medium."""
    match case.signs.engagement:
        case Fresh(engagement, as_of):
            mailed = [each for each in engagement.contacts if _was_mailed(each, case)]
            weights = answers(engagement, case.rubric, case.at)
            if not weights or len(mailed) < case.rubric.flags.least_mailed:
                return Missing("too few people were mailed lately")
            line = case.rubric.engagement_medium / (1 if case.stood else 2)
            if sum(weights) / len(weights) >= line:
                return Told(as_of)
            verdict = judge_engagement(engagement, case.rubric, case.at)
            return verdict if isinstance(verdict, Missing) else told(as_of, verdict.evidence)
        case unknown:
            return unknown


def replier_quiet(case: Case) -> Judgement:
    """Who replied last answers no more, though mailed: nobody else has replied since."""
    match case.signs.engagement:
        case Fresh(engagement, as_of):
            return told(as_of, _silent_replier(engagement, case))
        case unknown:
            return unknown


def detractor(case: Case) -> Judgement:
    """Everybody whose last answer to "would you recommend us" is 6 or less, the latest last."""
    match case.signs.surveys:
        case Fresh(surveys, as_of):
            found = _detractors(surveys.responses, case)[:MOST_DETRACTORS]
            return Told(as_of, tuple(Raised(_bad_answer(each), each.id) for each in found[::-1]))
        case unknown:
            return unknown


def score_and_money(case: Case) -> Judgement:
    """The score says one thing, what is paid another."""
    match case.signs.bills:
        case Fresh(bills, as_of):
            score = case.score
            if score.value is None or score.status is None or score.as_of is None:
                return Missing("there is no status")
            if score.is_stale:
                return Stale(score.as_of)
            return told(min(as_of, score.as_of), _disagreement(bills, case, score.value))
        case unknown:
            return unknown


def pays_more(case: Case) -> Judgement:
    match case.signs.bills:
        case Fresh(bills, as_of):
            return told(
                as_of, _change(bills, case, BillingEventKind.EXPANSION, "it pays more since")
            )
        case unknown:
            return unknown


def ready_for_more(case: Case) -> Judgement:
    """Healthy for a month, and there is a bigger plan."""
    plans = [plan.casefold() for plan in case.rubric.plans]
    plan, score = case.signs.plan, case.score
    if plan is None or plan.casefold() not in plans:
        return Missing("nobody knows which plans are bigger than its own")
    if score.value is None or score.status is None or score.as_of is None:
        return Missing("there is no status")
    if score.is_stale:
        return Stale(score.as_of)
    days, signs = case.rubric.flags.ready_days, case.signs
    month = signs.healthy_days == signs.known_days >= days - min(_UNKNOWN_DAYS, days // 2)
    line = case.rubric.healthy
    stays = score.value >= line - _CLEAR_BY if case.stood else month and score.value >= line
    if plan.casefold() == plans[-1] or not stays:
        return Told(score.as_of)
    return told(score.as_of, f"Healthy for {days} days on the plan {plan}; there are bigger ones")


def _by_level(case: Case, component: Component, levels: set[str]) -> Judgement:
    part = part_of(case.score, component)
    if not isinstance(part, Part):
        return part
    return told(part.as_of, part.evidence if part.level in levels else None)


def _was_mailed(contact: Contact, case: Case) -> bool:
    window = timedelta(days=case.rubric.engagement_window_days)
    return (
        not contact.deleted
        and contact.last_sent_at is not None
        and case.at - contact.last_sent_at <= window
    )


def _silent_replier(engagement: Engagement, case: Case) -> str | None:
    at = case.at
    replied = [
        (each.last_replied_at, each)
        for each in engagement.contacts
        if each.last_replied_at and each.last_replied_at <= at and not each.deleted
    ]
    if not replied:
        return None
    replied_at, champion = max(replied, key=lambda one: (one[0], one[1].id))
    answered_at = max(replied_at, champion.last_clicked_at or replied_at)
    silent = (at - answered_at).days
    sent_at = champion.last_sent_at
    latest = _MISSED_DAYS if case.stood else _LAST_REPLY_DAYS
    if not case.rubric.flags.champion_mail_days <= silent <= latest:
        return None
    if sent_at is None or at - sent_at > timedelta(days=_MAILED_DAYS):
        return None
    return f"who replied last has not answered for {silent} days, though mailed {_ago(sent_at, at)}"


def _detractors(responses: tuple[SurveyResponse, ...], case: Case) -> list[SurveyResponse]:
    """Those who have not answered better since, the latest first."""
    since = case.at - timedelta(days=case.rubric.flags.detractor_days)
    asked = [each for each in responses if each.kind is SurveyKind.NPS and not each.deleted]
    latest: dict[str, SurveyResponse] = {}
    for each in sorted(asked, key=lambda one: (one.answered_at, one.id), reverse=True):
        latest.setdefault(each.person or f"nobody {each.id}", each)
    return [
        each
        for each in latest.values()
        if each.score <= DETRACTOR_UP_TO and since <= each.answered_at <= case.at
    ]


def _bad_answer(response: SurveyResponse) -> str:
    comment = ", with a comment" if response.has_comment else ""
    return f"NPS {response.score:g} of 10 on {_day(response.answered_at)}{comment}"


def _disagreement(bills: Bills, case: Case, value: float) -> str | None:
    rubric, slack = case.rubric, _CLEAR_BY if case.stood else 0.0
    if value >= rubric.stable - slack:
        reasons = [_asked_to_leave(bills), _failed(case.score), _less(bills, case)]
    elif value < rubric.at_risk + slack:
        reasons = [_change(bills, case, BillingEventKind.EXPANSION, "it pays more since")]
    else:
        reasons = []
    said = " and ".join(each for each in reasons if each)
    status = case.score.status or Status.STABLE
    return f"the score says {status.label}, but {said}" if said else None


def _asked_to_leave(bills: Bills) -> str | None:
    leaving = any(
        each.cancel_requested_at and each.state is not SubscriptionState.ENDED
        for each in bills.subscriptions
    )
    return "a cancellation is asked for" if leaving else None


def _failed(score: HealthScore) -> str | None:
    part = part_of(score, Component.PAYMENT)
    return part.evidence if isinstance(part, Part) and part.level == "failed" else None


def _less(bills: Bills, case: Case) -> str | None:
    return _change(bills, case, BillingEventKind.DOWNGRADE, "it pays less since")


def _change(bills: Bills, case: Case, kind: BillingEventKind, words: str) -> str | None:
    """What moved MRR last, if it was of this kind and not too long ago."""
    since = case.at - timedelta(days=case.rubric.flags.money_days)
    kinds = {BillingEventKind.DOWNGRADE, BillingEventKind.EXPANSION}
    moved = [each for each in bills.events if each.kind in kinds and since <= each.at <= case.at]
    last = max(moved, key=lambda each: each.at, default=None)
    return f"{words} {_day(last.at)}" if last and last.kind is kind else None


def _ago(then: datetime, at: datetime) -> str:
    days = (at - then).days
    return f"{plural(days, 'day')} ago" if days > 0 else "today"


def _day(at: datetime) -> str:
    return f"{at.day} {at:%b}"
