"""Zendesk's records: tickets, organizations and ratings as its API shows them."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, cast

from sandbox.story import Account, Story
from sandbox.story.billing import joined_at
from sandbox.story.tickets import Ticket

SENTIMENT_FIELD, AREA_FIELD = 360011737434, 360011737100
_SENTIMENTS = ("very_negative", "negative", "neutral", "positive", "very_positive")
_ORGANIZATION, _REQUESTER = 900_000_000, 800_000_000
_STRANGERS: tuple[tuple[int, str, str | None, list[str]], ...] = (
    (899_999_998, "ACME (pilot 2024)", None, []),
    (899_999_999, "Northwind Internal Test", "internal-test", ["test.northwind.example"]),
)

TICKET_FIELDS: list[dict[str, Any]] = [
    {"id": 360011737001, "type": "subject", "title": "Subject", "active": True, "removable": False},
    {"id": 360011737002, "type": "status", "title": "Status", "active": True, "removable": False},
    {
        "id": AREA_FIELD,
        "type": "tagger",
        "title": "Product area",
        "active": True,
        "removable": True,
        "custom_field_options": [
            {"id": 1, "name": "Reports", "value": "area_reports", "default": False}
        ],
    },
    {
        "id": SENTIMENT_FIELD,
        "type": "tagger",
        "title": "Sentiment",
        "active": True,
        "removable": True,
        "custom_field_options": [
            {
                "id": 10 + place,
                "name": name.replace("_", " ").capitalize(),
                "value": f"sentiment__{name}",
                "default": False,
            }
            for place, name in enumerate(_SENTIMENTS)
        ],
    },
]


def stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def ticket(one: Ticket, seen_at: datetime, *, with_metrics: bool) -> dict[str, Any]:
    """A ticket as it stood at an instant."""
    changed_at, fields = one.seen_at(seen_at)
    head = {
        "id": one.id,
        "status": fields["status"],
        "created_at": stamp(one.created_at),
        "updated_at": stamp(changed_at),
        "generated_timestamp": int(changed_at.timestamp()),
    }
    if fields["status"] == "deleted":
        return head | {
            "subject": "SCRUBBED",
            "organization_id": None,
            "requester_id": None,
            "tags": [],
            "custom_fields": [],
        }
    custom = _custom_fields(fields)
    body = head | {
        "subject": one.subject,
        "raw_subject": one.subject,
        "description": f"Hello, {one.subject[0].lower()}{one.subject[1:]}. Regards",
        "organization_id": _organization_of(one),
        "requester_id": requester(one),
        "priority": fields["priority"],
        "type": "question" if fields["priority"] != "urgent" else "incident",
        "tags": _tags(fields),
        "custom_fields": custom,
        "fields": custom,
        "satisfaction_rating": {"score": fields["score"]},
        "via": {"channel": "web"},
        "group_id": 360000000001,
        "brand_id": 360000000002,
        "is_public": True,
    }
    return body | {"metric_set": _metric_set(one, fields)} if with_metrics else body


def organizations(story: Story, seen_at: datetime) -> Iterator[tuple[datetime, dict[str, Any]]]:
    """All organizations with the instant of their last change, in no particular order."""
    for account in story.known(seen_at):
        created_at = joined_at(account, story.start)
        day, seats = story.day(seen_at), account.seats
        updated_at = created_at
        if account.course.resized is not None and account.course.resized[0] <= day:
            updated_at = max(created_at, story.midnight(account.course.resized[0]))
            seats = account.seats_on(day)
        yield (
            updated_at,
            _organization(
                _ORGANIZATION + account.index,
                account.name,
                account.key if account.helpdesk_tagged else None,
                _domains(account),
                at=(created_at, updated_at),
                seats=seats,
            ),
        )
    for number, name, key, domains in _STRANGERS:
        created_at = story.start - timedelta(days=200)
        yield (
            created_at,
            _organization(number, name, key, domains, at=(created_at, created_at), seats=1),
        )


def rating(one: Ticket, seen_at: datetime) -> dict[str, Any] | None:
    """The rating a ticket had by an instant; None without one."""
    if one.created_at > seen_at:
        return None
    _, fields = one.seen_at(seen_at)
    if "rated_at" not in fields:
        return None
    rated_at = stamp(cast("datetime", fields["rated_at"]))
    return {
        "id": one.id * 10,
        "ticket_id": one.id,
        "requester_id": requester(one),
        "assignee_id": 700_000_001,
        "group_id": 360000000001,
        "score": fields["score"],
        "comment": None,
        "reason": "No reason provided",
        "created_at": rated_at,
        "updated_at": rated_at,
    }


def requester(one: Ticket) -> int:
    """The user who wrote a ticket."""
    return _REQUESTER + one.account.index * 10 + one.contact


def _organization_of(one: Ticket) -> int | None:
    # Somebody who writes from a private address belongs to no organization.
    return None if one.id % 41 == 0 and one.account.index else _ORGANIZATION + one.account.index


def _domains(account: Account) -> list[str]:
    return (
        [account.domain, f"mail.{account.domain}"] if account.index % 9 == 2 else [account.domain]
    )


def _organization(
    number: int,
    name: str,
    key: str | None,
    domains: list[str],
    *,
    at: tuple[datetime, datetime],
    seats: int,
) -> dict[str, Any]:
    return {
        "id": number,
        "name": name,
        "external_id": key,
        "domain_names": domains,
        "organization_fields": {"seats": seats},
        "tags": [],
        "details": None,
        "notes": None,
        "group_id": None,
        "shared_tickets": False,
        "shared_comments": False,
        "created_at": stamp(at[0]),
        "updated_at": stamp(at[1]),
        "deleted_at": None,
    }


def _custom_fields(fields: dict[str, object]) -> list[dict[str, Any]]:
    sentiment = f"sentiment__{fields['sentiment']}" if fields["sentiment"] else None
    return [
        {"id": AREA_FIELD, "value": "area_reports"},
        {"id": SENTIMENT_FIELD, "value": sentiment},
    ]


def _tags(fields: dict[str, object]) -> list[str]:
    tags = [*cast("list[str]", fields["tags"]), "area_reports"]
    return [*tags, f"sentiment__{fields['sentiment']}"] if fields["sentiment"] else tags


def _metric_set(one: Ticket, fields: dict[str, object]) -> dict[str, Any]:
    answered_at, solved_at = (
        cast("datetime | None", fields.get("answered_at")),
        cast("datetime | None", fields.get("solved_at")),
    )
    return {
        "id": one.id * 10 + 1,
        "ticket_id": one.id,
        "reopens": 0,
        "replies": 1 if answered_at else 0,
        "reply_time_in_minutes": _minutes(one.created_at, answered_at),
        "full_resolution_time_in_minutes": _minutes(one.created_at, solved_at),
        "solved_at": stamp(solved_at) if solved_at else None,
        "latest_comment_added_at": stamp(answered_at or one.created_at),
    }


def _minutes(since: datetime, until: datetime | None) -> dict[str, int | None]:
    minutes = None if until is None else int((until - since).total_seconds() // 60)
    return {"calendar": minutes, "business": minutes}
