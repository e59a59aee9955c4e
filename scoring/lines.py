"""The lines of the flags: where each is raised, and the easier one where it is lowered again."""

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagLines:
    """Every number of the flags. Shares are of 1, so 0.40 is 40 %; days are complete UTC days.

    `usage_falls`, `usage_recovers`: raised when the events of 7 days are that share under the
    account's own baseline, and those of 14 days are this; lowered when both are less than this.
    `usage_grows`, `usage_grown`: raised when both are that share over it, lowered under this.
    `least_events`: a baseline of fewer a week is too small to judge, for growth one of twice as many.
    `people_grow`: so many more active people in 28 days than in the 28 before, of whom there were at
    least `least_people`. `feature_silent_days`: from when on a feature that was used often is missed.
    `champion_silent_days` is of the busiest end user, `champion_mail_days` of who replied last.
    `least_mailed`: people that must have been mailed before their silence means anything.
    `first_value_days`: how long a new account may take. `detractor_days`: how long a bad answer
    counts. `money_days`: how long a change of MRR does. `ready_days`: for how long on end an account
    must be Healthy.
    """

    usage_falls: float = 0.40
    usage_recovers: float = 0.25
    usage_grows: float = 0.40
    usage_grown: float = 0.20
    least_events: int = 20
    people_grow: float = 0.30
    least_people: int = 5
    feature_silent_days: int = 14
    champion_silent_days: int = 21
    champion_mail_days: int = 45
    least_mailed: int = 2
    first_value_days: int = 7
    detractor_days: int = 90
    money_days: int = 30
    ready_days: int = 30

    def __post_init__(self) -> None:
        if not 0 < self.usage_recovers <= self.usage_falls < 1:
            raise ValueError("usage needs 0 < usage_recovers <= usage_falls < 1")
        if not 0 < self.usage_grown <= self.usage_grows:
            raise ValueError("usage needs 0 < usage_grown <= usage_grows")
        if self.people_grow <= 0:
            raise ValueError("people_grow must be more than 0")
        counts = {each.name for each in fields(self) if each.type in {int, "int"}}
        for name in sorted(counts):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1")
        if self.feature_silent_days > 28 or self.champion_silent_days > 28:
            raise ValueError("a feature or a champion may be silent for 28 days at most")
