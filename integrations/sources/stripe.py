"""Stripe: customers with their card, subscriptions with their MRR, and invoices.

Sources (Stripe API reference, version 2026-10-28.endive): GET /v1/customers, /v1/subscriptions
(status=all), /v1/subscription_items, /v1/prices, /v1/coupons, /v1/invoices, 100 a page, read whole
once a day, for no list can be asked for what changed; GET /v1/events in between, kept 30 days, as
marks of what to read again. Stripe allows 25 requests a second an endpoint; we ask 10.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Literal, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, Field, SecretStr

from integrations.base import Clock, Cursor, Page, Rejected, SourceDataError, SourceKind
from integrations.credentials import FixedCredentials, Vendor, bearer
from integrations.http import Http, Params, RefusedError
from integrations.limiter import Limit
from integrations.payload import Pages, from_unix, read_each, rows_in, take_each
from integrations.shapes.stripe import (
    CouponShape,
    CustomerShape,
    InvoiceShape,
    PriceShape,
    SubscriptionShape,
)
from integrations.shapes.stripe_records import (
    Catalogue,
    customer_records,
    invoice_records,
    subscription_record,
)
from scoring.records import Kind, Record

_TITLE = "Stripe"
VERSION = "2026-10-28.endive"
_PAGE = 100
_OVERLAP = timedelta(minutes=10)
_EVENTS_KEPT = timedelta(days=29)  # Stripe keeps 30 days
_INVOICES_BACK = timedelta(days=90)
_CHANGES_MAX = 100  # beyond, reading everything costs about as much as reading each

_CHANGES = {
    "customer": "created updated deleted",
    "customer.subscription": (
        "created updated deleted paused resumed trial_will_end pending_update_applied"
    ),
    "invoice": (
        "finalized paid payment_failed payment_action_required overdue marked_uncollectible"
        " voided updated"
    ),
}
_EVENT_TYPES = tuple(f"{kind}.{each}" for kind, names in _CHANGES.items() for each in names.split())
_EXPANDED = {
    "customers": ("invoice_settings.default_payment_method", "default_source"),
    "subscriptions": ("discounts", "items.data.discounts", "customer", "latest_invoice"),
    "invoices": (),
}
_LIST_OF = {
    "customer": "customers",
    "customer.subscription": "subscriptions",
    "invoice": "invoices",
}

_Phase = Literal["customers", "subscriptions", "open_invoices", "recent_invoices"]
_PHASES: tuple[_Phase, ...] = ("customers", "subscriptions", "open_invoices", "recent_invoices")

Shape = TypeVar("Shape", PriceShape, CouponShape)
Told = tuple[tuple[Record, ...], tuple[Rejected, ...]]


class Settings(BaseModel, frozen=True, extra="forbid"):
    """A restricted key that may read, and the metadata key that holds the account id."""

    api_key: SecretStr = Field(
        description="A restricted key, rk_…, with read rights on customers, subscriptions, invoices, prices, "
        "coupons, events and payment methods."
    )
    account_id_key: str = Field(
        default="account_id",
        description="The metadata key of a customer that holds the account id.",
    )
    base_url: str = Field(
        default="https://api.stripe.com",
        description="Another address to reach Stripe at, such as a proxy.",
    )


class _Object(BaseModel):
    id: str
    created: int = 0


class _EventData(BaseModel):
    object: _Object


class _Event(BaseModel):
    """A mark that something changed; what it changed to is asked for, in the version we know."""

    id: str
    type: str
    data: _EventData

    @property
    def kind(self) -> str:
        return _LIST_OF[self.type.rpartition(".")[0]]


class Stripe:
    name = "stripe"
    tells = frozenset({Kind.ACCOUNTS, Kind.BILLING})

    def __init__(self, settings: Settings, *, clock: Clock) -> None:
        self._settings = settings
        key = settings.api_key.get_secret_value()
        self._http = Http(
            settings.base_url,
            vendor=Vendor(
                title=_TITLE,
                mend="Check api_key in [sources.stripe] and the read permissions it has.",
                secrets=(key,),
            ),
            credentials=FixedCredentials(bearer(key)),
            headers={"Stripe-Version": VERSION},
            clock=clock,
            limits=(Limit(10, 1),),
        )

    def check(self) -> str:
        self._http.get_json("v1/subscriptions", {"limit": 1, "status": "all"})
        return "the Stripe account"

    def pull(self, cursor: Cursor | None, *, now: datetime) -> Iterator[Page]:
        """Between full readings the cursor has `events_from`, `seen` and `full_on`; within one `phase` and `after`."""
        if cursor is not None and "phase" not in cursor:
            since = datetime.fromisoformat(cursor["events_from"])
            if now - since < _EVENTS_KEPT:
                page = self._changes(cursor, since, now)
                yield page
                if "phase" not in page.cursor:
                    return
            cursor = _full_from(now)
        yield from self._everything(cursor or _full_from(now), now)

    def cursor_since(self, since: datetime) -> None:  # noqa: ARG002 - only everything tells what changed
        return None

    def _everything(self, cursor: Cursor, now: datetime) -> Iterator[Page]:
        started_at = datetime.fromisoformat(cursor["started_at"])
        catalogue: Catalogue | None = None
        for number, phase in enumerate(_PHASES):
            if number < _PHASES.index(cursor["phase"]):
                continue
            if phase == "subscriptions":
                catalogue = self._catalogue()
            after = cursor["after"] if phase == cursor["phase"] else None
            path, params = _listing(phase, started_at)
            for rows, following in self._pages(path, params, after):
                records, rejected = self._told(path, rows, catalogue, now)
                yield Page(
                    cursor=_after(phase, following, started_at),
                    records=records,
                    rejected=rejected,
                    requests=self._http.spent(),
                    progress=(number + (following is None)) / len(_PHASES),
                )

    def _changes(self, cursor: Cursor, since: datetime, now: datetime) -> Page:
        """What changed since, read again by id. A new day, or too many changes, begin a full reading after it."""
        events = self._events(since)
        fresh = [each for each in events if each.id not in cursor["seen"]]
        full = cursor["full_on"] != now.date().isoformat() or len(_ids(fresh)) > _CHANGES_MAX
        if full:
            fresh = [each for each in fresh if _out_of_sight(each, now)]
        records: list[Record] = []
        rejected: list[Rejected] = []
        catalogue: Catalogue | None = None
        for kind, ident in _ids(fresh):
            if kind == "subscriptions" and catalogue is None:
                catalogue = self._catalogue()
            told, bad = self._told(f"v1/{kind}", self._one(kind, ident), catalogue, now)
            records.extend(told)
            rejected.extend(bad)
        return Page(
            cursor=_full_from(now) if full else _between(now, cursor["full_on"], events),
            records=tuple(records),
            rejected=tuple(rejected),
            requests=self._http.spent(),
            progress=0.0 if full else 1.0,
        )

    def _events(self, since: datetime) -> list[_Event]:
        params: Params = {
            "types[]": _EVENT_TYPES,
            "created[gte]": int((since - _OVERLAP).timestamp()),
        }
        found: list[_Event] = []
        for rows, _ in self._pages("v1/events", params, None):
            take_each(rows, _Event, found.append, kind="event")
        return [each for each in found if each.type in _EVENT_TYPES]

    def _one(self, kind: str, ident: str) -> list[Any]:
        try:
            named = quote(ident, safe="", errors="replace")
            row = self._http.get_json(f"v1/{kind}/{named}", {"expand[]": _EXPANDED[kind]})
        except RefusedError as error:
            # Gone since the event, like a draft that was deleted; any other 404 is a wrong address.
            if error.status != HTTPStatus.NOT_FOUND or "No such" not in str(error):
                raise
            return []
        return [row]

    def _catalogue(self) -> Catalogue:
        prices = self._table("v1/prices", "data.tiers", PriceShape)
        coupons = self._table("v1/coupons", "data.applies_to", CouponShape)
        return Catalogue(prices=prices, coupons=coupons)

    def _table(self, path: str, expand: str, shape: type[Shape]) -> dict[str, Shape]:
        """A small list as a whole, by id; a row in a shape we do not know leaves its users unpriced."""
        found: dict[str, Shape] = {}
        for rows, _ in self._pages(path, {"expand[]": (expand,)}, None):
            take_each(rows, shape, lambda row: found.update({row.id: row}), kind=path)
        return found

    def _pages(
        self, path: str, params: Params, after: str | None
    ) -> Iterator[tuple[Sequence[Any], str | None]]:
        """The pages of a list after an id, each with the id the next begins after, None at the end."""
        pages = Pages(_TITLE)
        while True:
            asked: Params = {**params, "limit": _PAGE}
            if after is not None:
                asked = {**asked, "starting_after": after}
            answer = self._http.get_json(path, asked)
            rows = rows_in(answer, "data", title=_TITLE)
            following = pages.turn(rows, _last_id(rows)) if answer.get("has_more") else None
            yield rows, following
            if following is None:
                return
            after = following

    def _told(
        self, path: str, rows: Sequence[Any], catalogue: Catalogue | None, now: datetime
    ) -> Told:
        if path == "v1/customers":
            key = self._settings.account_id_key
            return read_each(
                rows, CustomerShape, lambda row: customer_records(row, key), kind="customer"
            )
        if path == "v1/invoices":
            return read_each(rows, InvoiceShape, invoice_records, kind="invoice")
        known = catalogue or Catalogue(prices={}, coupons={})
        return read_each(
            [self._with_all_items(each) for each in rows],
            SubscriptionShape,
            lambda row: [subscription_record(row, known, now)],
            kind="subscription",
        )

    def _with_all_items(self, row: Any) -> Any:
        """A subscription carries its first items only; the rest are a list of their own."""
        items = row.get("items") if isinstance(row, dict) else None
        ident = row.get("id") if isinstance(row, dict) else None
        if not isinstance(items, dict) or not items.get("has_more") or not isinstance(ident, str):
            return row
        params: Params = {"subscription": ident, "expand[]": ("data.discounts",)}
        pages = self._pages("v1/subscription_items", params, None)
        return {**row, "items": {"data": [each for rows, _ in pages for each in rows]}}


def _last_id(rows: Sequence[Any]) -> str:
    """The last id that can be asked on from; a row that is none is passed over. Raises SourceDataError without any."""
    ids = [each.get("id") for each in rows if isinstance(each, dict)]
    usable = [each for each in ids if isinstance(each, str) and each.isascii() and each]
    if not usable:
        raise SourceDataError(f"{_TITLE} says that there is more, but not after what.")
    return usable[-1]


def _listing(phase: _Phase, started_at: datetime) -> tuple[str, Params]:
    path = "v1/invoices" if phase.endswith("invoices") else f"v1/{phase}"
    params: dict[str, str | int | Sequence[str]] = {}
    if expanded := _EXPANDED[path.removeprefix("v1/")]:
        params["expand[]"] = [f"data.{each}" for each in expanded]
    if phase == "subscriptions":
        params["status"] = "all"
    elif phase == "open_invoices":
        params["status"] = "open"
    elif phase == "recent_invoices":
        params["created[gte]"] = int((started_at - _INVOICES_BACK).timestamp())
    return path, params


def _full_from(now: datetime) -> Cursor:
    return {"phase": _PHASES[0], "after": None, "started_at": now.isoformat()}


def _after(phase: _Phase, following: str | None, started_at: datetime) -> Cursor:
    """Where a full reading stands: further in a phase, at the next one, or done."""
    if following is not None:
        return {"phase": phase, "after": following, "started_at": started_at.isoformat()}
    rest = _PHASES[_PHASES.index(phase) + 1 :]
    if rest:
        return {"phase": rest[0], "after": None, "started_at": started_at.isoformat()}
    return _between(started_at, started_at.date().isoformat(), [])


def _between(events_from: datetime, full_on: str, events: Sequence[_Event]) -> Cursor:
    """`seen` holds the events read so far that the overlap will bring again."""
    return {
        "events_from": events_from.isoformat(),
        "full_on": full_on,
        "seen": sorted(each.id for each in events),
    }


def _ids(events: Sequence[_Event]) -> list[tuple[str, str]]:
    """What the events say changed, each once, customers first."""
    kinds = list(_EXPANDED)
    found = {(each.kind, each.data.object.id) for each in events}
    return sorted(found, key=lambda each: (kinds.index(each[0]), each[1]))


def _out_of_sight(event: _Event, now: datetime) -> bool:
    """Whether a full reading would miss it: a deleted customer, or an invoice that is old and not open any more."""
    try:
        old = from_unix(event.data.object.created) < now - _INVOICES_BACK + timedelta(days=1)
    except ValueError:
        old = True  # it does not say; one request more does no harm
    return event.type == "customer.deleted" or (event.kind == "invoices" and old)


def open_source(settings: Settings, clock: Clock, hash_key: bytes) -> Stripe:  # noqa: ARG001 - it sees no end users
    return Stripe(settings, clock=clock)


SOURCE = SourceKind(
    title="Stripe",
    tells=Stripe.tells,
    every=timedelta(minutes=15),
    settings=Settings,
    open=open_source,
)
