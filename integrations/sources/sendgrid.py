"""SendGrid: mail that was delivered, opened and clicked, told by its signed Event Webhook.

Sources (Twilio SendGrid docs, "Event Webhook Reference", "Getting Started with the Event Webhook
Security Features", "Get All Event Webhooks"): SendGrid posts JSON arrays of up to about 768 KB,
signed by ECDSA over a timestamp and the raw body, at least once and in no order, and tries again for
24 hours until it hears 2xx. GET /v3/user/webhooks/event/settings/all says what is switched on: without it
nobody could tell a webhook that is off from customers nobody writes to. SendGrid publishes no
numbers for its request limits. What it knows in hindsight costs extra (Email Activity), and is not asked for.
"""

from base64 import b64decode
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, SecretStr, field_validator

from integrations.base import (
    Clock,
    Cursor,
    Page,
    Rejected,
    SourceAuthError,
    SourceDataError,
    SourceKind,
)
from integrations.credentials import FixedCredentials, Vendor, bearer
from integrations.http import Http
from integrations.payload import from_unix, parse_json, rows_in, take_each
from integrations.shapes.sendgrid import TOLD, Event, contacts, is_told
from integrations.webhooks import CalledSettings, WebhookRefusedError
from scoring.records import Kind

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

_TITLE = "SendGrid"
_HOSTS = {"us": "https://api.sendgrid.com", "eu": "https://api.eu.sendgrid.com"}
_SIGNATURE = "x-twilio-email-event-webhook-signature"
_TIMESTAMP = "x-twilio-email-event-webhook-timestamp"
_WHERE = "in SendGrid under Settings → Mail Settings → Event Webhooks"
# SendGrid tries again for 24 hours, and does not say whether it signs anew.
_OLDEST = timedelta(hours=25)
# As far back as engagement looks. Who answered nothing in a shorter time may have answered before it.
_WINDOW = timedelta(days=30)
# An event that lies further ahead would be somebody's last for ever.
_AHEAD = timedelta(days=1)


class Settings(CalledSettings, frozen=True, extra="forbid"):
    """The key events are signed with, and an API key that may see whether they are sent at all."""

    api_key: SecretStr = Field(
        description="An API key with the one permission user.webhooks.event.settings.read: "
        "it proves once an hour that the webhook is on."
    )
    public_key: str = Field(
        description="The verification key of the signed Event Webhook, as SendGrid shows it under Security features."
    )
    listening_since: date = Field(
        description="The day the webhook was switched on, like 2026-11-24: 30 days later, who opened nothing is known to have opened nothing."
    )
    account_id_arg: str = Field(
        default="account_id",
        description="The custom argument of your mail that holds the account's id; without it the address's domain counts.",
    )
    region: Literal["us", "eu"] = Field(
        default="us",
        description="Where your SendGrid account is: us, or eu for a regional subuser.",
    )
    base_url: str | None = Field(
        default=None, description="Another address of SendGrid's API, for a proxy or a stand-in."
    )

    @field_validator("public_key")
    @classmethod
    def _is_a_key(cls, text: str) -> str:
        _key_of(text)
        return text


class _Webhook(BaseModel):
    """An Event Webhook as it is set up. Without a public key its posts are not signed."""

    id: str
    url: str | None = None
    enabled: bool = False
    delivered: bool = False
    open: bool = False
    click: bool = False
    public_key: str | None = None

    @property
    def events(self) -> set[str]:
        return {name for name in TOLD if getattr(self, name)}


