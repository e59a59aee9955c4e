"""Customer.io: who was sent mail, and who opened and clicked it.

Source (Customer.io App API reference, "List messages"): GET /v1/messages, 1,000 deliveries a page,
from one moment of creation to another and never more than six months. A delivery's metrics are
instants, and fill up after it was sent: what a day brings is read again for a day, and once a day
the last fortnight. Machines are told apart from people (`human_opened`, `prefetch_opened`) since
spring 2025. 10 requests a second; no headers say how many are left. The exports of deliveries cover
one campaign each, so the list it is. The Track API cannot be read.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, Field, SecretStr, StringConstraints

from integrations.base import Clock, Cursor, Page, SourceKind
from integrations.credentials import FixedCredentials, Vendor, bearer
from integrations.http import Http, Params, RefusedError
from integrations.limiter import Limit
from integrations.mail import address_in, by_a_person, told_by_mail
from integrations.payload import Pages, from_unix, parse, read_each, rows_in
from integrations.people import person_hash
from scoring.records import Kind, Record

_TITLE = "Customer.io"
_HOSTS: Mapping[str, str] = {
    "us": "https://api.customer.io",
    "eu": "https://api-eu.customer.io",
}
_PAGE = 1_000
_OVERLAP, _WHOLE_EVERY = timedelta(days=1), timedelta(days=1)
_WINDOW = timedelta(days=90)  # they answer for six months at the most, and cut off silently
_COUNTS_BELOW = 1_000_000  # no instant is that small, and no delivery is opened that often
_BAD_REQUEST = 400


class Settings(BaseModel, frozen=True, extra="forbid"):
    """An App API key, its region, and how far back deliveries are read."""

    app_api_key: SecretStr = Field(
        description="An App API key of the workspace (the Track API's keys cannot read)."
    )
    region: Literal["us", "eu"] = Field(
        default="us", description="Where the workspace is: us, or eu."
    )
    backfill_days: int = Field(
        default=60, ge=1, le=730, description="How many days of deliveries the first reading takes."
    )
    reread_days: int = Field(
        default=14,
        ge=1,
        le=90,
        description="How many days of deliveries are read again once a day, for late opens and clicks.",
    )
    base_url: str | None = Field(
        default=None, description="Another address than the region's: a proxy, or a stand-in."
    )


_Word = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f@]{1,200}$")]


class _Identifiers(BaseModel):
    cio_id: _Word | None = None
    email: str | None = None


class _Metrics(BaseModel):
    """When a delivery reached each stage, in Unix seconds; stages it did not reach are left out.

    The reference calls the four about people and machines numbers, in an object of instants: both are read.
    """

    sent: int | None = None
    delivered: int | None = None
    bounced: int | None = None
    opened: int | None = None
    clicked: int | None = None
    human_opened: int | None = Field(default=None, ge=0)
    human_clicked: int | None = Field(default=None, ge=0)
    prefetch_opened: int | None = Field(default=None, ge=0)
    prefetch_clicked: int | None = Field(default=None, ge=0)

    def opened_at(self) -> datetime | None:
        return _by_a_person(self.opened, self.human_opened, self.prefetch_opened)

    def clicked_at(self) -> datetime | None:
        return _by_a_person(self.clicked, self.human_clicked, self.prefetch_clicked)


class _Delivery(BaseModel):
    id: str
    type: str
    metrics: _Metrics
    recipient: str | None = None
    customer_id: str | None = None
    customer_identifiers: _Identifiers | None = None

    @property
    def address(self) -> str | None:
        known = self.customer_identifiers
        return address_in(self.recipient) or address_in(known.email if known else None)


class _List(BaseModel):
    next: str | None = None


class _At(BaseModel, frozen=True):
    """The cursor. Between pulls: until when was read, and when the last fortnight was read again.

    Within one also what it reads: `begin` to `until`, `page` the token of the next page.
    """

    since: AwareDatetime | None = None
    whole_at: AwareDatetime | None = None
    begin: AwareDatetime | None = None
    until: AwareDatetime | None = None
    page: str | None = None

    def cursor(self) -> Cursor:
        return self.model_dump(mode="json", exclude_none=True)

    def moved(self, **changes: Any) -> "_At":
        return self.model_copy(update=changes)


class CustomerIo:
    name = "customerio"
    tells = frozenset({Kind.ENGAGEMENT})

    def __init__(self, settings: Settings, *, clock: Clock, hash_key: bytes) -> None:
        self._settings, self._hash_key = settings, hash_key
        key = settings.app_api_key.get_secret_value()
        self._http = Http(
            settings.base_url or _HOSTS[settings.region],
            vendor=Vendor(
                title=_TITLE,
                mend="Check app_api_key and region in [sources.customerio]; it must be a key of the App API.",
                secrets=(key,),
            ),
            credentials=FixedCredentials(bearer(key)),
            clock=clock,
            limits=(Limit(10, 1),),
        )

    def check(self) -> str:
        answer = self._http.get_json("v1/messages", {"type": "email", "limit": 1})
        rows_in(answer, "messages", title=_TITLE)
        return f"the deliveries of the workspace ({self._settings.region})"

    def cursor_since(self, since: datetime) -> Cursor:
        """Without the last fortnight's reading: older deliveries may have been opened since."""
        return _At(since=since).cursor()

    def pull(self, cursor: Cursor | None, *, now: datetime) -> Iterator[Page]:
        """Read in windows of 90 days from the oldest on; most pulls have one."""
        at = _At.model_validate(cursor or {})
        if at.until is None:
            at = self._begun(at, now)
        began, pages = at, Pages(_TITLE)
        while at.begin is not None:
            end = min(at.begin + _WINDOW, at.until or now)
            answer = self._list(at, end)
            rows = rows_in(answer, "messages", title=_TITLE)
            following = pages.turn(rows, parse(answer, _List, title=_TITLE).next or None)
            if following is None:
                pages = Pages(_TITLE)  # the next window may use the same tokens
            at = _after(at, following, end)
            records, rejected = read_each(rows, _Delivery, self._contact, kind="delivery")
            yield Page(
                cursor=at.cursor(),
                records=records,
                rejected=rejected,
                requests=self._http.spent(),
                read=len(rows),
                progress=_share(began, at),
            )

    def _begun(self, at: _At, now: datetime) -> _At:
        """From where this pull reads: a day before the last one, or once a day all that may still change."""
        if at.since is None:
            begin = now - timedelta(days=self._settings.backfill_days)
            return at.moved(begin=begin, until=now, whole_at=now)
        if at.whole_at is None or now - at.whole_at >= _WHOLE_EVERY:
            reread = timedelta(days=self._settings.reread_days)
            return at.moved(begin=min(at.since, now) - reread, until=now, whole_at=now)
        return at.moved(begin=min(at.since, now) - _OVERLAP, until=now)

    def _list(self, at: _At, end: datetime) -> Any:
        """The page at the token; the window from its beginning where the token has aged out."""
        begin = int(at.begin.timestamp()) if at.begin else 0
        asked: Params = {"type": "email", "limit": _PAGE, "start_ts": begin}
        asked = {**asked, "end_ts": int(end.timestamp()) + 1}
        if at.page is None:
            return self._http.get_json("v1/messages", asked)
        try:
            return self._http.get_json("v1/messages", {**asked, "start": at.page})
        except RefusedError as error:
            if error.status != _BAD_REQUEST:
                raise
            return self._http.get_json("v1/messages", asked)

    def _contact(self, row: _Delivery) -> Iterator[Record]:
        """Who it went to. What was only drafted, or bounced, reached nobody; other channels are no mail."""
        if row.type != "email":
            return
        metrics = row.metrics
        delivered_at = _instant(metrics.delivered)
        opened_at = metrics.opened_at()
        clicked_at = by_a_person(metrics.clicked_at(), delivered_at)
        reached = metrics.bounced is None or opened_at is not None or clicked_at is not None
        yield from told_by_mail(
            self._person(row),
            row.address,
            sent_at=(_instant(metrics.sent) or delivered_at) if reached else None,
            opened_at=opened_at,
            clicked_at=clicked_at,
        )

    def _person(self, row: _Delivery) -> str:
        """Customer.io's own id of the person; a hash where it sends none: their other ids may be addresses."""
        if row.customer_identifiers and row.customer_identifiers.cio_id:
            return row.customer_identifiers.cio_id
        who = row.customer_id or row.address
        if not who:
            raise ValueError("recipient: nobody to be told apart")
        return person_hash(self._hash_key, who)


