"""Accounts: who the customers are, what they pay, and which of their ids each vendor knows."""

from dataclasses import dataclass
from random import Random

from sandbox.story import courses, names
from sandbox.story.courses import Course
from sandbox.story.dice import chance, dice, mix

SECOND_CUSTOMER = 9  # this account pays through two Stripe customers
_GOLDEN = 0.6180339887498949
_OLDEST = 200  # the first customers are also the largest
_ZONES = (
    ("America/New_York", -5),
    ("America/Chicago", -6),
    ("America/Los_Angeles", -8),
    ("Europe/London", 0),
    ("Europe/Berlin", 1),
    ("Asia/Singapore", 8),
)


@dataclass(frozen=True, slots=True)
class Owner:
    """A CSM of ours."""

    id: int
    name: str
    email: str
    tz: str


OWNERS = (
    Owner(7001, "Maya Lindqvist", "maya.lindqvist@northwind.example", "Europe/Stockholm"),
    Owner(7002, "Tom Okafor", "tom.okafor@northwind.example", "Europe/London"),
    Owner(7003, "Priya Raman", "priya.raman@northwind.example", "America/New_York"),
    Owner(7004, "Jonas Weber", "jonas.weber@northwind.example", "Europe/Berlin"),
)


@dataclass(frozen=True, slots=True)
class Account:
    """A customer. `joined` and all other days count from the story's start; before it they are negative."""

    index: int
    seed: int  # of everything that happens to this account
    name: str
    domain: str
    key: str  # the explicit id, where a vendor carries it
    tagged: bool  # Stripe carries the key
    helpdesk_tagged: bool  # Zendesk carries the key
    seats: int
    plan: str
    currency: str
    yearly: bool
    by_invoice: bool  # pays within 30 days of an invoice, not by card
    coupon: str | None
    owner: Owner | None
    tz: str
    utc_offset: int  # hours
    joined: int
    course: Course

    @property
    def group(self) -> str:
        """How product analytics calls the account: by its key, or by its domain where no key is known."""
        return self.key if self.tagged else self.domain

    def seats_on(self, day: int) -> int:
        if self.course.resized is None or day < self.course.resized[0]:
            return self.seats
        return max(1, self.seats * self.course.resized[1] // 100)


def account(index: int, story_seed: int) -> Account:
    seed = mix(story_seed, index, 10)
    throws = dice(seed)
    course = courses.acme() if index == 0 else _course(index, story_seed, throws)
    seats = 60 if index == 0 else _seats(index, throws)
    name, domain = names.company(index, story_seed)
    plan = "pro" if index == 0 else _plan(seats, throws)
    tagged = index in {0, SECOND_CUSTOMER} or throws.random() > 0.04
    zone, offset = throws.choice(_ZONES)
    return Account(
        index=index,
        seed=seed,
        name=name,
        domain=domain,
        key=_key(index),
        tagged=tagged,
        helpdesk_tagged=index == 0 or (tagged and throws.random() < 0.7),
        seats=seats,
        plan=plan,
        currency="eur" if index and throws.random() < 0.06 else "usd",
        yearly=course.failure is None and throws.random() < 0.2,
        by_invoice=course.failure is None and plan == "enterprise" and throws.random() < 0.4,
        coupon="LOYAL20" if throws.random() < 0.06 else None,
        owner=None
        if index and throws.random() < 0.04
        else OWNERS[mix(seed, 11) % len(OWNERS) if index else 0],
        tz=zone,
        utc_offset=offset,
        joined=-420 if index == 0 else _joined(course, throws),
        course=course,
    )


def _course(index: int, story_seed: int, throws: Random) -> Course:
    # Steps of the golden ratio spread evenly, so that any book has each arc in its share.
    left = (index * _GOLDEN + chance(story_seed, 12)) % 1
    for share, begin in courses.ARCS.values():
        left -= share
        if left < 0:
            return begin(throws)
    return courses.steady(throws)


def _key(index: int) -> str:
    if index == 0:
        return "acme"
    return str(40_000 + index) if index % 37 == 5 else f"acc-{index:05d}"


def _seats(index: int, throws: Random) -> int:
    slope = 0.95 if index < _OLDEST else 1.7
    return min(400, int(3 / (1 - throws.random()) ** (1 / slope)))


def _plan(seats: int, throws: Random) -> str:
    if seats >= 80:
        return "enterprise"
    if seats >= 12:
        return "pro"
    return throws.choice(("basic", "basic", "pro"))


def _joined(course: Course, throws: Random) -> int:
    return throws.randint(-400, -20) if course.joined is None else course.joined
