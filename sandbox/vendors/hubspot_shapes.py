"""HubSpot's properties: everything it knows of a company or a contact, as strings."""

from datetime import date, datetime, timedelta
from typing import Any

from sandbox.story import Account, Story
from sandbox.story.billing import joined_at
from sandbox.story.mail import Contact

Properties = dict[str, str | None]

DEFAULTS = {
    "companies": ("createdate", "domain", "hs_lastmodifieddate", "hs_object_id", "name"),
    "contacts": (
        "createdate",
        "email",
        "firstname",
        "hs_object_id",
        "lastmodifieddate",
        "lastname",
    ),
}
_COMPANY = 300_000_000
_STRANGER = 299_999_999


def stamp(at: datetime | None) -> str | None:
    """HubSpot answers instants in ISO format with milliseconds; no instant is an empty string."""
    return "" if at is None else f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


def companies(story: Story, now: datetime) -> list[Properties]:
    """All companies by id; one of them is a person with a free mail address and no account."""
    return [_stranger(story), *(_company(account, story, now) for account in story.known(now))]


def _company(account: Account, story: Story, now: datetime) -> Properties:
    created_at = joined_at(account, story.start)
    renewed_at, renews_on = _renewal(created_at, now)
    return {
        "hs_object_id": str(_COMPANY + account.index),
        "name": account.name,
        "domain": account.domain,
        "hs_additional_domains": None,
        "hubspot_owner_id": str(account.owner.id) if account.owner else "",
        "account_id": account.key if account.index % 8 != 1 else "",
        "renewal_date": renews_on.isoformat(),
        "lifecyclestage": "customer",
        "createdate": stamp(created_at),
        "hs_lastmodifieddate": stamp(renewed_at),
    }


def _renewal(created_at: datetime, now: datetime) -> tuple[datetime, date]:
    """When the contract was last renewed, and the date it runs to: a year at a time."""
    years = now.year - created_at.year
    if created_at.replace(year=created_at.year + years) > now:
        years -= 1
    return created_at.replace(year=created_at.year + years), created_at.replace(
        year=created_at.year + years + 1
    ).date()


def _stranger(story: Story) -> Properties:
    created_at = story.start - timedelta(days=100)
    return {
        "hs_object_id": str(_STRANGER),
        "name": "Nora's Bakery",
        "domain": "gmail.com",
        "hubspot_owner_id": "",
        "account_id": "",
        "renewal_date": "",
        "lifecyclestage": "lead",
        "createdate": stamp(created_at),
        "hs_lastmodifieddate": stamp(created_at),
    }


def contacts(story: Story, now: datetime) -> list[Properties]:
    """All contacts by id."""
    return [
        _contact(one, story, now) for account in story.known(now) for one in story.contacts(account)
    ]


def _contact(one: Contact, story: Story, now: datetime) -> Properties:
    box = story.mailbox(one, now)
    created_at = joined_at(one.account, story.start)
    instants = (created_at, box.sent_at, box.opened_at, box.clicked_at, box.replied_at)
    return {
        "hs_object_id": str(one.id),
        "email": one.email,
        "firstname": one.first,
        "lastname": one.last,
        "associatedcompanyid": str(_COMPANY + one.account.index),
        "hs_email_delivered": str(box.delivered),
        "hs_email_open": str(box.opened),
        "hs_email_click": str(box.clicked),
        "hs_email_bounce": None,
        "hs_email_last_send_date": stamp(box.sent_at),
        "hs_email_last_open_date": stamp(box.opened_at),
        "hs_email_last_click_date": stamp(box.clicked_at),
        "hs_sales_email_last_replied": stamp(box.replied_at),
        "createdate": stamp(created_at),
        "lastmodifieddate": stamp(max(at for at in instants if at is not None)),
    }


def owners(story: Story) -> list[dict[str, Any]]:
    created = stamp(story.start - timedelta(days=500))
    return [
        {
            "id": str(one.id),
            "email": one.email,
            "firstName": one.name.split(" ", 1)[0],
            "lastName": one.name.split(" ", 1)[1],
            "userId": one.id + 10_000,
            "createdAt": created,
            "updatedAt": created,
            "archived": False,
            "teams": [],
        }
        for one in story.owners
    ]
