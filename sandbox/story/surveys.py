"""Surveys: who is asked when how they like us, and what they answer, in keeping with how their account fares."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.story.accounts import Account
from sandbox.story.dice import chance, mix
from sandbox.story.mail import Contact, contacts

EVERY_DAYS = 28
_ASKED = 2  # people of an account at a time
_FRESH_DAYS = 30  # a bad ticket is remembered so long
_LIKE_US = {6: 9.0, 2: 7.2, 0: 4.5}  # how likely they recommend us, by active days in a week
_WARMTH = {3: 0.6, 2: 0.2, 1: -0.4, 0: -1.2}
_ANSWERS = {3: 0.9, 2: 0.7, 1: 0.5, 0: 0.35}  # chance that somebody answers, by how warm they are
_TEXTS = {
    "good": ("The reports save us a day a month.", "It just works.", "Support is quick and kind."),
    "fair": ("Good, but exports could be faster.", "We only use half of it so far."),
    "bad": ("Numbers were wrong again.", "Nobody here uses it any more.", "Nobody answers us."),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What one person answered: NPS from 0 to 10, CSAT from 1 to 5 or passed over, a text or none."""

    account: Account
    contact: Contact
    number: int  # of the day's answers of this account
    day: int
    at: datetime
    nps: int
    csat: int | None
    text: str | None


def answers(account: Account, day: int, midnight: datetime, round_: int = 0) -> list[Answer]:
    """The answers of an account that came in on a day of the story.

    `round_` tells apart surveys that are sent with different tools: other days, other moods of the hour.
    """
    course = account.course
    if day < max(account.joined, 0) or (course.ended is not None and day >= course.ended):
        return []
    if (day + mix(account.seed, round_, 60)) % EVERY_DAYS:
        return []
    people = contacts(account)[:_ASKED]
    likely = _ANSWERS[course.mail.on(day)]
    return [
        _answer(one, number, day, midnight, round_)
        for number, one in enumerate(people)
        if chance(account.seed, day, number, round_, 61) < likely
    ]


def temper(account: Account, day: int) -> float:
    """How an account likes us on a day, from 0 to 10, before anybody's mood of the hour."""
    course = account.course
    value = _LIKE_US[course.pace.on(day)] + _WARMTH[course.mail.on(day)] + course.mood.on(day)
    value -= 1.5 * sum(1 for each in course.bad_ratings if day - _FRESH_DAYS < each <= day)
    if course.escalation is not None and course.escalation.on <= day:
        solved = course.escalation.solved_on
        value -= 2.0 if solved is None or day < solved else 0.5
    if course.cancel_requested is not None and course.cancel_requested <= day:
        value -= 2.0
    return max(0.0, min(10.0, value))


def _answer(one: Contact, number: int, day: int, midnight: datetime, round_: int) -> Answer:
    seed = one.account.seed
    hour = chance(seed, day, number, round_, 62) * 2 - 1
    nps = max(0, min(10, round(temper(one.account, day) + hour)))
    at = midnight + timedelta(seconds=8 * 3600 + mix(seed, day, number, round_, 63) % (9 * 3600))
    texts = _TEXTS["good" if nps >= 9 else "fair" if nps >= 7 else "bad"]
    return Answer(
        account=one.account,
        contact=one,
        number=number,
        day=day,
        at=at,
        nps=nps,
        csat=_csat(nps) if chance(seed, day, number, round_, 64) < 0.9 else None,
        text=texts[mix(seed, day, number, round_, 65) % len(texts)]
        if chance(seed, day, number, round_, 66) < 0.5
        else None,
    )


def _csat(nps: int) -> int:
    return 1 if nps <= 2 else 2 if nps <= 5 else 3 if nps <= 7 else 4 if nps <= 8 else 5
