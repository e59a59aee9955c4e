"""HubSpot CRM: companies with their owner and renewal date, and contacts with the mail they answered.

Sources (HubSpot developer docs, "CRM API"): GET /crm/v3/objects/{companies,contacts} for the first
reading, 100 a page; POST /crm/v3/objects/{type}/search afterwards, 200 a page; GET /crm/v3/owners.
A search ends at 10,000 results and its index lags by minutes, so each page asks for what follows
the last id, and ten minutes are read again. 5 searches a second, 100 requests in 10 seconds.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from pydantic import AwareDatetime, BaseModel, Field, SecretStr

from integrations.base import Clock, Cursor, Page, Rejected
from integrations.credentials import FixedCredentials, Vendor, bearer
from integrations.http import Http, Params
from integrations.limiter import Limit
from integrations.payload import parse, read_each, rows_in, take_each
from scoring.identity import domain_of
from scoring.records import Contact, Kind, Organisation, Record

_TITLE = "HubSpot"
_LIST_PAGE, _SEARCH_PAGE = 100, 200
_OVERLAP = timedelta(minutes=10)
_MODIFIED = {"companies": "hs_lastmodifieddate", "contacts": "lastmodifieddate"}
_SINGULAR = {"companies": "company", "contacts": "contact"}
_START: Cursor = {"since": None}
_OPENED = ("hs_email_last_open_date", "hs_sales_email_last_opened")
_CLICKED = ("hs_email_last_click_date", "hs_sales_email_last_clicked")
_CONTACT_PROPERTIES = (
    "associatedcompanyid",
    "lastmodifieddate",
    "hs_email_last_send_date",
    "hs_sales_email_last_replied",
    *_OPENED,
    *_CLICKED,
)


class Settings(BaseModel, frozen=True, extra="forbid"):
    """A private app's token, and which company properties hold the account id and the renewal date."""

    access_token: SecretStr
    base_url: str = "https://api.hubapi.com"
    account_id_property: str = "account_id"
    renewal_property: str = "renewal_date"


class _Object(BaseModel):
    """A CRM object. Every value is a string, "" or null when there is none."""

    id: str
    properties: dict[str, str | None]
    updated_at: AwareDatetime = Field(alias="updatedAt")
    archived: bool = False

    def value(self, name: str) -> str | None:
        return self.properties.get(name) or None

    def instant(self, name: str) -> datetime | None:
        """Raises ValueError, naming the property, when it holds something else."""
        text = self.value(name)
        try:
            return None if text is None else _instant(text)
        except ValueError as error:
            raise ValueError(f"{name}: {text!r} is not a time") from error

    def latest(self, names: tuple[str, ...]) -> datetime | None:
        return max((at for each in names if (at := self.instant(each)) is not None), default=None)


class _Next(BaseModel):
    after: str


class _Paging(BaseModel):
    next: _Next | None = None


class _List(BaseModel):
    paging: _Paging | None = None

    @property
    def after(self) -> str | None:
        return self.paging.next.after if self.paging and self.paging.next else None


class _Owner(BaseModel):
    id: str
    email: str | None = None


