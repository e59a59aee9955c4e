"""Zendesk Support: organisations, tickets with their ratings, sentiment and escalation, and CSAT surveys.

Sources (Zendesk API reference, "Incremental Exports", "CSAT Survey Responses", "Ticket Fields", "OAuth"):
GET /api/v2/incremental/organizations (by time), GET /api/v2/incremental/tickets/cursor with
`include=metric_sets` (by cursor), both up to 1,000 records a page and 10 requests a minute;
GET /api/v2/guide/survey_responses, 100 a page, asked for by when a survey was offered, in
milliseconds; GET /api/v2/ticket_fields once, for the id of the sentiment field; POST /oauth/tokens.
Exports are for admins, and leave out the most recent minute. All else: 200 requests a minute on the
smallest plan.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Self

from pydantic import BaseModel, Field, SecretStr, model_validator

from integrations.base import ASKED, Clock, Cursor, Page, SourceKind
from integrations.credentials import ClientCredentials, Credentials, FixedCredentials, Vendor, basic
from integrations.http import Http, Params, RefusedError
from integrations.limiter import Limit
from integrations.payload import Pages, parse, read_each, rows_in, take_each
from integrations.shapes.zendesk import (
    ListPage,
    OrganisationPage,
    OrganisationRow,
    TicketField,
    TicketPage,
    TicketRow,
)
from integrations.shapes.zendesk_surveys import UNREAD, Surveys
from scoring.records import Kind, Record, Ticket

_TITLE = "Zendesk"
_MEND = (
    "Check client_id and client_secret in [sources.zendesk]; the client's user must be an admin."
)
_MEND_TOKEN = "Check email and api_token in [sources.zendesk]; the token's user must be an admin."  # noqa: S105 - a sentence
_PAGE, _LIST_PAGE = 1_000, 100
_LAG_S = 120  # the export leaves out the most recent minute, and refuses to be asked for it
_OVERLAP_S = 600
_FROM_THE_START = 1
_ANSWERED_WITHIN = timedelta(
    days=30
)  # from its offer on, a survey can be answered and edited for 28
_AGED = frozenset({400, 404})


class Settings(BaseModel, frozen=True, extra="forbid"):
    """A confidential OAuth client, or an API token where the account still has one (until 30 April 2027)."""

    subdomain: str = Field(
        pattern=r"^[a-z0-9][a-z0-9-]*$",
        description="What stands before .zendesk.com in your help desk's address.",
    )
    client_id: str | None = Field(
        default=None,
        description="The identifier of a confidential OAuth client.",
        json_schema_extra=ASKED,
    )
    client_secret: SecretStr | None = Field(
        default=None, description="The secret of the OAuth client.", json_schema_extra=ASKED
    )
    email: str | None = Field(
        default=None,
        description="The admin an API token belongs to, where you still have a token and no OAuth client.",
    )
    api_token: SecretStr | None = Field(
        default=None, description="The API token, which Zendesk ends on 30 April 2027."
    )
    base_url: str | None = Field(
        default=None, description="Another address than the subdomain's, for a proxy or a stand-in."
    )
    backfill_days: int = Field(
        default=365,
        ge=1,
        description="How many days back the first pull looks for tickets that changed and surveys.",
    )
    escalation_tags: tuple[str, ...] = Field(
        default=("escalated", "escalation"),
        description="Tags that make an open ticket an escalation; urgent priority always does.",
    )
    sentiment_field_id: int | None = Field(
        default=None,
        description="The ticket field intelligent triage writes to, should it not be found by its options.",
    )
    comments: bool = Field(
        default=False, description="Whether the text of survey comments is kept."
    )

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        oauth, token = self.client_id and self.client_secret, self.email and self.api_token
        if bool(oauth) == bool(token):
            raise ValueError("give client_id and client_secret, or email and api_token")
        return self


class Zendesk:
    name = "zendesk"
    tells = frozenset({Kind.ACCOUNTS, Kind.TICKETS, Kind.SURVEYS})

    def __init__(self, settings: Settings, *, clock: Clock, hash_key: bytes) -> None:
        self._settings, self._clock = settings, clock
        credentials, mend, secret = _way_in(settings)
        door = partial(
            Http,
            settings.base_url or f"https://{settings.subdomain}.zendesk.com",
            vendor=Vendor(title=_TITLE, mend=mend, secrets=(secret,)),
            credentials=credentials,
            clock=clock,
        )
        self._exports, self._lists = door(limits=(Limit(10, 60),)), door(limits=(Limit(150, 60),))
        self._surveys = Surveys(
            self._lists,
            hash_key=hash_key,
            comments=settings.comments,
            backfill=timedelta(days=settings.backfill_days),
        )
        self._sentiment_field = settings.sentiment_field_id
        self._fields_read = settings.sentiment_field_id is not None

    def check(self) -> str:
        now = self._clock.now()
        since = int(now.timestamp()) - _LAG_S
        self._exports.get_json("api/v2/incremental/organizations", {"start_time": since})
        said = f"{self._settings.subdomain}.zendesk.com"
        if not self._surveys.exist(now):
            said += "; it has no CSAT surveys, or not for this user: the ratings on tickets count"
        return said

    def pull(self, cursor: Cursor | None, *, now: datetime) -> Iterator[Page]:
        """Organisations first, so that the tickets that follow find their account."""
        at: Cursor = {
            "organisations_from": _FROM_THE_START,
            "tickets_after": None,
            "tickets_from": int((now - timedelta(days=self._settings.backfill_days)).timestamp()),
            **UNREAD,
            **(cursor or {}),
        }
        for step in (self._organisations, self._tickets, self._surveys.pull):
            for page in step(at, now):
                yield page
                at = page.cursor

    def cursor_since(self, since: datetime) -> Cursor:
        start = int(since.timestamp())
        return {
            "organisations_from": start,
            "tickets_after": None,
            "tickets_from": start,
            "surveys_until": start,
        }

    def _organisations(self, at: Cursor, now: datetime) -> Iterator[Page]:
        latest = int(now.timestamp()) - _LAG_S
        while True:
            start = min(at["organisations_from"], latest)
            answer = self._exports.get_json(
                "api/v2/incremental/organizations", {"start_time": start, "per_page": _PAGE}
            )
            rows = rows_in(answer, "organizations", title=_TITLE)
            page = parse(answer, OrganisationPage, title=_TITLE)
            records, rejected = read_each(
                rows, OrganisationRow, OrganisationRow.told, kind="organization"
            )
            at = {**at, "organisations_from": max(start, page.end_time or start)}
            yield Page(cursor=at, records=records, rejected=rejected, requests=self._spent())
            if page.is_last(_PAGE) or at["organisations_from"] == start:
                return

    def _tickets(self, at: Cursor, now: datetime) -> Iterator[Page]:
        self._resolve_sentiment_field()
        started, latest = at["tickets_from"], int(now.timestamp()) - _LAG_S
        while True:
            answer = self._ticket_page(at, latest)
            rows = rows_in(answer, "tickets", title=_TITLE)
            page = parse(answer, TicketPage, title=_TITLE)
            records, rejected = read_each(rows, TicketRow, self._ticket, kind="ticket")
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
                requests=self._spent(),
                progress=1.0 if done else min(1.0, share),
            )
            if done:
                return

    def _ticket_page(self, at: Mapping[str, Any], latest: int) -> Any:
        """The page after the cursor; by time where there is none, or where it has aged out."""
        path, sideload = "api/v2/incremental/tickets/cursor", {"include": "metric_sets"}
        if at["tickets_after"] is not None:
            try:
                return self._exports.get_json(path, {"cursor": at["tickets_after"], **sideload})
            except RefusedError as error:
                if error.status not in _AGED:
                    raise
        start = max(_FROM_THE_START, min(at["tickets_from"] - _OVERLAP_S, latest))
        return self._exports.get_json(path, {"start_time": start, "per_page": _PAGE, **sideload})

    def _resolve_sentiment_field(self) -> None:
        """Find the field intelligent triage writes to; its id differs in every account, and many have none."""
        after: str | None = None
        pages = Pages(_TITLE)
        while not self._fields_read:
            params: Params = {"page[size]": _LIST_PAGE, **({"page[after]": after} if after else {})}
            answer = self._lists.get_json("api/v2/ticket_fields", params)
            rows = rows_in(answer, "ticket_fields", title=_TITLE)
            take_each(rows, TicketField, self._notice, kind="ticket field")
            after = pages.turn(rows, parse(answer, ListPage, title=_TITLE).after)
            self._fields_read = after is None

    def _notice(self, field: TicketField) -> None:
        if field.is_sentiment:
            self._sentiment_field = field.id

    def _ticket(self, row: TicketRow) -> Iterator[Record]:
        if row.created_at is None and not row.is_gone:
            raise ValueError("created_at: it has none")
        yield Ticket(
            id=str(row.id),
            account_ref=None if row.organization_id is None else str(row.organization_id),
            is_open=row.is_open,
            created_at=row.created_at or row.generated_at,
            updated_at=row.updated_at or row.generated_at,
            version=row.generated_timestamp,
            rating=row.rating,
            sentiment=row.sentiment(self._sentiment_field),
            escalation=row.escalation(self._settings.escalation_tags) if row.is_open else None,
            deleted=row.is_gone,
        )

    def _spent(self) -> int:
        return self._exports.spent() + self._lists.spent()


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


def open_source(settings: Settings, clock: Clock, hash_key: bytes) -> Zendesk:
    return Zendesk(settings, clock=clock, hash_key=hash_key)


def _warns(settings: Settings) -> str | None:
    if settings.api_token is None:
        return None
    return "It is read by an API token, which Zendesk ends on 30 April 2027: make an OAuth client."


SOURCE = SourceKind(
    title=_TITLE,
    tells=Zendesk.tells,
    every=timedelta(minutes=15),
    settings=Settings,
    open=open_source,
    warns=_warns,
)
