"""The rubric: how many points a level is worth, where the levels begin, and where the statuses lie."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import IntEnum, StrEnum

from scoring.lines import FlagLines
from scoring.rules import FLAGS, Rule


class Component(StrEnum):
    """The five parts of a health score, in the order they are shown."""

    USAGE = "usage"
    FEATURES = "features"
    SUPPORT = "support"
    ENGAGEMENT = "engagement"
    PAYMENT = "payment"


# The levels of each component, best first.
LEVELS: Mapping[Component, tuple[str, ...]] = {
    Component.USAGE: ("daily", "weekly", "monthly", "inactive"),
    Component.FEATURES: ("all", "most", "some", "few", "none"),
    Component.SUPPORT: ("positive", "neutral", "negative", "escalated"),
    Component.ENGAGEMENT: ("high", "medium", "low", "none"),
    Component.PAYMENT: ("current", "minor", "overdue", "failed"),
}

DEFAULT_POINTS: Mapping[Component, Mapping[str, float]] = {
    Component.USAGE: {"daily": 30, "weekly": 20, "monthly": 10, "inactive": 0},
    Component.FEATURES: {"all": 25, "most": 20, "some": 10, "few": 5, "none": 0},
    Component.SUPPORT: {"positive": 20, "neutral": 15, "negative": 5, "escalated": 0},
    Component.ENGAGEMENT: {"high": 15, "medium": 10, "low": 5, "none": 0},
    Component.PAYMENT: {"current": 10, "minor": 7, "overdue": 3, "failed": 0},
}


class Status(IntEnum):
    """What a score means, worst first. Kept in the history by its number."""

    CRITICAL = 1
    AT_RISK = 2
    STABLE = 3
    HEALTHY = 4

    @property
    def label(self) -> str:
        return {1: "Critical", 2: "At-risk", 3: "Stable", 4: "Healthy"}[self.value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rubric:
    """Every number of the score. The defaults are the published rubric; all of them are configuration.

    `points`: points of each level of each component; the best level's points are its weight.
    `core_features`: event names whose use counts as adoption; empty leaves that component out.
    `advanced_features`: event names whose first use is a sign of more; empty: nobody is told of it.
    `plans`: the plans that are sold, the smallest first; empty: nobody is on a lower one.
    `usage_daily_days`, `usage_weekly_days`: active days in the last 7 that make "daily", "weekly".
    `features_most`, `features_some`: share of the core features, 0 to 1.
    `engagement_high`, `engagement_medium`: mean weight per contact (reply 5, click 3, open 1).
    `payment_overdue_days`: days past due from which an open invoice counts as overdue.
    `card_expiry_days`: a card that expires within so many days is a minor issue.
    `healthy`, `stable`, `at_risk`: the score from which on a status holds, half-open.
    `min_coverage`: share of the points that must be covered to give a status at all, 0 to 1.
    `caps`: the best status an account can have while a flag is raised; a flag that is not named caps nothing.
    `flags`: where the flags beside the score are raised and lowered.
    """

    points: Mapping[Component, Mapping[str, float]] = field(default_factory=lambda: DEFAULT_POINTS)
    core_features: tuple[str, ...] = ()
    usage_daily_days: int = 5
    usage_weekly_days: int = 1
    features_most: float = 0.60
    features_some: float = 0.25
    support_window_days: int = 90
    engagement_window_days: int = 30
    engagement_high: float = 2.0
    engagement_medium: float = 0.8
    payment_overdue_days: int = 7
    card_expiry_days: int = 30
    healthy: float = 80
    stable: float = 60
    at_risk: float = 40
    min_coverage: float = 0.50
    advanced_features: tuple[str, ...] = ()
    plans: tuple[str, ...] = ()
    caps: Mapping[Rule, Status] = field(default_factory=dict)
    flags: FlagLines = field(default_factory=FlagLines)

    def __post_init__(self) -> None:
        _check_points(self.points)
        for name in ("core_features", "advanced_features", "plans"):
            if len(set(getattr(self, name))) < len(getattr(self, name)):
                raise ValueError(f"{name}: one is named twice")
        _check_caps(self.caps)
        if not 0 < self.at_risk < self.stable < self.healthy <= 100:
            raise ValueError("the statuses need 0 < at_risk < stable < healthy <= 100")
        if not 1 <= self.usage_weekly_days <= self.usage_daily_days <= 7:
            raise ValueError("usage needs 1 <= usage_weekly_days <= usage_daily_days <= 7")
        if not 0 < self.features_some <= self.features_most <= 1:
            raise ValueError("features need 0 < features_some <= features_most <= 1")
        if not 0 < self.engagement_medium <= self.engagement_high:
            raise ValueError("engagement needs 0 < engagement_medium <= engagement_high")
        if not 0 <= self.min_coverage <= 1:
            raise ValueError("min_coverage is a share between 0 and 1")
        for name in (
            "support_window_days",
            "engagement_window_days",
            "payment_overdue_days",
            "card_expiry_days",
        ):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1")

    def weight(self, component: Component) -> float:
        """The points of the component's best level."""
        return self.points[component][LEVELS[component][0]]

    def status(self, score: float) -> Status:
        """The status of an unrounded score; a line belongs to the better side."""
        if score >= self.healthy:
            return Status.HEALTHY
        if score >= self.stable:
            return Status.STABLE
        return Status.AT_RISK if score >= self.at_risk else Status.CRITICAL

    def best(self, status: Status) -> float:
        """The highest score that has a status, to a tenth of a point: under a cap nothing is higher."""
        upper = {
            Status.CRITICAL: self.at_risk,
            Status.AT_RISK: self.stable,
            Status.STABLE: self.healthy,
        }
        return round(upper[status] - 0.1, 1) if status in upper else 100.0

    @property
    def version(self) -> str:
        """A fingerprint of every number in it: equal rubrics have equal versions, wherever they were read."""
        numbers = json.loads(
            json.dumps(asdict(self)), parse_int=float
        )  # 80 and 80.0 are one number
        return hashlib.sha256(json.dumps(numbers, sort_keys=True).encode()).hexdigest()[:12]


def _check_caps(caps: Mapping[Rule, Status]) -> None:
    risks = [rule for rule in FLAGS if not rule.is_good]
    for rule, status in caps.items():
        if rule not in risks:
            raise ValueError(f"caps: {rule} is none of {', '.join(risks)}")
        if status is Status.HEALTHY:
            raise ValueError(f"caps.{rule}: healthy is no cap")


def _check_points(points: Mapping[Component, Mapping[str, float]]) -> None:
    if unknown := set(points) - set(Component):
        raise ValueError(f"points: no such component: {', '.join(sorted(unknown))}")
    for component, levels in LEVELS.items():
        _check_levels(component, levels, points.get(component, {}))
    if not any(points[component][levels[0]] for component, levels in LEVELS.items()):
        raise ValueError("points: at least one component must be worth more than 0")


def _check_levels(
    component: Component, levels: tuple[str, ...], points: Mapping[str, float]
) -> None:
    if set(points) != set(levels):
        raise ValueError(f"points.{component}: needs exactly the levels {', '.join(levels)}")
    values = [points[level] for level in levels]
    if not all(map(math.isfinite, values)):
        raise ValueError(f"points.{component}: every level needs a finite number")
    if values != sorted(values, reverse=True) or values[-1] < 0:
        raise ValueError(
            f"points.{component}: a better level may not be worth less, none less than 0"
        )
