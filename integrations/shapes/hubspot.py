"""HubSpot's JSON: CRM objects whose every value is text, pages, owners, and what contacts become."""

from collections.abc import Iterator
from datetime import datetime

from pydantic import BaseModel, Field

from integrations.payload import Instant, from_unix, plausible
from scoring.records import Contact, Organisation, Record

_OPENED = ("hs_email_last_open_date", "hs_sales_email_last_opened")
_CLICKED = ("hs_email_last_click_date", "hs_sales_email_last_clicked")
_MERGED = "hs_merged_object_ids"
COMPANY_PROPERTIES = (
    "name",
    "domain",
    "hs_additional_domains",
    "hubspot_owner_id",
    "hs_parent_company_id",
    _MERGED,
)
CONTACT_PROPERTIES = (
    "associatedcompanyid",
    "lastmodifieddate",
    "hs_email_last_send_date",
    "hs_sales_email_last_replied",
    _MERGED,
    *_OPENED,
    *_CLICKED,
)


class CrmObject(BaseModel):
    """A CRM object. Every value is a string, "" or null when there is none."""

    id: str = Field(min_length=1)
    properties: dict[str, str | None] = {}
    updated_at: Instant = Field(alias="updatedAt")
    archived: bool = False
    archived_at: Instant | None = Field(default=None, alias="archivedAt")

    def value(self, name: str) -> str | None:
        return self.properties.get(name) or None

    def values(self, name: str) -> list[str]:
        """A property that holds several, with semicolons between them."""
        return [each.strip() for each in (self.value(name) or "").split(";") if each.strip()]

    def instant(self, name: str) -> datetime | None:
        """Raises ValueError, naming the property, when it holds something else."""
        text = self.value(name)
        try:
            return None if text is None else _instant(text)
        except ValueError as error:
            raise ValueError(f"{name}: {text!r} is not a time") from error

    def latest(self, names: tuple[str, ...]) -> datetime | None:
        return max((at for each in names if (at := self.instant(each)) is not None), default=None)

    @property
    def merged_away(self) -> list[str]:
        """The ids of what was merged into it: nothing else tells that they are gone."""
        return [each for each in self.values(_MERGED) if each != self.id]


class _Next(BaseModel):
    after: str


class _Paging(BaseModel):
    next: _Next | None = None


class Listing(BaseModel):
    """A page of a list: where the next one begins."""

    paging: _Paging | None = None

    @property
    def after(self) -> str | None:
        return self.paging.next.after if self.paging and self.paging.next else None


class Owner(BaseModel):
    id: str
    email: str | None = None


def contact_records(row: CrmObject) -> Iterator[Record]:
    updated_at = row.instant("lastmodifieddate") or row.updated_at
    for ident in row.merged_away:
        yield Contact(id=ident, account_ref=None, updated_at=updated_at, deleted=True)
    yield Contact(
        id=row.id,
        account_ref=row.value("associatedcompanyid"),
        updated_at=updated_at,
        last_sent_at=row.instant("hs_email_last_send_date"),
        last_opened_at=row.latest(_OPENED),
        last_clicked_at=row.latest(_CLICKED),
        last_replied_at=row.instant("hs_sales_email_last_replied"),
        deleted=row.archived,
    )


def gone_company_records(row: CrmObject) -> Iterator[Record]:
    """Nothing of one that is not archived: who overlooks the question must not delete everybody."""
    if row.archived:
        yield Organisation(ref=row.id, name=row.value("name") or f"Company {row.id}", deleted=True)


def gone_contact_records(row: CrmObject) -> Iterator[Record]:
    """Being deleted does not count as a change there, so the deletion's own instant makes it the newest reading."""
    at = max(row.updated_at, row.archived_at or row.updated_at)
    account_ref = row.value("associatedcompanyid")
    if row.archived:
        yield Contact(id=row.id, account_ref=account_ref, updated_at=at, deleted=True)


def _instant(text: str) -> datetime:
    """A date, an ISO instant, or milliseconds since 1970: HubSpot writes all three."""
    if text.lstrip("-").isdigit():
        return from_unix(int(text) / 1000)
    return plausible(datetime.fromisoformat(text))
