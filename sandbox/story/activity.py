"""Activity: which end users of an account did what on a day."""

from typing import NamedTuple

from sandbox.story.accounts import Account
from sandbox.story.courses import Feature
from sandbox.story.dice import dice, mix

NOISE = ("Login", "Page Viewed", "Page Viewed", "Page Viewed", "Settings Changed")
DAY_S = 86_400
_HOUR_S = 3_600
_WORKDAY_S = 10 * _HOUR_S
_SATURDAY = 5


class Deed(NamedTuple):
    """One use of the product: the end user's number, what it was, and the second of the UTC day."""

    user: int
    event: str
    second: int


def active_weekdays(account: Account, pace: int) -> frozenset[int]:
    """Weekdays (Monday is 0) on which somebody works, so that any seven days in a row hold `pace` of them."""
    if pace >= 6:
        return frozenset({0, 1, 2, 3, 4, _SATURDAY + mix(account.seed, 20) % 2})
    first = mix(account.seed, 21) % 3
    return frozenset(range(first, 3 * pace, 2)[:pace]) if pace else frozenset()


def deeds(account: Account, day: int, weekday: int) -> list[Deed]:
    """Everything done on a day, in no particular order. Nothing before the account joined or after it ended."""
    course = account.course
    if day < account.joined or (course.ended is not None and day >= course.ended):
        return []
    pace = course.pace.on(day)
    weekdays = active_weekdays(account, pace)
    features = [feature for feature in course.features if feature.used_on(day)]
    rare = [feature for feature in features if feature.every > 1]
    if weekday not in weekdays and not rare:
        return []
    often = [feature for feature in features if feature.every == 1] if weekday in weekdays else []
    sure = rare + (often if weekday == min(weekdays, default=0) else [])
    return _workday(account, day, weekday, often, sure)


def _workday(
    account: Account, day: int, weekday: int, often: list[Feature], sure: list[Feature]
) -> list[Deed]:
    course = account.course
    throws = dice(account.seed, day, 22)
    random = throws.random
    share = (0.06 if weekday >= _SATURDAY else 0.55) * (0.35 if course.pace.on(day) < 6 else 1.0)
    seats = account.seats_on(day)
    people = max(1, min(seats, round(seats * share * (0.8 + 0.4 * random()))))
    gone = (
        1 if course.champion_gone is not None and day >= course.champion_gone and seats > 1 else 0
    )
    users = [gone, *throws.sample(range(gone + 1, max(seats, gone + people)), people - 1)]
    morning = (8 - account.utc_offset) * _HOUR_S
    palette = (*NOISE, *(feature.name for feature in often))
    colours = len(palette)
    found = [
        Deed(user, palette[int(random() * colours)], int(morning + random() * _WORKDAY_S) % DAY_S)
        for user in users
        for _ in range(1 + int(random() * 8))
    ]
    found.extend(
        Deed(gone, feature.name, int(morning + random() * _WORKDAY_S) % DAY_S) for feature in sure
    )
    return found
