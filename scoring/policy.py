"""Every tunable number of the alerts: the lines, how sure to be, and when to leave people in peace."""

from dataclasses import dataclass, field
from datetime import timedelta

from scoring.hours import WorkingHours
from scoring.rules import Family, Rule, Sight

RECOVERY_CONFIRMATIONS = 2
"""Looks in a row that must see a recovery before it counts."""

# Facts, not measures: they need no second look. What is urgent needs none either.
_FACTS = frozenset({Rule.PAYMENT_ISSUE, Rule.SUPPORT_ESCALATION})


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """A line on the score and the line it must come back over.

    A falling rule fires below `fires`, a rising one (`rising`) at or above it. It recovers at or
    above `clears` (falling) or below it (rising). `confirmations` is how many fresh looks in
    a row must see a crossing before it counts.
    """

    fires: float
    clears: float
    rising: bool = False
    confirmations: int = 2

    def __post_init__(self) -> None:
        low, high = (self.clears, self.fires) if self.rising else (self.fires, self.clears)
        if not 0 <= low <= high <= 100:
            word = "below" if self.rising else "above"
            raise ValueError(
                f"an alert must clear {word} the line it fires at: fires {self.fires:g}, clears {self.clears:g}"
            )
        if self.confirmations < 1:
            raise ValueError("confirmations must be at least 1")

    def sight(self, value: float) -> Sight:
        crossed = value >= self.fires if self.rising else value < self.fires
        cleared = value < self.clears if self.rising else value >= self.clears
        return Sight.HIT if crossed else Sight.CLEAR if cleared else Sight.NEAR


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """A fast fall: `points` or more within `days` fires, `clears` or less is over."""

    points: float = 15
    clears: float = 10
    days: int = 7
    confirmations: int = 2

    def __post_init__(self) -> None:
        if not 0 < self.clears <= self.points <= 100:
            raise ValueError("a sharp drop needs 0 < clears <= points <= 100")
        if not 1 <= self.days <= 30:
            raise ValueError("a sharp drop is looked for within 1 to 30 days")
        if self.confirmations < 1:
            raise ValueError("confirmations must be at least 1")

    def sight(self, fall: float) -> Sight:
        """What a fall of so many points is; a rise is a negative one."""
        return (
            Sight.HIT if fall >= self.points else Sight.CLEAR if fall <= self.clears else Sight.NEAR
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MassChange:
    """When so much moves at once that the data are at fault, not the customers.

    `share` of the accounts, at least `least` of them, opening or closing one rule in one run; or a
    source that tells less than `volume` of what it tells on that weekday, of all together and of the
    median account: what is halved lies well under 0.6, noise and one large customer do not.
    """

    share: float = 0.30
    least: int = 10
    volume: float = 0.60

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1 or not 0 <= self.volume < 1 or self.least < 1:
            raise ValueError("mass change needs 0 < share <= 1, 0 <= volume < 1 and least >= 1")

    def limit(self, accounts: int) -> float:
        """From how many accounts on it is a mass change, of so many that are looked after."""
        return max(float(self.least), self.share * accounts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """Whom a critical alert goes to that nobody acknowledged in so many working hours (0: to nobody).

    `backups` names, by a CSM's e-mail address, who stands in; `manager` is for everybody else.
    """

    after_hours: float = 4
    manager: str | None = None
    backups: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.after_hours < 0:
            raise ValueError("after_hours cannot be negative")

    def of(self, csm_email: str | None) -> str | None:
        """The address of who is next after this CSM."""
        backups = {csm.lower(): other for csm, other in self.backups.items()}
        return backups.get((csm_email or "").lower()) or self.manager


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A channel of its own for some accounts: those on one of the plans, or of at least so much MRR a month."""

    channel: str
    plans: tuple[str, ...] = ()
    mrr_from: float | None = None

    def __post_init__(self) -> None:
        if not self.plans and self.mrr_from is None:
            raise ValueError("a route needs plans, mrr_from or both")

    def takes(self, plan: str | None, mrr: float | None) -> bool:
        """Whether an account on this plan, of this MRR in major units, goes there."""
        is_on = not self.plans or (plan or "").lower() in {each.lower() for each in self.plans}
        return is_on and (self.mrr_from is None or (mrr is not None and mrr >= self.mrr_from))


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertPolicy:
    """How alerts behave. `off` are the rules nobody is told of; `acknowledged_for` is how long an acknowledgement holds.

    More than `unstable_after` openings of a rule within `unstable_window` make it unstable. `fallback`
    is the address of who is told of accounts nobody owns.
    """

    at_risk: Threshold = Threshold(fires=60, clears=65)
    critical: Threshold = Threshold(fires=40, clears=45, confirmations=1)
    expansion: Threshold = Threshold(fires=80, clears=75, rising=True)
    sharp_drop: Drop = Drop()
    off: tuple[Rule, ...] = ()
    cooldown: timedelta = timedelta(hours=24)
    unstable_after: int = 3
    unstable_window: timedelta = timedelta(days=14)
    acknowledged_for: timedelta = timedelta(days=7)
    mass_change: MassChange = MassChange()
    hours: WorkingHours = field(default_factory=WorkingHours)
    escalation: Escalation = Escalation()
    routes: tuple[Route, ...] = ()
    fallback: str | None = None

    def __post_init__(self) -> None:
        if self.unstable_after < 1:
            raise ValueError("unstable_after must be at least 1")

    def threshold(self, rule: Rule) -> Threshold:
        """The line of a rule of the family LINE."""
        return {
            Rule.AT_RISK: self.at_risk,
            Rule.CRITICAL: self.critical,
            Rule.EXPANSION: self.expansion,
        }[rule]

    def confirmations(self, rule: Rule) -> int:
        """How many fresh looks in a row must see it before it counts."""
        if rule.family is Family.LINE:
            return self.threshold(rule).confirmations
        if rule is Rule.SHARP_DROP:
            return self.sharp_drop.confirmations
        return 1 if rule in _FACTS or rule.is_urgent else 2

    def is_on(self, rule: Rule) -> bool:
        return rule not in self.off
