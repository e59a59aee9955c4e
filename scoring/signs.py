"""Signs: what is known of an account beside its score, from which its flags are judged."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from scoring.lagging import BillingEvent
from scoring.readings import Engagement, Reading
from scoring.records import Subscription, SurveyResponse
from scoring.trends import Movement


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """The active end users. `now` are those of the last 28 days, `before` of the 28 before.

    `first_day` is the first day any of them is known of, within those eight weeks; None: nobody is.
    `champion_days` are the active days of who was busiest before they may have fallen silent (0: nobody
    was active), `runner_up_days` of the next; `champion_last` is the day the champion was last active.
    """

    now: int = 0
    before: int = 0
    first_day: int | None = None
    champion_days: int = 0
    champion_last: int | None = None
    runner_up_days: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """How an account uses the product, up to its last complete day (days since 1970-01-01).

    `daily` are the events of each day of the last two months, `older` those of what lies before, where
    somebody needs them. `features` are the days each core or advanced feature was used. `fleet` is how
    everybody moved in the seven days up to then, `fleet_before` in the seven before; None: not known.
    """

    until: int
    daily: Mapping[int, int]
    older: Mapping[int, int] = field(default_factory=dict)
    features: Mapping[str, frozenset[int]] = field(default_factory=dict)
    people: People = People()
    fleet: Movement | None = None
    fleet_before: Movement | None = None

    @property
    def first_day(self) -> int | None:
        """The first day with any event that is known of, within the last two months; None: there is none."""
        return min(self.daily, default=None)

    def active_days(self, days: int) -> int:
        """On how many of the last days anybody was active."""
        return sum(1 for day in range(self.until - days + 1, self.until + 1) if self.daily.get(day))


@dataclass(frozen=True, slots=True)
class Surveys:
    """What people there answered in the last months, the latest first."""

    responses: tuple[SurveyResponse, ...]


@dataclass(frozen=True, slots=True)
class Bills:
    """The account's subscriptions, and what became of them in the last weeks, oldest first."""

    subscriptions: tuple[Subscription, ...]
    events: tuple[BillingEvent, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """Everything flags are judged by beside the score.

    `joined_on` is the day of its first subscription, None: not known. `plan` is what it is on now.
    `healthy_days` of the `known_days` before today were Healthy.
    """

    use: Reading[Use]
    engagement: Reading[Engagement]
    surveys: Reading[Surveys]
    bills: Reading[Bills]
    joined_on: int | None = None
    plan: str | None = None
    healthy_days: int = 0
    known_days: int = 0
