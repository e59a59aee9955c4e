"""Addresses: the page on which a vendor shows an organisation, and which organisation a page is about.

Both ways stand beside each other, so that what we link to is what we recognise. HubSpot's addresses
need the portal, which nothing tells us, so they are recognised only. The other vendors are left out:
what the page of a company or a group is called there is not published.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel


@dataclass(frozen=True, slots=True)
class Pages:
    """`host` and `path` match an organisation's page, and the path's group `ref` is what we keep it by.

    `domain` is what a Slack app registers for it. `ours` says whether a host is that of these settings.
    """

    domain: str
    host: re.Pattern[str]
    path: re.Pattern[str]
    build: Callable[[Any, str], str | None] = lambda _settings, _ref: None
    ours: Callable[[Any, str], bool] = lambda _settings, _host: True


def _zendesk_page(settings: Any, ref: str) -> str:
    return f"https://{settings.subdomain}.zendesk.com/agent/organizations/{ref}"


def _is_our_zendesk(settings: Any, host: str) -> bool:
    return host == f"{settings.subdomain}.zendesk.com"


def _stripe_page(_settings: Any, ref: str) -> str:
    return f"https://dashboard.stripe.com/customers/{ref}"


PAGES: Mapping[str, Pages] = {
    "hubspot": Pages(
        "hubspot.com",
        re.compile(r"app(-[a-z0-9]+)?\.hubspot\.com"),
        # 0-2 is HubSpot's number for companies.
        re.compile(r"/contacts/\d+/(record/0-2|company)/(?P<ref>\d+)(/view/\d+)?/?"),
    ),
    "stripe": Pages(
        "dashboard.stripe.com",
        re.compile(r"dashboard\.stripe\.com"),
        re.compile(r"(/acct_\w+)?(/test)?/customers/(?P<ref>cus_\w+)/?"),
        build=_stripe_page,
    ),
    "zendesk": Pages(
        "zendesk.com",
        re.compile(r"[a-z0-9-]+\.zendesk\.com"),
        re.compile(r"/agent/organizations/(?P<ref>\d+)(/(tickets|users))?/?"),
        build=_zendesk_page,
        ours=_is_our_zendesk,
    ),
}


def page_of(source: str, settings: BaseModel, ref: str) -> str | None:
    """The address at which a vendor shows an organisation; None: nobody can tell."""
    pages = PAGES.get(source)
    # What would not be recognised is none of its refs, such as a domain that stands for an organisation.
    address = pages.build(settings, ref) if pages else None
    return address if address and organisation_at(address, {source: settings}) else None


def organisation_at(address: str, sources: Mapping[str, BaseModel]) -> tuple[str, str] | None:
    """The source, of those with these settings, and the ref of the organisation a page is about; None: about none."""
    try:
        told = urlsplit(address)
        host = (told.hostname or "").lower()
    except ValueError:
        return None
    if told.scheme != "https":
        return None
    for source, settings in sources.items():
        pages = PAGES.get(source)
        if pages and pages.host.fullmatch(host) and pages.ours(settings, host):
            found = pages.path.fullmatch(told.path)
            if found:
                return source, found["ref"]
    return None