def _after(at: _At, following: str | None, end: datetime) -> _At:
    """Where the pull stands after a page: further in this window, at the next one, or done."""
    if following is not None:
        return at.moved(page=following)
    if at.until is not None and end < at.until:
        return at.moved(begin=end, page=None)
    return _At(since=at.until, whole_at=at.whole_at)


def _share(began: _At, at: _At) -> float:
    """The share of a pull that is done, by the windows behind it."""
    if at.begin is None or began.begin is None or began.until is None:
        return 1.0
    return (at.begin - began.begin) / max(timedelta(seconds=1), began.until - began.begin)


def _by_a_person(at: int | None, human: int | None, machine: int | None) -> datetime | None:
    """When a person did it. Where neither people nor machines are told apart, whoever did it counts."""
    if human:
        return _instant(at if human < _COUNTS_BELOW else human)
    return None if machine or human == 0 else _instant(at)


def _instant(seconds: int | None) -> datetime | None:
    return None if seconds is None else from_unix(seconds)


def open_source(settings: Settings, clock: Clock, hash_key: bytes) -> CustomerIo:
    return CustomerIo(settings, clock=clock, hash_key=hash_key)


SOURCE = SourceKind(
    title=_TITLE,
    tells=CustomerIo.tells,
    every=timedelta(hours=1),
    settings=Settings,
    open=open_source,
)
