"""Courses: how an account fares over the days of the story, one function for each arc."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from random import Random

CORE_FEATURES = (
    "Report Viewed",
    "Dashboard Created",
    "Data Exported",
    "Automation Run",
    "Teammate Invited",
)
INSTALLED = 90  # the day of the story on which the bot arrives

ALWAYS = -10_000


@dataclass(frozen=True, slots=True)
class Steps:
    """A value that changes on some days: pairs of (first day, value), ascending."""

    steps: tuple[tuple[int, int], ...]

    def on(self, day: int) -> int:
        value = self.steps[0][1]
        for first, step in self.steps:
            if first > day:
                break
            value = step
        return value


def always(value: int) -> Steps:
    return Steps(((ALWAYS, value),))


def turning(value: int, *later: tuple[int, int]) -> Steps:
    return Steps(((ALWAYS, value), *later))


@dataclass(frozen=True, slots=True)
class Feature:
    """A core feature in use, every `every` days until `until` (None: for ever)."""

    name: str
    since: int = ALWAYS
    until: int | None = None
    every: int = 1

    def used_on(self, day: int) -> bool:
        if day < self.since or (self.until is not None and day > self.until):
            return False
        return self.every == 1 or ((self.until or 0) - day) % self.every == 0


@dataclass(frozen=True, slots=True)
class Escalation:
    """A ticket that becomes urgent on a day and stays open until another (None: nobody solves it)."""

    on: int
    solved_on: int | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """The first invoice on or after a day fails; the attempt that succeeds, or None: the subscription goes unpaid."""

    on: int
    recovers_at: int | None = None


@dataclass(frozen=True, slots=True)
class Course:
    """What happens to one account and when, in days of the story.

    `pace` is active days in a week (6 daily, 2 weekly, 0 none), `mail` how warm the answers to mail
    are (3 high, 2 medium, 1 low, 0 none), `mood` how tickets end (1 good, 0 unrated, -1 bad).
    """

    arc: str
    pace: Steps
    features: tuple[Feature, ...]
    mail: Steps
    mood: Steps
    bad_ratings: tuple[int, ...] = ()
    escalation: Escalation | None = None
    failure: Failure | None = None
    resized: tuple[int, int] | None = None  # (day, percent of the seats from then on)
    champion_gone: int | None = None
    joined: int | None = None
    cancel_requested: int | None = None
    ended: int | None = None


def features(count: int, throws: Random) -> tuple[Feature, ...]:
    return tuple(Feature(name) for name in throws.sample(CORE_FEATURES, count))


def steady(throws: Random, arc: str = "steady") -> Course:
    return Course(
        arc,
        pace=always(6),
        features=features(throws.choice((4, 5, 5)), throws),
        mail=always(throws.choice((2, 3, 3))),
        mood=always(throws.choice((0, 1))),
    )


def growing(throws: Random) -> Course:
    return replace(
        steady(throws, "growing"), resized=(throws.randint(40, 118), throws.choice((120, 130, 150)))
    )


def stable(throws: Random) -> Course:
    pace, used, mail = throws.choice(((6, 2, 1), (6, 2, 2), (2, 3, 2), (2, 4, 1), (2, 4, 2)))
    return Course("stable", always(pace), features(used, throws), always(mail), always(0))


def weak(throws: Random) -> Course:
    pace, used, mail = throws.choice(((2, 1, 1), (2, 1, 1), (2, 2, 0), (2, 1, 0)))
    return Course("weak", always(pace), features(used, throws), always(mail), always(0))


def lost(throws: Random) -> Course:
    pace, used = throws.choice(((0, 0), (2, 0)))
    return Course(
        "lost", always(pace), features(used, throws), always(0), always(-1 if pace else 0), (60, 75)
    )


def sliding(throws: Random) -> Course:
    """Fewer active days first, then fewer features, colder mail and worse tickets."""
    turn = throws.randint(80, 112)
    fading = features(5, throws)
    silent = turn + throws.randint(11, 16)
    return Course(
        "sliding",
        pace=turning(6, (turn, 2), (silent, 0)),
        features=(
            *fading[:2],
            *(
                replace(one, until=turn - 24 + 4 * place + throws.randint(0, 3), every=28)
                for place, one in enumerate(fading[2:])
            ),
        ),
        mail=turning(throws.choice((2, 3)), (turn - 18, 1), (turn - 4, 0)),
        mood=always(0),
        bad_ratings=(turn + throws.randint(3, 5), turn + throws.randint(6, 8)),
        escalation=Escalation(turn + 15) if throws.random() < 0.5 else None,
        resized=(turn + 20, 70) if throws.random() < 0.3 else None,
    )


def failing_payment(throws: Random) -> Course:
    """A card fails and is retried; some recover, some go unpaid."""
    base = steady(throws) if throws.random() < 0.6 else replace(weakish(throws), mail=always(0))
    failure = Failure(throws.randint(78, 100), throws.choice((2, 3, None)))
    return replace(base, arc="failing payment", failure=failure)


def weakish(throws: Random) -> Course:
    return Course("weakish", always(2), features(3, throws), always(1), always(0))


def angry(throws: Random) -> Course:
    """Bad ratings, then an urgent ticket that stays open for a while."""
    turn = throws.randint(86, 108)
    return replace(
        weakish(throws),
        arc="angry",
        bad_ratings=(turn, turn + throws.randint(2, 4)),
        escalation=Escalation(turn + throws.randint(5, 8), throws.choice((None, turn + 20))),
    )


def champion_gone(throws: Random) -> Course:
    """The main end user stops, and replies cease with them."""
    turn = throws.randint(82, 108)
    return Course(
        "champion gone",
        pace=turning(6, (turn, 2)),
        features=features(throws.choice((2, 3, 4)), throws),
        mail=turning(3, (turn, 0)),
        mood=always(0),
        champion_gone=turn,
    )


def seasonal(throws: Random) -> Course:
    """Four busy months, two quiet ones, and so on."""
    phase = throws.randint(0, 179)
    year = range(-2, 12)
    quiet = [(180 * turn + phase, 2) for turn in year] + [
        (180 * turn + phase + 60, 6) for turn in year
    ]
    return Course(
        "seasonal",
        turning(6, *sorted(quiet)),
        features(4, throws),
        always(throws.choice((1, 2))),
        always(0),
    )


def recovering(throws: Random) -> Course:
    """In trouble before the bot came; somebody cared, and it shows."""
    turn = throws.randint(82, 108)
    used = features(4, throws)
    return Course(
        "recovering",
        pace=turning(2, (turn, 6)),
        features=(
            *used[:2],
            *(replace(one, since=turn + 6 * place) for place, one in enumerate(used[2:])),
        ),
        mail=turning(1, (turn - 10, 2), (turn, 3)),
        mood=always(0),
    )


def churned(throws: Random) -> Course:
    ended = throws.randint(10, 80)
    return replace(_leaving(throws, ended - 30, ended), arc="churned")


def churning(throws: Random) -> Course:
    requested = throws.randint(84, 110)
    return replace(_leaving(throws, requested, requested + throws.randint(12, 24)), arc="churning")


def _leaving(throws: Random, requested: int, ended: int) -> Course:
    return Course(
        "leaving",
        pace=turning(6, (requested - 12, 2), (ended, 0)),
        features=tuple(
            replace(one, until=requested - 26 + 9 * at)
            for at, one in enumerate(features(3, throws))
        ),
        mail=turning(2, (requested - 20, 1), (requested, 0)),
        mood=always(0),
        cancel_requested=requested,
        ended=ended,
    )


def new(throws: Random) -> Course:
    """Signed up during the story, and takes up one feature after the other."""
    joined = throws.randint(68, 112)
    taken_up = features(throws.choice((3, 4, 5)), throws)
    return Course(
        "new",
        pace=always(throws.choice((6, 6, 2))),
        features=tuple(
            replace(one, since=joined + 5 * place) for place, one in enumerate(taken_up)
        ),
        mail=always(2),
        mood=always(0),
        joined=joined,
    )


def acme() -> Course:
    """The account the demo follows: healthy until day 91, below 60 on day 97 or 98, below 40 on day 106 or 107."""
    rare = {
        "Dashboard Created": 64,
        "Automation Run": 66,
        "Teammate Invited": 67,
        "Data Exported": 76,
    }
    return Course(
        "acme",
        pace=turning(6, (92, 2), (100, 0)),
        features=(
            Feature("Report Viewed"),
            *(Feature(name, until=day, every=28) for name, day in rare.items()),
        ),
        mail=turning(3, (70, 1), (94, 0)),
        mood=always(0),
        bad_ratings=(93, 96),
        escalation=Escalation(107),
        champion_gone=95,
    )


ARCS: Mapping[str, tuple[float, Callable[[Random], Course]]] = {
    "steady": (0.295, steady),
    "growing": (0.11, growing),
    "stable": (0.135, stable),
    "weak": (0.115, weak),
    "lost": (0.065, lost),
    "sliding": (0.065, sliding),
    "failing payment": (0.035, failing_payment),
    "angry": (0.03, angry),
    "champion gone": (0.02, champion_gone),
    "seasonal": (0.02, seasonal),
    "recovering": (0.05, recovering),
    "churned": (0.02, churned),
    "churning": (0.02, churning),
    "new": (0.02, new),
}