class SendGrid:
    name = "sendgrid"
    tells = frozenset({Kind.ENGAGEMENT})

    def __init__(self, settings: Settings, *, clock: Clock, hash_key: bytes) -> None:
        self._settings, self._hash_key = settings, hash_key
        since = datetime.combine(settings.listening_since, time(), UTC)
        self._silence_counts_from = since + _WINDOW
        api_key = settings.api_key.get_secret_value()
        self._http = Http(
            settings.base_url or _HOSTS[settings.region],
            vendor=Vendor(
                title=_TITLE,
                mend="Check api_key and region in [sources.sendgrid]; the key needs user.webhooks.event.settings.read.",
                secrets=(api_key,),
            ),
            credentials=FixedCredentials(bearer(api_key)),
            clock=clock,
        )

    def check(self) -> str:
        webhook, _ = self._webhook()
        return f"the Event Webhook that calls {_shown(webhook.url)}"

    def pull(self, cursor: Cursor | None, *, now: datetime) -> Iterator[Page]:  # noqa: ARG002 - there is no since
        """Prove that SendGrid would have called; what happened it tells by itself."""
        _, rejected = self._webhook()
        yield Page(cursor={}, rejected=rejected, requests=self._http.spent(), progress=1.0)

    def cursor_since(self, since: datetime) -> Cursor | None:  # noqa: ARG002 - nothing can be asked for again
        return None

    def receive(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> Page:
        self._prove(headers, body, now=now)
        rows, arg = _rows(body), self._settings.account_id_arg
        events: dict[str, Event] = {}

        def keep(event: Event) -> None:
            if event.at > now + _AHEAD:
                raise ValueError(f"timestamp: {event.at:%Y-%m-%d} has not come yet")
            event.argument(arg)
            events[event.id or f"the {len(events)}th"] = event

        rejected = take_each(map(_named, filter(is_told, rows)), Event, keep, kind="event")
        told = contacts(
            events.values(),
            account_id_arg=arg,
            hash_key=self._hash_key,
            silence_counts_from=self._silence_counts_from,
        )
        return Page(cursor={}, records=tuple(told), rejected=rejected, read=len(rows))

    def _prove(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> None:
        """Raise unless SendGrid signed this body, and not long ago."""
        named = {name.lower(): text for name, text in headers.items()}
        timestamp, signature = named.get(_TIMESTAMP, ""), named.get(_SIGNATURE, "")
        if not (timestamp and signature):
            raise _refused("It is not signed: switch on the signed Event Webhook.")
        if not self._is_signed(timestamp, signature, body):
            raise _refused("Its signature does not fit public_key of [sources.sendgrid].")
        try:
            signed_at = from_unix(int(timestamp))
        except ValueError:
            raise _refused("Its timestamp is no instant.") from None
        if now - signed_at > _OLDEST:
            raise _refused("It was signed more than 25 hours ago.")

    def _is_signed(self, timestamp: str, signature: str, body: bytes) -> bool:
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - heavy, and only this source needs it
        from cryptography.hazmat.primitives import hashes  # noqa: PLC0415
        from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

        try:
            self._key.verify(
                b64decode(signature, validate=True),
                timestamp.encode("utf-8", "replace") + body,
                ec.ECDSA(hashes.SHA256()),
            )
        except (ValueError, InvalidSignature):
            return False
        return True

    @cached_property
    def _key(self) -> "EllipticCurvePublicKey":
        return _key_of(self._settings.public_key)

    def _webhook(self) -> tuple[_Webhook, tuple[Rejected, ...]]:
        """The webhook that calls us. Raises SourceAuthError with what is to be switched on."""
        answer = self._http.get_json("v3/user/webhooks/event/settings/all")
        found: list[_Webhook] = []
        rows = rows_in(answer, "webhooks", title=_TITLE)
        rejected = take_each(rows, _Webhook, found.append, kind="webhook")
        key = _bare(self._settings.public_key)
        ours = next((each for each in found if _bare(each.public_key or "") == key), None)
        if ours is None:
            raise SourceAuthError(
                f"No Event Webhook of SendGrid's is signed with public_key of [sources.sendgrid]. Add one "
                f"{_WHERE}{_at(self._settings.webhook_url)}, enable the signed Event Webhook and copy its verification key."
            )
        if lacks := [*self._lacks(ours)]:
            raise SourceAuthError(
                f"SendGrid's Event Webhook tells us too little: {'; '.join(lacks)}. Mend it {_WHERE}."
            )
        return ours, rejected

    def _lacks(self, webhook: _Webhook) -> Iterator[str]:
        if not webhook.enabled:
            yield "it is not enabled"
        if missing := [name for name in TOLD if name not in webhook.events]:
            yield f"it does not send the events {', '.join(missing)}"
        wanted = self._settings.webhook_url
        if wanted and _shown(webhook.url) != _shown(wanted):
            yield f"it calls {_shown(webhook.url)} and not {_shown(wanted)}"


def _rows(body: bytes) -> list[Any]:
    try:
        rows = parse_json(body, title=_TITLE)
    except SourceDataError as error:
        raise WebhookRefusedError("It is not JSON.", HTTPStatus.BAD_REQUEST) from error
    if not isinstance(rows, list):
        raise WebhookRefusedError("It is not a list of events.", HTTPStatus.BAD_REQUEST)
    return rows


def _named(row: Any) -> Any:
    """With the id a rejected record is kept under."""
    return {"id": row.get("sg_event_id"), **row} if isinstance(row, dict) else row


def _key_of(text: str) -> "EllipticCurvePublicKey":
    """The key a text holds. Raises ValueError, for anything but one of SendGrid's."""
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_der_public_key  # noqa: PLC0415

    mend = f"is not a verification key; copy it {_WHERE}, Security features: it begins with MFkw"
    try:
        key = load_der_public_key(b64decode(_bare(text), validate=True))
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError(mend) from None
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        return key
    raise ValueError(mend)


def _bare(key: str) -> str:
    """A key without the line breaks it may be shown with."""
    return "".join(key.split())


def _shown(url: str | None) -> str:
    """An address without the name and password it may hold."""
    try:
        parts = urlsplit(url or "")
    except ValueError:
        return "what is no address"
    host = parts.netloc.rpartition("@")[2].lower()
    return f"{parts.scheme}://{host}{parts.path.rstrip('/')}" if host else "nobody"


def _at(url: str | None) -> str:
    return f" that posts to {_shown(url)}" if url else ""


def _refused(sentence: str) -> WebhookRefusedError:
    return WebhookRefusedError(sentence, HTTPStatus.UNAUTHORIZED)


def open_source(settings: Settings, clock: Clock, hash_key: bytes) -> SendGrid:
    return SendGrid(settings, clock=clock, hash_key=hash_key)


SOURCE = SourceKind(
    title=_TITLE,
    tells=SendGrid.tells,
    every=timedelta(hours=1),
    settings=Settings,
    open=open_source,
)