class HubSpot:
    name = "hubspot"
    tells = frozenset({Kind.ACCOUNTS, Kind.ENGAGEMENT})

    def __init__(self, settings: Settings, *, clock: Clock) -> None:
        self._settings = settings
        token = settings.access_token.get_secret_value()
        self._http = Http(
            settings.base_url,
            vendor=Vendor(
                title=_TITLE,
                mend="Check access_token in [sources.hubspot] and the scopes of its private app.",
                secrets=(token,),
            ),
            credentials=FixedCredentials(bearer(token)),
            clock=clock,
            limits=(Limit(5, 1), Limit(100, 10)),
        )
        self._properties = {
            "companies": (
                "name",
                "domain",
                "hs_additional_domains",
                "hubspot_owner_id",
                settings.account_id_property,
                settings.renewal_property,
            ),
            "contacts": _CONTACT_PROPERTIES,
        }

    def check(self) -> str:
        self._http.get_json("crm/v3/objects/companies", {"limit": 1})
        return "the CRM"

    def pull(self, cursor: Cursor | None, *, now: datetime) -> Iterator[Page]:
        """Between pulls the cursor has only `since`; within one also `kind`, `after` and `began_at`."""
        at = {"kind": "companies", "after": None, "began_at": now.isoformat(), **(cursor or _START)}
        if at["kind"] == "companies":
            owners, rejected = self._owners()
            tell = partial(self._company, owners=owners)
            for page in self._read(at, tell, rejected):
                yield page
                at = {**at, **page.cursor}
        yield from self._read(at, _contact, ())

    def _read(
        self,
        at: Cursor,
        tell: Callable[[_Object], Iterator[Record]],
        rejected: tuple[Rejected, ...],
    ) -> Iterator[Page]:
        """The pages of one kind of object; `rejected` goes with the first."""
        kind, after = at["kind"], at["after"]
        while True:
            if at["since"] is None:
                rows, following = self._listed(kind, after)
            else:
                since = datetime.fromisoformat(at["since"]) - _OVERLAP
                rows, following = self._searched(kind, since, after)
            if following == after:
                following = None  # a cursor that repeats leads nowhere
            records, unread = read_each(rows, _Object, tell, kind=_SINGULAR[kind])
            yield Page(
                cursor=_cursor_after(at, following),
                records=records,
                rejected=rejected + unread,
                requests=self._http.spent(),
            )
            if following is None:
                return
            after, rejected = following, ()

    def _listed(self, kind: str, after: str | None) -> tuple[list[Any], str | None]:
        params: Params = {"limit": _LIST_PAGE, "properties": ",".join(self._properties[kind])}
        if after is not None:
            params = {**params, "after": after}
        answer = self._http.get_json(f"crm/v3/objects/{kind}", params)
        rows = rows_in(answer, "results", title=_TITLE)
        return [*rows], parse(answer, _List, title=_TITLE).after

    def _searched(
        self, kind: str, since: datetime, last_id: str | None
    ) -> tuple[list[Any], str | None]:
        """What changed, in the order of ids: asking for what is above the last one has no 10,000th result."""
        since_ms = str(int(since.timestamp() * 1000))
        filters = [{"propertyName": _MODIFIED[kind], "operator": "GTE", "value": since_ms}]
        if last_id is not None:
            filters.append({"propertyName": "hs_object_id", "operator": "GT", "value": last_id})
        body = {
            "filterGroups": [{"filters": filters}],
            "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
            "properties": [*self._properties[kind]],
            "limit": _SEARCH_PAGE,
        }
        answer = self._http.post_json(f"crm/v3/objects/{kind}/search", body, is_read=True)
        rows = rows_in(answer, "results", title=_TITLE)
        if parse(answer, _List, title=_TITLE).after is None:
            return [*rows], None
        ids = [str(each.get("id", "")) for each in rows if isinstance(each, dict)]
        return [*rows], str(max((int(each) for each in ids if each.isdigit()), default=last_id))

    def _owners(self) -> tuple[dict[str, str], tuple[Rejected, ...]]:
        """E-mail addresses of the people accounts belong to, by owner id."""
        emails: dict[str, str] = {}
        rejected: tuple[Rejected, ...] = ()

        def keep(owner: _Owner) -> None:
            if owner.email:
                emails[owner.id] = owner.email.lower()

        after: str | None = None
        while True:
            asked: Params = {"limit": _LIST_PAGE, **({} if after is None else {"after": after})}
            answer = self._http.get_json("crm/v3/owners", asked)
            rows = rows_in(answer, "results", title=_TITLE)
            rejected += take_each(rows, _Owner, keep, kind="owner")
            before, after = after, parse(answer, _List, title=_TITLE).after
            if after in {None, before}:
                return emails, rejected

    def _company(self, row: _Object, *, owners: Mapping[str, str]) -> Iterator[Record]:
        hosts = [row.value("domain"), *(row.value("hs_additional_domains") or "").split(";")]
        domains = [host for each in hosts if (host := domain_of(each))]
        renewal = row.instant(self._settings.renewal_property)
        yield Organisation(
            ref=row.id,
            name=row.value("name") or (domains[0] if domains else f"Company {row.id}"),
            account_key=row.value(self._settings.account_id_property),
            domains=tuple(dict.fromkeys(domains)),
            csm_email=owners.get(row.value("hubspot_owner_id") or ""),
            renews_on=None if renewal is None else renewal.date(),
            deleted=row.archived,
        )


def _contact(row: _Object) -> Iterator[Record]:
    yield Contact(
        id=row.id,
        account_ref=row.value("associatedcompanyid"),
        updated_at=(row.instant("lastmodifieddate") or row.updated_at).astimezone(UTC),
        last_sent_at=row.instant("hs_email_last_send_date"),
        last_opened_at=row.latest(_OPENED),
        last_clicked_at=row.latest(_CLICKED),
        last_replied_at=row.instant("hs_sales_email_last_replied"),
        deleted=row.archived,
    )


def _cursor_after(at: Cursor, following: str | None) -> Cursor:
    """Where the pull stands after a page: further in this kind, at the next kind, or done."""
    if following is not None:
        return {**at, "after": following}
    if at["kind"] == "companies":
        return {**at, "kind": "contacts", "after": None}
    return {"since": at["began_at"]}


def _instant(text: str) -> datetime:
    """A date, an ISO instant, or milliseconds since 1970: HubSpot writes all three."""
    if text.lstrip("-").isdigit():
        return datetime.fromtimestamp(int(text) / 1000, UTC)
    at = datetime.fromisoformat(text)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def open_source(settings: Settings, clock: Clock, hash_key: bytes) -> HubSpot:  # noqa: ARG001 - it sees no end users
    return HubSpot(settings, clock=clock)
