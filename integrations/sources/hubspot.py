"""HubSpot CRM: companies with their owner, parent and renewal date, and contacts with the mail they answered.

Sources (HubSpot developer docs, "CRM API"): GET /crm/v3/objects/{companies,contacts} for the first
reading, 100 a page; POST /crm/v3/objects/{type}/search afterwards, 200 a page; GET /crm/v3/owners.
A search ends at 10,000 results and its index lags by minutes, so each page asks for what follows
the last id, and ten minutes are read again. What was deleted is not found by a search, for that does
not change it: once a day the archived ones are listed, which HubSpot keeps for 90 days.
5 searches a second, 100 requests in 10 seconds.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from pydantic import BaseModel, Field, SecretStr

from integrations.base import Clock, Cursor, Page, Rejected, SourceDataError, SourceKind
from integrations.credentials import FixedCredentials, Vendor, bearer
from integrations.http import Http, Params
from integrations.limiter import Limit
from integrations.payload import Pages, parse, read_each, rows_in, take_each
from integrations.shapes.hubspot import (
    COMPANY_PROPERTIES,
    CONTACT_PROPERTIES,
    CrmObject,
    Listing,
    Owner,
    contact_records,
    gone_company_records,
    gone_contact_records,
)
from scoring.identity import domain_of
from scoring.records import Kind, Organisation, Record

_TITLE = "HubSpot"
_LIST_PAGE, _SEARCH_PAGE = 100, 200
_OVERLAP = timedelta(minutes=10)
_MODIFIED = {"companies": "hs_lastmodifieddate", "contacts": "lastmodifieddate"}
_SINGULAR = {"companies": "company", "contacts": "contact"}
_START: Cursor = {"since": None}
# What a pull goes through: a kind of object, and whether the archived ones are meant.
_PHASES = (("companies", False), ("contacts", False), ("companies", True), ("contacts", True))

Tell = Callable[[CrmObject], Iterator[Record]]


class Settings(BaseModel, frozen=True, extra="forbid"):
    """A private app's token, and which company properties hold the account id and the renewal date."""

    access_token: SecretStr = Field(
        description="The access token of a private app that may read companies, contacts and owners."
    )
    account_id_property: str = Field(
        default="account_id", description="The company property that holds the account id."
    )
    renewal_property: str = Field(
        default="renewal_date", description="The company property that holds the renewal date."
    )
    base_url: str = Field(
        default="https://api.hubapi.com",
        description="Another address to reach HubSpot at, such as a proxy; EU portals use the same one.",
    )


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
        own = (settings.account_id_property, settings.renewal_property)
        self._properties = {
            "companies": (*COMPANY_PROPERTIES, *own),
            "contacts": CONTACT_PROPERTIES,
        }

    def check(self) -> str:
        self._http.get_json("crm/v3/objects/companies", {"limit": 1})
        return "the CRM"

    def pull(self, cursor: Cursor | None, *, now: datetime) -> Iterator[Page]:
        """Between pulls the cursor has `since` and `archived_on`; within one also `phase`, `after` and `began_at`.

        `archived_on` is the day the archived ones were last listed. The first reading tells of none:
        what was gone before it was never known here.
        """
        begun = {"phase": 0, "after": None, "began_at": now.isoformat(), "archived_on": None}
        at = {**begun, **_resumed(cursor or _START)}
        if at["since"] is None and at["archived_on"] is None:
            at["archived_on"] = now.date().isoformat()
        last = 3 if at["archived_on"] != at["began_at"][:10] else 1
        while at.get("phase") is not None:
            tell, rejected = self._tell(at["phase"])
            for page in self._read(at, tell, rejected, last=last):
                yield page
                at = dict(page.cursor)

    def cursor_since(self, since: datetime) -> Cursor:
        return {"since": since.isoformat()}

    def _tell(self, phase: int) -> tuple[Tell, tuple[Rejected, ...]]:
        """What the objects of a phase become, and which owners could not be read for it."""
        if phase == 0:
            owners, rejected = self._owners()
            return partial(self._company, owners=owners), rejected
        return (contact_records, gone_company_records, gone_contact_records)[phase - 1], ()

    def _read(
        self, at: Mapping[str, Any], tell: Tell, rejected: tuple[Rejected, ...], *, last: int
    ) -> Iterator[Page]:
        """The pages of one phase; `rejected` goes with the first."""
        (kind, archived), after, pages = _PHASES[at["phase"]], at["after"], Pages(_TITLE)
        while True:
            if at["since"] is None or archived:
                rows, following = self._listed(kind, after, archived=archived)
            else:
                since = datetime.fromisoformat(at["since"]) - _OVERLAP
                rows, following = self._searched(kind, since, after)
            following = pages.turn(rows, following)
            records, unread = read_each(rows, CrmObject, tell, kind=_SINGULAR[kind])
            yield Page(
                cursor=_cursor_after(at, following, last=last),
                records=records,
                rejected=rejected + unread,
                requests=self._http.spent(),
            )
            if following is None:
                return
            after, rejected = following, ()

    def _listed(
        self, kind: str, after: str | None, *, archived: bool
    ) -> tuple[list[Any], str | None]:
        params: Params = {
            "limit": _LIST_PAGE,
            "properties": ",".join(self._properties[kind]),
            "archived": "true" if archived else "false",
        }
        if after is not None:
            params = {**params, "after": after}
        answer = self._http.get_json(f"crm/v3/objects/{kind}", params)
        rows = rows_in(answer, "results", title=_TITLE)
        return [*rows], parse(answer, Listing, title=_TITLE).after

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
        if parse(answer, Listing, title=_TITLE).after is None:
            return [*rows], None
        ids = [str(each.get("id", "")) for each in rows if isinstance(each, dict)]
        numbers = [int(each) for each in ids if each.isascii() and each.isdigit()]
        if not numbers:
            raise SourceDataError(f"{_TITLE} says that there is more, but not after what.")
        return [*rows], str(max(numbers))

    def _owners(self) -> tuple[dict[str, str], tuple[Rejected, ...]]:
        """E-mail addresses of the people accounts belong to, by owner id."""
        emails: dict[str, str] = {}
        rejected: tuple[Rejected, ...] = ()

        def keep(owner: Owner) -> None:
            if owner.email:
                emails[owner.id] = owner.email.lower()

        after: str | None = None
        pages = Pages(_TITLE)
        while True:
            asked: Params = {"limit": _LIST_PAGE, **({} if after is None else {"after": after})}
            answer = self._http.get_json("crm/v3/owners", asked)
            rows = rows_in(answer, "results", title=_TITLE)
            rejected += take_each(rows, Owner, keep, kind="owner")
            after = pages.turn(rows, parse(answer, Listing, title=_TITLE).after)
            if after is None:
                return emails, rejected

    def _company(self, row: CrmObject, *, owners: Mapping[str, str]) -> Iterator[Record]:
        for ident in row.merged_away:
            yield Organisation(ref=ident, name=f"Company {ident}", deleted=True)
        hosts = [row.value("domain"), *row.values("hs_additional_domains")]
        domains = [host for each in hosts if (host := domain_of(each))]
        renewal = row.instant(self._settings.renewal_property)
        parent = row.value("hs_parent_company_id")
        yield Organisation(
            ref=row.id,
            name=row.value("name") or (domains[0] if domains else f"Company {row.id}"),
            account_key=row.value(self._settings.account_id_property),
            domains=tuple(dict.fromkeys(domains)),
            csm_email=owners.get(row.value("hubspot_owner_id") or ""),
            renews_on=None if renewal is None else renewal.date(),
            parent_ref=None if parent == row.id else parent,
            deleted=row.archived,
        )


def _resumed(cursor: Cursor) -> dict[str, Any]:
    """The cursor, also one that an older version left in the middle of a pull: it named the kind."""
    kinds = {"companies": 0, "contacts": 1}
    told = {name: value for name, value in cursor.items() if name != "kind"}
    return {**told, "phase": kinds[cursor["kind"]]} if "kind" in cursor else told


def _cursor_after(at: Mapping[str, Any], following: str | None, *, last: int) -> Cursor:
    """Where the pull stands after a page: further in this phase, at the next one, or done."""
    if following is not None:
        return {**at, "after": following}
    if at["phase"] < last:
        return {**at, "phase": at["phase"] + 1, "after": None}
    return {"since": at["began_at"], "archived_on": at["began_at"][:10]}


def open_source(settings: Settings, clock: Clock, hash_key: bytes) -> HubSpot:  # noqa: ARG001 - it sees no end users
    return HubSpot(settings, clock=clock)


SOURCE = SourceKind(
    title="HubSpot",
    tells=HubSpot.tells,
    every=timedelta(minutes=30),
    settings=Settings,
    open=open_source,
)
