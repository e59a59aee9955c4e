"""What is watched for: the rules, what kind of thing each is, and what one look says of one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Family(StrEnum):
    """What kind of thing a rule watches for."""

    LINE = "line"  # the score crosses a line
    DROP = "drop"  # the score falls fast, whatever the band
    RISK = "risk"  # a leading indicator of trouble
    OPPORTUNITY = "opportunity"  # a leading indicator of more
    EVENT = "event"  # something happened; it does not recover


class Rule(StrEnum):
    """Every rule, most pressing first: of several that speak at once, the first one leads."""

    CRITICAL = "critical"
    CANCELLATION = "cancellation"
    NON_RENEWAL = "non_renewal"
    DOWNGRADE = "downgrade"
    DETRACTOR = "detractor"
    AT_RISK = "at_risk"
    SHARP_DROP = "sharp_drop"
    PAYMENT_ISSUE = "payment_issue"
    SUPPORT_ESCALATION = "support_escalation"
    DECLINING_USAGE = "declining_usage"
    FEATURE_ABANDONMENT = "feature_abandonment"
    CHAMPION_QUIET = "champion_quiet"
    LOW_ENGAGEMENT = "low_engagement"
    NO_FIRST_VALUE = "no_first_value"
    SCORE_AND_MONEY = "score_and_money"
    EXPANSION = "expansion"
    GROWING = "growing"
    ADVANCED_FEATURE = "advanced_feature"
    READY_FOR_MORE = "ready_for_more"

    @property
    def family(self) -> Family:
        return _FAMILIES[self]

    @property
    def is_good(self) -> bool:
        """Whether it is good news: an opportunity, not a risk."""
        return self is Rule.EXPANSION or self.family is Family.OPPORTUNITY

    @property
    def is_urgent(self) -> bool:
        """Whether it is told at the first look and may pass quiet hours."""
        return self is Rule.CRITICAL or self.family is Family.EVENT


_FAMILIES: Mapping[Rule, Family] = {
    Rule.CRITICAL: Family.LINE,
    Rule.AT_RISK: Family.LINE,
    Rule.EXPANSION: Family.LINE,
    Rule.SHARP_DROP: Family.DROP,
    Rule.CANCELLATION: Family.EVENT,
    Rule.NON_RENEWAL: Family.EVENT,
    Rule.DOWNGRADE: Family.EVENT,
    Rule.DETRACTOR: Family.EVENT,
    Rule.PAYMENT_ISSUE: Family.RISK,
    Rule.SUPPORT_ESCALATION: Family.RISK,
    Rule.DECLINING_USAGE: Family.RISK,
    Rule.FEATURE_ABANDONMENT: Family.RISK,
    Rule.CHAMPION_QUIET: Family.RISK,
    Rule.LOW_ENGAGEMENT: Family.RISK,
    Rule.NO_FIRST_VALUE: Family.RISK,
    Rule.SCORE_AND_MONEY: Family.RISK,
    Rule.GROWING: Family.OPPORTUNITY,
    Rule.ADVANCED_FEATURE: Family.OPPORTUNITY,
    Rule.READY_FOR_MORE: Family.OPPORTUNITY,
}

# The rules a flag can be raised for: what stands beside the score.
FLAGS: tuple[Rule, ...] = tuple(
    each
    for each in Rule
    if each.family in {Family.RISK, Family.OPPORTUNITY} or each is Rule.DETRACTOR
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """A leading indicator that is raised on an account, beside its score.

    `evidence` says it in words, with the numbers. `since` is the day it was raised (days since
    1970-01-01). `as_of` is when its source last answered completely. `subject` tells two things of
    one rule apart (two detractors); empty where there can be one only.
    """

    rule: Rule
    evidence: str
    since: int
    as_of: datetime
    subject: str = ""


class Quiet(StrEnum):
    """Why nobody is told of an episode."""

    BASELINE = "baseline"  # the first look at the account: it was so before
    REBASED = "rebased"  # the rubric changed, or what the score rests on
    INHIBITED = "inhibited"  # a more pressing alert of the account says it
    UNSTABLE = "unstable"  # it fires again and again: a line a day instead
    DROPPED = "dropped"  # an operator said that the data were at fault
    OFF = "off"  # the configuration says so


class Sight(StrEnum):
    """What one look sees of a rule. Between the line and the one it must come back over, it is near."""

    HIT = "hit"
    NEAR = "near"
    CLEAR = "clear"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """What one look says of one rule, and on what it rests.

    `as_of` is when the source that answered longest ago did so, `newest` when the last one did.
    A `subject` other than that of the open episode is another episode. `quiet` holds where nobody is
    to be told of what this look opens or closes: then it needs no second look either.
    """

    sight: Sight
    as_of: datetime
    newest: datetime
    evidence: str = ""
    subject: str = ""
    quiet: Quiet | None = None
