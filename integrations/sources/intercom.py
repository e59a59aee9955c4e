"""Intercom: companies, contacts with the mail they answered, and conversations with their ratings.

Sources (Intercom REST API reference 2.15): GET /companies/scroll, POST /contacts/search and
POST /conversations/search, 150 a page. One scroll may be open at a time, it ends a minute after
its last use and cannot be gone on with. A search for contacts knows days only, in the workspace's
time zone, and `>` means from the next day on; its index lags by minutes. 10,000 requests a minute
in slices of ten seconds.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any, Literal

from pydantic import BaseModel, Field, SecretStr

from integrations.base import Clock, Cursor, Page, SourceDownError, SourceKind
from integrations.credentials import FixedCredentials, Vendor, bearer
from integrations.http import Http, RefusedError
from integrations.limiter import Limit
from integrations.payload import Model, Pages, parse, read_each, rows_in
from integrations.shapes.intercom import Company, Conversation, Found, Person, Scrolled
from scoring.records import Kind, Record

_TITLE = "Intercom"
_VERSION = "2.15"
_MEND = (
    "Check access_token and region in [sources.intercom]; its app must be allowed to read "
    "users and companies, and conversations."
)
_REGIONS = {
    "us": "https://api.intercom.io",
    "eu": "https://api.eu.intercom.io",
    "au": "https://api.au.intercom.io",
}
_PAGE = 150
_DAYS_UNKNOWN = timedelta(
    days=2
)  # a search by day starts on the next one, on a clock we do not know
_OVERLAP = timedelta(minutes=30)
_EVER = datetime(2000, 1, 1, tzinfo=UTC)
_COMPANIES_LAST = timedelta(days=3)  # so long the rest is told without companies read anew
_DEEDS = ("last_contacted_at", "last_email_opened_at", "last_email_clicked_at", "last_replied_at")
_ROWS = {"contacts": "data", "conversations": "conversations"}
_SCROLL_STATUSES = frozenset({400, 404})
_START: Cursor = {"since": None, "companies_on": None}

Query = Mapping[str, Any]


class Settings(BaseModel, frozen=True, extra="forbid"):
    """The access token of a private app, and the region the workspace lies in."""

    access_token: SecretStr = Field(
        description="The access token of your app in the Developer Hub."
    )
    region: Literal["us", "eu", "au"] = Field(
        default="us", description="Where the workspace's data lies: us, eu or au."
    )
    escalation_tags: tuple[str, ...] = Field(
        default=("escalated", "escalation"),
        description="Tags that make an open conversation an escalation; being marked as priority always does.",
    )
    backfill_days: int = Field(
        default=365,
        ge=1,
        description="How many days back the first pull looks for conversations that changed.",
    )
    base_url: str | None = Field(
        default=None, description="Another address than the region's, for a proxy or a stand-in."
    )


class _NoScrollError(SourceDownError):
    """Companies cannot be read for now: somebody else scrolls, or our own scroll broke off."""


class Intercom:
    name = "intercom"
    tells = frozenset({Kind.ACCOUNTS, Kind.TICKETS, Kind.ENGAGEMENT})

    def __init__(self, settings: Settings, *, clock: Clock) -> None:
        self._settings = settings
        token = settings.access_token.get_secret_value()
        self._http = Http(
            settings.base_url or _REGIONS[settings.region],
            vendor=Vendor(title=_TITLE, mend=_MEND, secrets=(token,)),
            credentials=FixedCredentials(bearer(token)),
            clock=clock,
            limits=(Limit(1_600, 10),),
            headers={"Intercom-Version": _VERSION},
        )

    def check(self) -> str:
        """One row of each search: the two permissions there are. A scroll would keep others out for a minute."""
        for kind in _ROWS:
            self._asked(kind, _after("created_at", _EVER), None, size=1)
        return f"contacts and conversations (region {self._settings.region})"

    def pull(self, cursor: Cursor | None, *, now: datetime) -> Iterator[Page]:
        """Between pulls the cursor has `since` and `companies_on`; within one also where it stands."""
        at = _begun(cursor, now)
        steps = {
            "companies": self._companies,
            "contacts": self._contacts,
            "conversations": self._conversations,
        }
        for kind, step in steps.items():
            if kind == at.get("kind"):
                for page in step(at):
                    yield page
                    at = page.cursor

    def cursor_since(self, since: datetime) -> Cursor:
        return {"since": since.isoformat(), "companies_on": None}

    def _companies(self, at: Cursor) -> Iterator[Page]:
        """All of them, once a day. Until the last page is read the cursor says: from the beginning."""
        began_at = datetime.fromisoformat(at["began_at"])
        onwards = {**at, "kind": "contacts"}
        pages, param = Pages(_TITLE), None
        while True:
            try:
                answer = self._scrolled(param)
            except _NoScrollError:
                if at["companies_on"] is None or (
                    began_at.date() - date.fromisoformat(at["companies_on"]) > _COMPANIES_LAST
                ):
                    raise
                yield Page(cursor=onwards, requests=self._http.spent())
                return
            rows = rows_in(answer, "data", title=_TITLE)
            param = parse(answer, Scrolled, title=_TITLE).scroll_param
            # The same parameter may lead from page to page: a page that repeats is told by its last row.
            more = pages.turn(rows, str(rows[-1]) if rows and param else None)
            records, rejected = read_each(rows, Company, Company.told, kind="company")
            yield Page(
                cursor=at if more else {**onwards, "companies_on": began_at.date().isoformat()},
                records=records,
                rejected=rejected,
                requests=self._http.spent(),
            )
            if not more:
                return

    def _scrolled(self, param: str | None) -> Any:
        """The next page of the scroll. It moves on with every answer, so one that was lost is lost for good."""
        before = self._http.requests
        try:
            answer = self._http.get_json(
                "companies/scroll", None if param is None else {"scroll_param": param}
            )
        except RefusedError as error:
            if error.status in _SCROLL_STATUSES and (param or "scroll" in str(error).lower()):
                raise _NoScrollError(
                    f"{error} One scroll may be open at a time; it is tried again at the next pull."
                ) from error
            raise
        if param is not None and self._http.requests > before + 1:
            raise _NoScrollError(
                f"{_TITLE} broke off while companies were read; they are read anew at the next pull."
            )
        return answer

    def _contacts(self, at: Cursor) -> Iterator[Page]:
        """Those that changed; once a day also those of whom only the date of a mail did."""
        since = None if at["since"] is None else datetime.fromisoformat(at["since"]) - _OVERLAP
        if since is None:
            query, newest_first = _after("created_at", _EVER), False
        elif at["wide"]:
            since -= timedelta(
                days=1
            )  # the last such look was on the day of the last pull, or later
            names = ("updated_at", *_DEEDS)
            query = {"operator": "OR", "value": [_after(each, since) for each in names]}
            newest_first = False
        else:
            query, newest_first = _after("updated_at", since), True
        end = since if newest_first else None
        tell = partial(Person.told, since=since)
        then = {**at, "kind": "conversations", "after": None}
        yield from self._found(at, query, end, Person, tell, then=then)

    def _conversations(self, at: Cursor) -> Iterator[Page]:
        began_at = datetime.fromisoformat(at["began_at"])
        if at["since"] is None:
            since = began_at - timedelta(days=self._settings.backfill_days)
        else:
            since = datetime.fromisoformat(at["since"]) - _OVERLAP
        tell = partial(
            Conversation.told, since=since, escalation_tags=self._settings.escalation_tags
        )
        done = {"since": at["began_at"], "companies_on": at["companies_on"]}
        query = _after("updated_at", since)
        yield from self._found(at, query, since, Conversation, tell, then=done)

    def _found(
        self,
        at: Cursor,
        query: Query,
        end: datetime | None,
        model: type[Model],
        tell: Callable[[Model], Iterator[Record]],
        *,
        then: Cursor,
    ) -> Iterator[Page]:
        """The pages of a search, newest first; those that are older than `end` are not asked for."""
        pages, kind, after = Pages(_TITLE), at["kind"], at["after"]
        while True:
            answer = self._asked(kind, query, after, is_first=after == at["after"])
            rows = rows_in(answer, _ROWS[kind], title=_TITLE)
            after = pages.turn(rows, parse(answer, Found, title=_TITLE).after)
            if end is not None and _is_past(rows, end):
                after = None
            records, rejected = read_each(rows, model, tell, kind=kind.removesuffix("s"))
            yield Page(
                cursor=then if after is None else {**at, "after": after},
                records=records,
                rejected=rejected,
                requests=self._http.spent(),
            )
            if after is None:
                return

    def _asked(
        self,
        kind: str,
        query: Query,
        after: str | None,
        *,
        size: int = _PAGE,
        is_first: bool = True,
    ) -> Any:
        pagination = {"per_page": size} | ({"starting_after": after} if after else {})
        body = {
            "query": query,
            "pagination": pagination,
            "sort": {"field": "updated_at", "order": "descending"},
        }
        try:
            return self._http.post_json(f"{kind}/search", body, is_read=True)
        except RefusedError:
            if after is None or not is_first:
                raise
            # The page a cut pull was to go on at is no longer known: from the first one again.
            return self._asked(kind, query, None, size=size)


def _begun(cursor: Cursor | None, now: datetime) -> Cursor:
    """Where the pull stands: at its beginning, or at the page an earlier one was cut off at."""
    at = {**_START, **(cursor or {})}
    if "kind" in at:
        return at
    is_due = at["companies_on"] != now.date().isoformat()
    kind = "companies" if is_due else "contacts"
    return {**at, "kind": kind, "after": None, "began_at": now.isoformat(), "wide": is_due}


def _after(field: str, since: datetime) -> Query:
    return {"field": field, "operator": ">", "value": int((since - _DAYS_UNKNOWN).timestamp())}


def _is_past(rows: Any, end: datetime) -> bool:
    """Whether what follows these rows is older than `end`: they must really come newest first."""
    stamps = [each.get("updated_at") for each in rows if isinstance(each, dict)]
    known = [each for each in stamps if isinstance(each, int | float)]
    return bool(known) and known == sorted(known, reverse=True) and known[-1] < end.timestamp()


def open_source(settings: Settings, clock: Clock, hash_key: bytes) -> Intercom:  # noqa: ARG001 - contacts have an id of the vendor's
    return Intercom(settings, clock=clock)


SOURCE = SourceKind(
    title=_TITLE,
    tells=Intercom.tells,
    every=timedelta(minutes=30),
    settings=Settings,
    open=open_source,
)
