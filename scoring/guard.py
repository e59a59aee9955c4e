"""The guard: when so much moves at once that the data are at fault, not the customers."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from statistics import median
from typing import Any, NewType

from scoring.alerts import Change, Decision
from scoring.policy import MassChange
from scoring.rules import Quiet, Rule

LEAST_WEEKS = 2
"""Without two of the same weekday before, nobody can say what is usual."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MassMove:
    """One rule that would open, or close, for `accounts` of `of` accounts at once."""

    rule: Rule
    opens: bool
    accounts: int
    of: int


def mass_moves(
    decisions: Iterable[Decision], *, accounts: int, policy: MassChange
) -> tuple[MassMove, ...]:
    """The rules that would move for too many of these accounts at once, the most first.

    What nobody would be told of moves nothing, apart from what a more pressing alert says already.
    """
    counted = Counter(
        (each.rule, each.opens)
        for each in decisions
        if each.change is not Change.REPLACED and each.quiet in {None, Quiet.INHIBITED}
    )
    limit = policy.limit(accounts)
    return tuple(
        MassMove(rule=rule, opens=opens, accounts=count, of=accounts)
        for (rule, opens), count in counted.most_common()
        if count >= limit
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Slump:
    """A source that told `told` on a day, where `usual` is the median of the same weekday in the weeks before."""

    told: int
    usual: float


def is_everybodys(shares: Sequence[float], policy: MassChange) -> bool:
    """Whether the slump is that of most accounts, not of one that is large.

    `shares` are what each account told of what it usually does on that weekday. Of a handful nobody can say.
    """
    return len(shares) >= policy.least and median(shares) < policy.volume


def slump(told: int, same_weekday: Sequence[int], policy: MassChange) -> Slump | None:
    """Whether a day's volume is so far under the same weekday's that it is a fault; None: it is not, or nobody can say."""
    if len(same_weekday) < LEAST_WEEKS:
        return None
    usual = float(median(same_weekday))
    return Slump(told=told, usual=usual) if usual and told < policy.volume * usual else None


HoldId = NewType("HoldId", int)


class HoldKind(StrEnum):
    """What made us suspicious."""

    CROSSINGS = "crossings"  # too many accounts crossed a line at once
    VOLUME = "volume"  # a source tells much less than it used to


class Verdict(StrEnum):
    """How a hold ended."""

    RELEASED = "released"  # somebody said that it is real
    DROPPED = "dropped"  # somebody said that the data were at fault
    LIFTED = "lifted"  # the data are as usual again


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """One suspected data fault; `source` is empty where what moved says none. `detail` is what moved."""

    id: HoldId
    kind: HoldKind
    source: str
    opened_at: datetime
    detail: Mapping[str, Any]
    closed_at: datetime | None = None
    verdict: Verdict | None = None
    closed_by: str | None = None

    @property
    def moves(self) -> tuple[MassMove, ...]:
        """What moved, where that made us suspicious."""
        return tuple(
            MassMove(
                rule=Rule(each["rule"]),
                opens=each["opens"],
                accounts=each["accounts"],
                of=each["of"],
            )
            for each in self.detail.get("moves", ())
        )
