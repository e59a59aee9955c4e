"""Tickets: what customers asked the help desk, and how it went."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.story.accounts import Account
from sandbox.story.dice import chance, dice

_SUBJECTS = (
    "Export fails with a timeout",
    "How do I invite a colleague?",
    "Dashboard shows yesterday's numbers",
    "Invoice address has changed",
    "Automation did not run last night",
    "Cannot log in after password reset",
    "Report totals do not match & we need them",
    "Feature request: dark mode",
)
_UPSET = (
    "Third time this week: reports are wrong",
    "We are losing money because of this",
    "Nobody answers us",
)
_MOST_A_DAY = 4


@dataclass(frozen=True, slots=True)
class Change:
    """One step in a ticket's life, and the fields it sets."""

    at: datetime
    fields: dict[str, object]


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket with its whole life; what is to come is hidden by `seen_at`."""

    id: int
    account: Account
    contact: int
    subject: str
    changes: tuple[Change, ...]

    @property
    def created_at(self) -> datetime:
        return self.changes[0].at

    def seen_at(self, now: datetime) -> tuple[datetime, dict[str, object]]:
        """When the ticket last changed up to `now`, and its fields by then."""
        fields: dict[str, object] = {}
        changed_at = self.created_at
        for change in self.changes:
            if change.at > now:
                break
            changed_at = change.at
            fields |= change.fields
        return changed_at, fields


def tickets(account: Account, day: int, midnight: datetime) -> list[Ticket]:
    """The tickets an account opened on a day of the story."""
    course = account.course
    if day < account.joined or (course.ended is not None and day > course.ended):
        return []
    kinds = ["bad"] * course.bad_ratings.count(day)
    if course.escalation is not None and course.escalation.on == day:
        kinds.append("escalated")
    if midnight.weekday() < 5 and chance(account.seed, day, 30) < min(
        0.8, 0.02 + account.seats * 0.002
    ):
        kinds.append("")
    return [
        _ticket(account, day, midnight, number, kind)
        for number, kind in enumerate(kinds[:_MOST_A_DAY])
    ]


def _ticket(account: Account, day: int, midnight: datetime, number: int, kind: str) -> Ticket:
    throws = dice(account.seed, day, number, 31)
    created_at = midnight + timedelta(
        minutes=throws.randint(7 * 60, 11 * 60), seconds=throws.randint(0, 59)
    )
    opened = Change(
        created_at,
        {
            "status": "new",
            "priority": throws.choice(("low", "normal", "normal", None)),
            "tags": ["web_form"],
            "sentiment": None,
            "score": "unoffered",
        },
    )
    if kind == "escalated":
        later = _escalated(account, midnight, created_at)
    elif kind == "bad":
        later = _closing(account, day, number, created_at, mood=-1, sure=True)
    else:
        later = _closing(
            account, day, number, created_at, mood=account.course.mood.on(day), sure=False
        )
    return Ticket(
        id=(day + 1) * 1_000_000 + account.index * 10 + number,
        account=account,
        contact=throws.randint(0, 3),
        subject=throws.choice(_UPSET if kind else _SUBJECTS),
        changes=(opened, *later),
    )


def _escalated(account: Account, midnight: datetime, created_at: datetime) -> list[Change]:
    escalation = account.course.escalation
    urgent = (
        {"priority": "urgent"} if account.index % 2 == 0 else {"tags": ["web_form", "escalated"]}
    )
    changes = [
        Change(
            created_at + timedelta(hours=2),
            {"status": "open", "sentiment": "very_negative", **urgent},
        )
    ]
    if escalation is not None and escalation.solved_on is not None:
        solved_at = midnight + timedelta(days=escalation.solved_on - escalation.on, hours=15)
        changes.append(Change(solved_at, {"status": "solved", "solved_at": solved_at}))
    return changes


def _closing(
    account: Account, day: int, number: int, created_at: datetime, *, mood: int, sure: bool
) -> list[Change]:
    """Answered, solved, rated as the mood is, closed; now and then deleted instead."""
    throws = dice(account.seed, day, number, 32)
    answered_at = created_at + timedelta(minutes=throws.randint(5, 180))
    if not sure and throws.random() < 0.01:
        return [Change(answered_at, {"status": "deleted"})]
    sentiment = (
        {-1: "negative", 0: "neutral", 1: "positive"}[mood] if throws.random() < 0.6 else None
    )
    solved_at = answered_at + timedelta(hours=throws.randint(1, 4 if sure else 40))
    closed_at = solved_at + timedelta(days=4)
    changes = [
        Change(answered_at, {"status": "open", "sentiment": sentiment, "answered_at": answered_at}),
        Change(solved_at, {"status": "solved", "solved_at": solved_at, "score": "offered"}),
    ]
    if sure or (mood and throws.random() < 0.5):
        rated_at = solved_at + timedelta(minutes=throws.randint(10, 90))
        score = "bad" if mood < 0 else "good"
        changes.append(Change(rated_at, {"score": score, "rated_at": rated_at}))
    return [*changes, Change(closed_at, {"status": "closed"})]
