"""CSV files, as somebody at the company exports them: once a day of the story, each file replaced as a whole."""

import csv
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from sandbox.couriers.courier import Courier
from sandbox.story import Account, Story, billing
from sandbox.story.surveys import Answer, answers
from sandbox.story.tickets import Ticket

FIRST_USAGE_DAYS, USAGE_DAYS = 35, 3
TICKET_DAYS = SURVEY_DAYS = 90
ROUND = 2  # these surveys were sent with a tool of their own
_CENTS = 100
_DAY_S = 86_400
_STATUS = {"new": "open", "hold": "pending", "deleted": "closed"}
_RATINGS = ("good", "bad")

Row = tuple[Any, ...]


class CsvFiles(Courier):
    name = "csv"

    def __init__(self, story: Story, home: Path) -> None:
        super().__init__(story, home)
        self._delivered: int | None = None  # the day of the last delivery

    def settings(self) -> dict[str, Any]:
        kinds = ["accounts", "usage", "tickets", "subscriptions", "surveys"]
        return {"kinds": kinds, "folder": str(self.home.resolve())}

    def deliver(self, now: datetime) -> None:
        day = self.story.day(now)
        if self._delivered == day:
            return
        since = day - FIRST_USAGE_DAYS if self._delivered is None else self._delivered - USAGE_DAYS
        self.home.mkdir(parents=True, exist_ok=True)
        self._write("accounts.csv", ACCOUNTS, accounts(self.story, now), now)
        self._write("usage.csv", USAGE, usage(self.story, since + 1, now), now)
        self._write("tickets.csv", TICKETS, tickets(self.story, now), now)
        self._write("subscriptions.csv", SUBSCRIPTIONS, subscriptions(self.story, now), now)
        self._write("surveys.csv", SURVEYS, surveys(self.story, now), now)
        self._delivered = day

    def _write(self, name: str, header: Row, rows: Iterable[Row], now: datetime) -> None:
        """Put a whole new file in the place of the old one, written at story time: nobody sees half of it."""
        part = self.home / f"{name}.part"
        with part.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(header)
            writer.writerows(rows)
        os.utime(part, (now.timestamp(), now.timestamp()))
        part.replace(self.home / name)


ACCOUNTS = ("account_id", "name", "domains", "csm_email", "renews_on", "parent_id", "churned")
USAGE = ("account_id", "day", "feature", "count", "user")
TICKETS = ("id", "account_id", "created_at", "updated_at", "status", "rating", "escalated")
SUBSCRIPTIONS = (
    *("id", "account_id", "status", "plan", "amount", "currency", "interval", "interval_count"),
    *("started_on", "renews_on", "cancel_requested_on", "ended_on"),
)
SURVEYS = ("id", "account_id", "email", "kind", "score", "scale", "answered_at", "comment")


def accounts(story: Story, now: datetime) -> Iterator[Row]:
    for one in story.known(now):
        owner = one.owner.email if one.owner else ""
        ended = _ended_at(story, one, now)
        yield one.key, one.name, one.domain, owner, _renews_on(story, one, now), "", _yes(ended)


def usage(story: Story, first: int, now: datetime) -> Iterator[Row]:
    """Who used what, from a day on to this instant; what end users did not do has no row."""
    today = story.day(now)
    second = int((now - story.midnight(today)).total_seconds())
    for day in range(first, today + 1):
        until = second if day == today else _DAY_S
        on = story.midnight(day).date().isoformat()
        for one in story.known(now):
            done = Counter(
                (deed.event, deed.user) for deed in story.deeds(one, day) if deed.second < until
            )
            for (event, user), times in sorted(done.items()):
                yield one.key, on, event, times, f"u-{one.index}-{user}"


def tickets(story: Story, now: datetime) -> Iterator[Row]:
    today = story.day(now)
    for day in range(today - TICKET_DAYS, today + 1):
        yield from (_ticket(one, now) for one in story.tickets_of(day) if one.created_at <= now)


def subscriptions(story: Story, now: datetime) -> Iterator[Row]:
    for one in story.known(now):
        started_at = billing.joined_at(one, story.start)
        ended_at = _ended_at(story, one, now)
        number = billing.current_period(one, story.start, now)
        day = story.day(billing.period_start(one, story.start, number))
        yield (
            f"S-{one.index:05d}",
            one.key,
            billing.standing(one, story.start, now).status,
            one.plan.capitalize(),
            f"{billing.amount_cents(one, day) / _CENTS:.2f}",
            one.currency.upper(),
            "year" if one.yearly else "month",
            1,
            started_at.date(),
            "" if ended_at else billing.period_start(one, story.start, number + 1).date(),
            _cancelled_on(story, one, now),
            ended_at.date() if ended_at else "",
        )


def surveys(story: Story, now: datetime) -> Iterator[Row]:
    today = story.day(now)
    for day in range(today - SURVEY_DAYS, today + 1):
        for one in story.known(now):
            for each in answers(one, day, story.midnight(day), ROUND):
                if each.at <= now:
                    yield from _answered(each)


def _answered(one: Answer) -> Iterator[Row]:
    said = {"nps": (one.nps, "", one.text or ""), "csat": (one.csat, 5, "")}
    for kind, (score, scale, text) in said.items():
        if score is not None:
            number = f"{kind}-{one.account.index}-{one.day}-{one.number}"
            person = one.contact.email
            yield number, one.account.key, person, kind, score, scale, one.at.isoformat(), text


def _ticket(one: Ticket, now: datetime) -> Row:
    changed_at, fields = one.seen_at(now)
    status = str(fields["status"])
    rating = fields["score"] if fields["score"] in _RATINGS else ""
    tags = fields["tags"]
    is_urgent = fields["priority"] == "urgent" or (isinstance(tags, list) and "escalated" in tags)
    return (
        f"T-{one.id}",
        one.account.key,
        one.created_at.isoformat(),
        changed_at.isoformat(),
        _STATUS.get(status, status),
        rating,
        "yes" if is_urgent else "no",
    )


def _ended_at(story: Story, one: Account, now: datetime) -> datetime | None:
    at = billing.ended_at(one, story.start)
    return at if at is not None and at <= now else None


def _cancelled_on(story: Story, one: Account, now: datetime) -> str:
    day = one.course.cancel_requested
    return "" if day is None or day > story.day(now) else story.midnight(day).date().isoformat()


def _renews_on(story: Story, one: Account, now: datetime) -> str:
    """The contract runs a year at a time."""
    joined_at = billing.joined_at(one, story.start)
    years = now.year - joined_at.year
    if joined_at.replace(year=joined_at.year + years) <= now:
        years += 1
    return joined_at.replace(year=joined_at.year + years).date().isoformat()


def _yes(what: object) -> str:
    return "yes" if what else "no"
