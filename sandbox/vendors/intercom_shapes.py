"""Intercom's records: companies, contacts and conversations as its API shows them."""

from datetime import datetime
from typing import Any, cast

from sandbox.story import Account, Story
from sandbox.story.billing import joined_at
from sandbox.story.mail import Contact
from sandbox.story.tickets import Ticket

Row = dict[str, Any]

_CLOSED = frozenset({"solved", "closed"})


def company_id(index: int) -> str:
    return f"{0x6600_0000_0000_0000_0000_0000 + index:024x}"


def contact_id(one: Contact) -> str:
    return f"{0x6700_0000_0000_0000_0000_0000 + one.id:024x}"


def companies(story: Story, now: datetime) -> list[Row]:
    """All companies; some carry an id Intercom made up, for somebody typed them in by hand."""
    return [_company(one, story, now) for one in story.known(now)]


def _company(account: Account, story: Story, now: datetime) -> Row:
    created_at = _unix(joined_at(account, story.start))
    by_hand = account.index % 10 == 7
    return {
        "type": "company",
        "id": company_id(account.index),
        "company_id": f"qualification-company-{account.index}" if by_hand else account.key,
        "app_id": "ecahpwf5",
        "name": account.name,
        "website": f"https://www.{account.domain}",
        "remote_created_at": None,
        "created_at": created_at,
        "updated_at": created_at,
        "last_request_at": None,
        "monthly_spend": 0,
        "session_count": 0,
        "user_count": len(story.contacts(account)),
        "size": account.seats_on(story.day(now)),
        "industry": None,
        "plan": {"type": "plan", "id": account.plan, "name": account.plan},
        "tags": {"type": "tag.list", "tags": []},
        "segments": {"type": "segment.list", "segments": []},
        "custom_attributes": {},
    }


def contacts(story: Story, now: datetime) -> list[Row]:
    return [_contact(one, story, now) for who in story.known(now) for one in story.contacts(who)]


def _contact(one: Contact, story: Story, now: datetime) -> Row:
    """An opened mail moves its own date and nothing else; all other deeds are a change."""
    box, created_at = story.mailbox(one, now), joined_at(one.account, story.start)
    changes = (created_at, box.sent_at, box.clicked_at, box.replied_at)
    # A few wrote in before anybody put them into a company.
    known = () if one.number and one.id % 9 == 4 else (company_id(one.account.index),)
    url = f"/contacts/{contact_id(one)}/companies"
    linked = [{"id": each, "type": "company", "url": f"/companies/{each}"} for each in known]
    return {
        "type": "contact",
        "id": contact_id(one),
        "workspace_id": "ecahpwf5",
        "external_id": str(one.id) if known else None,
        "role": "user" if known else "lead",
        "email": one.email,
        "email_domain": one.email.rsplit("@", 1)[1],
        "name": f"{one.first} {one.last}",
        "phone": None,
        "owner_id": None,
        "has_hard_bounced": False,
        "marked_email_as_spam": False,
        "unsubscribed_from_emails": False,
        "created_at": _unix(created_at),
        "updated_at": max(_unix(at) for at in changes if at is not None),
        "signed_up_at": _unix(created_at),
        "last_seen_at": None,
        "last_contacted_at": _maybe(box.sent_at),
        "last_email_opened_at": _maybe(box.opened_at),
        "last_email_clicked_at": _maybe(box.clicked_at),
        "last_replied_at": _maybe(box.replied_at),
        "custom_attributes": {},
        "companies": {
            "type": "list",
            "data": linked,
            "url": url,
            "total_count": len(linked),
            "has_more": False,
        },
    }


def conversations(story: Story, now: datetime) -> list[Row]:
    """Every conversation but those that were deleted: Intercom says no more of them."""
    found = (
        _conversation(one, story, now)
        for day in range(story.day(now) + 1)
        for one in story.tickets_of(day)
        if one.created_at <= now
    )
    return [each for each in found if each is not None]


def _conversation(one: Ticket, story: Story, now: datetime) -> Row | None:
    changed_at, fields = one.seen_at(now)
    if fields["status"] == "deleted":
        return None
    people = story.contacts(one.account)
    writer = people[one.contact % len(people)]
    is_closed = fields["status"] in _CLOSED
    tags = [
        {"type": "tag", "id": str(place), "name": name}
        for place, name in enumerate(cast("list[str]", fields["tags"]))
    ]
    author = {"type": "user", "id": contact_id(writer), "name": writer.first, "email": writer.email}
    company = {"type": "company", "id": company_id(one.account.index)}
    return {
        "type": "conversation",
        "id": str(one.id),
        "title": one.subject,
        "created_at": _unix(one.created_at),
        "updated_at": _unix(changed_at),
        "waiting_since": None if "answered_at" in fields else _unix(one.created_at),
        "snoozed_until": None,
        "source": {
            "type": "email",
            "id": str(one.id),
            "delivered_as": "customer_initiated",
            "subject": one.subject,
            "body": f"<p>{one.subject}</p>",
            "author": author,
            "attachments": [],
            "url": None,
            "redacted": False,
        },
        "contacts": {
            "type": "contact.list",
            "contacts": [{"type": "contact", "id": author["id"], "external_id": str(writer.id)}],
        },
        "company": None if one.id % 7 == 3 else company,
        "open": not is_closed,
        "state": "closed" if is_closed else "open",
        "read": "answered_at" in fields,
        "priority": "priority" if fields["priority"] == "urgent" else "not_priority",
        "admin_assignee_id": None,
        "team_assignee_id": None,
        "tags": {"type": "tag.list", "tags": tags},
        "conversation_rating": _rating(fields, author["id"]),
        "ai_agent_participated": False,
        "ai_agent": None,
    }


def _rating(fields: dict[str, object], who: str) -> Row | None:
    if "rated_at" not in fields:
        return None
    rated_at = _unix(cast("datetime", fields["rated_at"]))
    return {
        "rating": 1 if fields["score"] == "bad" else 5,
        "remark": None,
        "created_at": rated_at,
        "updated_at": rated_at,
        "contact": {"type": "contact", "id": who},
        "teammate": None,
    }


def _unix(at: datetime) -> int:
    return int(at.timestamp())


def _maybe(at: datetime | None) -> int | None:
    return None if at is None else _unix(at)
