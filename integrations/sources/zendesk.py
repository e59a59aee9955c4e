"""Zendesk Support: organisations, and tickets with their ratings, sentiment and escalation.

Sources (Zendesk API reference, "Incremental Exports", "Ticket Fields", "OAuth"):
GET /api/v2/incremental/organizations (by time), GET /api/v2/incremental/tickets/cursor with
`include=metric_sets` (by cursor), both up to 1,000 records a page and 10 requests a minute;
GET /api/v2/ticket_fields once, for the id of the sentiment field; POST /oauth/tokens.
Exports are for admins, and leave out the most recent minute.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from pydantic import AwareDatetime, BaseModel, Field, SecretStr, model_validator

from integrations.base import Clock, Cursor, Page
from integrations.credentials import ClientCredentials, Credentials, FixedCredentials, Vendor, basic
from integrations.http import Http, RefusedError
from integrations.limiter import Limit
from integrations.payload import parse, read_each, rows_in, take_each
from scoring.identity import domain_of
from scoring.records import Kind, Organisation, Rating, Record, Ticket

_TITLE = "Zendesk"
_MEND = (
    "Check client_id and client_secret in [sources.zendesk]; the client's user must be an admin."
)
_MEND_TOKEN = "Check email and api_token in [sources.zendesk]; the token's user must be an admin."  # noqa: S105 - a sentence
_PAGE = 1_000
_LAG_S = 120  # the export leaves out the most recent minute, and refuses to be asked for it
_OVERLAP_S = 600
_FROM_THE_START = 1
_CLOSED = frozenset({"solved", "closed", "deleted"})
_RATINGS = {"good": Rating.GOOD, "bad": Rating.BAD}
_SENTIMENT = "sentiment__"
_SENTIMENTS = {
    "very_negative": Rating.BAD,
    "negative": Rating.BAD,
    "neutral": Rating.NEUTRAL,
    "positive": Rating.GOOD,
    "very_positive": Rating.GOOD,
}


class Settings(BaseModel, frozen=True, extra="forbid"):
    """A confidential OAuth client, or an API token where the account still has one (until 30 April 2027)."""

    subdomain: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    client_id: str | None = None
    client_secret: SecretStr | None = None
    email: str | None = None
    api_token: SecretStr | None = None
    base_url: str | None = None
    backfill_days: int = Field(default=365, ge=1)
    escalation_tags: tuple[str, ...] = ("escalated", "escalation")
    sentiment_field_id: int | None = None

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        oauth, token = self.client_id and self.client_secret, self.email and self.api_token
        if bool(oauth) == bool(token):
            raise ValueError("give client_id and client_secret, or email and api_token")
        return self


class _Organisation(BaseModel):
    id: int
    name: str
    external_id: str | None = None
    domain_names: tuple[str, ...] = ()
    deleted_at: AwareDatetime | None = None


class _CustomField(BaseModel):
    id: int
    value: Any = None


class _Rating(BaseModel):
    score: str


class _Ticket(BaseModel):
    """A deleted ticket keeps little more than its id and when it was generated."""

    id: int
    status: str
    generated_timestamp: int
    organization_id: int | None = None
    priority: str | None = None
    created_at: AwareDatetime | None = None
    updated_at: AwareDatetime | None = None
    tags: tuple[str, ...] = ()
    custom_fields: tuple[_CustomField, ...] = ()
    satisfaction_rating: _Rating | None = None


class _OrganisationPage(BaseModel):
    end_time: int | None = None
    count: int = 0
    end_of_stream: bool | None = None

    @property
    def is_last(self) -> bool:
        return self.count < _PAGE if self.end_of_stream is None else self.end_of_stream


class _TicketPage(BaseModel):
    after_cursor: str | None = None
    end_of_stream: bool


class _Option(BaseModel):
    value: str


class _TicketField(BaseModel):
    id: int
    title: str = ""
    custom_field_options: tuple[_Option, ...] | None = None

    @property
    def is_sentiment(self) -> bool:
        options = self.custom_field_options or ()
        return any(each.value.startswith(_SENTIMENT) for each in options)


class Zendesk:
    name = "zendesk"
    tells = frozenset({Kind.ACCOUNTS, Kind.TICKETS})

    def __init__(self, settings: Settings, *, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        credentials, mend, secret = _way_in(settings)
        self._http = Http(
            settings.base_url or f"https://{settings.subdomain}.zendesk.com",
            vendor=Vendor(title=_TITLE, mend=mend, secrets=(secret,)),
            credentials=credentials,
            clock=clock,
            limits=(Limit(10, 60),),
        )
        self._sentiment_field = settings.sentiment_field_id
        self._fields_read = settings.sentiment_field_id is not None

    def check(self) -> str:
        since = int(self._clock.now().timestamp()) - _LAG_S
        self._http.get_json("api/v2/incremental/organizations", {"start_time": since})
        return f"{self._settings.subdomain}.zendesk.com"

    def pull(self, cursor: Cursor | None, *, now: datetime) -> Iterator[Page]:
        """Organisations first, so that the tickets that follow find their account."""
        at: dict[str, Any] = {
            "organisations_from": _FROM_THE_START,
            "tickets_after": None,
            "tickets_from": int((now - timedelta(days=self._settings.backfill_days)).timestamp()),
            **(cursor or {}),
        }
        for page in self._organisations(at, now):
            at = dict(page.cursor)
            yield page
        yield from self._tickets(at, now)

    def _organisations(self, at: dict[str, Any], now: datetime) -> Iterator[Page]:
        latest = int(now.timestamp()) - _LAG_S
        while True:
            start = min(at["organisations_from"], latest)
            answer = self._http.get_json(
                "api/v2/incremental/organizations", {"start_time": start, "per_page": _PAGE}
            )
            rows = rows_in(answer, "organizations", title=_TITLE)
            page = parse(answer, _OrganisationPage, title=_TITLE)
            records, rejected = read_each(rows, _Organisation, _told, kind="organization")
            at = {**at, "organisations_from": max(start, page.end_time or start)}
            yield Page(cursor=at, records=records, rejected=rejected, requests=self._http.spent())
            if page.is_last or at["organisations_from"] == start:
                return

    def _tickets(self, at: dict[str, Any], now: datetime) -> Iterator[Page]:
        self._resolve_sentiment_field()
        started, latest = at["tickets_from"], int(now.timestamp()) - _LAG_S
        while True:
            answer = self._ticket_page(at, latest)
            rows = rows_in(answer, "tickets", title=_TITLE)
            page = parse(answer, _TicketPage, title=_TITLE)
            records, rejected = read_each(rows, _Ticket, self._ticket, kind="ticket")
            asked, after = at["tickets_after"], page.after_cursor or at["tickets_after"]
            reached = max(
                (each.version for each in records if isinstance(each, Ticket)),
                default=at["tickets_from"],
            )
            at = {**at, "tickets_after": after, "tickets_from": max(at["tickets_from"], reached)}
            done = page.end_of_stream or after is None or after == asked
            share = (at["tickets_from"] - started) / max(1, latest - started)
            yield Page(
                cursor=at,
                records=records,
                rejected=rejected,
                requests=self._http.spent(),
                progress=1.0 if done else min(1.0, share),
            )
            if done:
                return

    def _ticket_page(self, at: Mapping[str, Any], latest: int) -> Any:
        """The page after the cursor; by time where there is none, or where it has aged out."""
        path, sideload = "api/v2/incremental/tickets/cursor", {"include": "metric_sets"}
        if at["tickets_after"] is not None:
            try:
                return self._http.get_json(path, {"cursor": at["tickets_after"], **sideload})
            except RefusedError as error:
                if error.status not in {400, 404}:
                    raise
        start = max(_FROM_THE_START, min(at["tickets_from"] - _OVERLAP_S, latest))
        return self._http.get_json(path, {"start_time": start, "per_page": _PAGE, **sideload})

    def _resolve_sentiment_field(self) -> None:
        """Find the field intelligent triage writes to; its id differs in every account, and many have none."""
        after: str | None = None
        while not self._fields_read:
            params: dict[str, str | int] = {"page[size]": 100}
            answer = self._http.get_json(
                "api/v2/ticket_fields",
                params if after is None else {**params, "page[after]": after},
            )
            rows = rows_in(answer, "ticket_fields", title=_TITLE)
            take_each(rows, _TicketField, self._notice, kind="ticket field")
            meta = answer.get("meta") or {}
            before, after = after, meta.get("after_cursor")
            self._fields_read = not meta.get("has_more") or after in {None, before}

    def _notice(self, field: _TicketField) -> None:
        if field.is_sentiment:
            self._sentiment_field = field.id

    def _ticket(self, row: _Ticket) -> Iterator[Record]:
        deleted, is_open = row.status == "deleted", row.status not in _CLOSED
        generated_at = datetime.fromtimestamp(row.generated_timestamp, UTC)
        if row.created_at is None and not deleted:
            raise ValueError("created_at: it has none")
        yield Ticket(
            id=str(row.id),
            account_ref=None if row.organization_id is None else str(row.organization_id),
            is_open=is_open,
            created_at=(row.created_at or generated_at).astimezone(UTC),
            updated_at=(row.updated_at or generated_at).astimezone(UTC),
            version=row.generated_timestamp,
            rating=_RATINGS.get(row.satisfaction_rating.score) if row.satisfaction_rating else None,
            sentiment=self._sentiment(row),
            escalation=self._escalation(row) if is_open else None,
            deleted=deleted,
        )

    def _sentiment(self, row: _Ticket) -> Rating | None:
        for field in row.custom_fields:
            if field.id == self._sentiment_field and isinstance(field.value, str):
                return _SENTIMENTS.get(field.value.removeprefix(_SENTIMENT))
        return None

    def _escalation(self, row: _Ticket) -> str | None:
        if row.priority == "urgent":
            return "urgent priority"
        tag = next((each for each in row.tags if each in self._settings.escalation_tags), None)
        return None if tag is None else f"tag {tag}"


def _told(row: _Organisation) -> Iterator[Record]:
    yield Organisation(
        ref=str(row.id),
        name=row.name,
        account_key=row.external_id or None,
        domains=tuple(host for each in row.domain_names if (host := domain_of(each))),
        deleted=row.deleted_at is not None,
    )


def _way_in(settings: Settings) -> tuple[Credentials, str, str]:
    if settings.client_id and settings.client_secret:
        secret = settings.client_secret.get_secret_value()
        return (
            ClientCredentials("oauth/tokens", settings.client_id, secret, scope="read"),
            _MEND,
            secret,
        )
    secret = settings.api_token.get_secret_value() if settings.api_token else ""
    return FixedCredentials(basic(f"{settings.email}/token", secret)), _MEND_TOKEN, secret


def open_source(settings: Settings, clock: Clock, hash_key: bytes) -> Zendesk:  # noqa: ARG001 - it sees no end users
    return Zendesk(settings, clock=clock)
