"""What an account's card shows: the account as it stands, what moved it, and what is under way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.blocks.charts import Marker, Trend
from scoring.accounts import Account, Money
from scoring.alerts import Alert
from scoring.health import HealthScore, PastScore
from scoring.lagging import BillingEvent
from scoring.notes import Note
from scoring.playbooks import Task, Watch
from scoring.readings import day_number
from scoring.records import SurveyResponse
from scoring.rubric import Rubric
from scoring.sentiments import Sentiment


@dataclass(frozen=True, slots=True)
class SourceFreshness:
    """How a source is doing. `last_ok_at` is its last complete answer, None before the first."""

    last_ok_at: datetime | None
    is_stale: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountView:
    """Everything a card shows. `score` is None before the first one; past scores None without history.

    `trend` is (day number, score), days without one left out; `markers` are what happened meanwhile.
    `csm_mention` is a Slack user id. `contacts` is how many people there are mailed, None: nobody
    tells; `replied_at` is when one of them last answered, None: never. `notes` are the last ones,
    newest first; `sentiment` is what holds now, None: nobody says.
    `open_alerts` are the most pressing first. `sources` goes by title; `links` is (label, address). `surveys` are the latest answers, one of
    each kind; `parent` is the account it is a part of, `children` are its parts. `events` are the
    last billing events; `left_over` is what the MRR leaves out for want of a rate.
    """

    account: Account
    score: HealthScore | None
    at: datetime
    week_ago: PastScore | None = None
    month_ago: PastScore | None = None
    trend: Sequence[tuple[int, float]] = ()
    csm_mention: str | None = None
    open_alerts: Sequence[Alert] = ()
    tasks: Sequence[Task] = ()
    watches: Sequence[Watch] = ()
    sources: Mapping[str, SourceFreshness]
    links: Sequence[tuple[str, str]] = ()
    surveys: Sequence[SurveyResponse] = ()
    parent: Account | None = None
    children: Sequence[Account] = ()
    events: Sequence[BillingEvent] = ()
    left_over: Sequence[Money] = ()
    markers: Sequence[Marker] = ()
    notes: Sequence[Note] = ()
    sentiment: Sentiment | None = None
    contacts: int | None = None
    replied_at: datetime | None = None

    def chart(self, rubric: Rubric) -> Trend | None:
        """The last 90 days, where there is a line to draw."""
        if len(self.trend) < 2 or self.account.churned_on:
            return None
        return Trend(
            name=self.account.name,
            points=self.trend,
            until=day_number(self.at),
            rubric=rubric,
            markers=self.markers,
        )
