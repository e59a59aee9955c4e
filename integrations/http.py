"""HTTP: the one way to a vendor, with its limits, retries, deadlines and refusals in one place."""

import json
import random
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx  # noqa: TID251 - this is the one file that may

from integrations.base import (
    Clock,
    SourceAuthError,
    SourceDataError,
    SourceDownError,
    SourceForbiddenError,
)
from integrations.credentials import Credentials, Vendor
from integrations.limiter import Limit, Limiter
from integrations.payload import explain, gunzip, parse_json

MAX_WAIT_S = 60.0  # longer than this we do not hold a worker; the next pull comes anyway
_BACKOFF_S = (1.0, 2.0, 4.0)
_RETRIED = frozenset({408, 409, 423, 425, 477})  # and 429, and every 5xx
_JSON_MAX_BYTES = 64 * 1024 * 1024
_ERROR_MAX_BYTES = 64 * 1024
_SPOOL_MAX_BYTES = 8 * 1024**3

Params = Mapping[str, str | int | Sequence[str]]


class RefusedError(SourceDataError):
    """The vendor answered with a status that asking again does not change."""

    def __init__(self, sentence: str, status: int) -> None:
        super().__init__(sentence)
        self.status = status


class FailingError(SourceDownError):
    """The vendor went on answering with a status that may pass, a 5xx mostly."""

    def __init__(self, sentence: str, status: int) -> None:
        super().__init__(sentence)
        self.status = status


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: httpx.Headers
    body: bytes  # empty when it went to a file


@dataclass(frozen=True, slots=True)
class _Trouble:
    """What may be over when we ask again, and after how long the vendor asked us to (None: it did not)."""

    what: str
    asked_s: float | None
    cause: Exception | None = None
    status: int | None = None


class Http:
    """One vendor, one credential. Keep it as long as the credential: the limiter lives here."""

    def __init__(
        self,
        base_url: str,
        *,
        vendor: Vendor,
        credentials: Credentials,
        clock: Clock,
        limits: tuple[Limit, ...] = (),
        headers: Mapping[str, str] | None = None,
        silence_s: float = 30.0,
        deadline_s: float = 180.0,
    ) -> None:
        """`silence_s` is how long no byte may come, `deadline_s` how long one answer may take in all."""
        self._base = base_url.rstrip("/") + "/"
        self._vendor, self._credentials, self._clock = vendor, credentials, clock
        self._limiter = Limiter(limits, clock)
        self._deadline_s = deadline_s
        self._random = random.SystemRandom()
        self.requests = 0
        self._reported = 0
        self._client = httpx.Client(
            headers={"User-Agent": "bellwether", "Accept-Encoding": "gzip", **(headers or {})},
            timeout=httpx.Timeout(silence_s, connect=10.0),
            follow_redirects=False,
        )
        weakref.finalize(self, self._client.close)

    def spent(self) -> int:
        """How many requests went out since this was last asked."""
        new, self._reported = self.requests - self._reported, self.requests
        return new

    def get_json(self, path: str, params: Params | None = None) -> Any:
        return self._json(self._ask("GET", path, params=params))

    def post_json(self, path: str, body: Any, *, is_read: bool) -> Any:
        """`is_read` says that asking twice does no harm (a search); only then it is retried."""
        content = json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        return self._json(
            self._ask("POST", path, content=content, headers=headers, retried=is_read)
        )

    def post_form(self, path: str, form: Mapping[str, str], *, signed: bool) -> Any:
        """A read that is asked for by a form. One for a token is not signed: it is how credentials are got."""
        return self._json(self._ask("POST", path, form=form, retried=True, signed=signed))

    def spool(self, path: str, params: Params, to: Path) -> bool:
        """Write the body to a file as it came over the wire. True: it is gzipped.

        A length that does not fit is noticed here; the end of the gzip is the reader's to check.
        """
        answer = self._ask("GET", path, params=params, to=to)
        if "html" in answer.headers.get("content-type", ""):
            raise SourceDataError(_web_page(self._vendor.title))
        return bool(answer.headers.get("content-encoding") == "gzip")

    def fetch_unsigned(self, url: str, to: Path) -> None:
        """Write what a pre-signed address on another host holds to a file; our credentials are not sent."""
        self._refuse_inward(url)
        try:
            self._ask("GET", url, to=to, signed=False, anywhere=True)
        except SourceAuthError as error:  # nobody asked for credentials: the address has run out
            raise SourceDownError(
                self._down("gave us an address that does not open", None)
            ) from error

    def _json(self, answer: _Answer) -> Any:
        title = self._vendor.title
        if "html" in answer.headers.get("content-type", ""):
            raise SourceDataError(_web_page(title))
        return parse_json(answer.body, title=title)

    def _ask(
        self,
        method: str,
        path: str,
        *,
        retried: bool = True,
        signed: bool = True,
        anywhere: bool = False,
        **request: Any,
    ) -> _Answer:
        """The one retry layer. Everything a vendor can do wrong leaves here as a SourceError."""
        url, waited = path if anywhere else self._url(path), 0.0
        waits = [*_BACKOFF_S] if retried else []
        while True:
            answer = self._try(method, url, signed=signed, **request)
            if isinstance(answer, _Answer):
                return self._accepted(answer)
            wait_s = answer.asked_s if answer.asked_s is not None else self._jittered(waits)
            if not waits or waited + wait_s > MAX_WAIT_S:
                raise self._gone(answer) from answer.cause
            waits.pop(0)
            waited += wait_s
            self._clock.wait(wait_s)

    def _try(self, method: str, url: str, *, signed: bool, **request: Any) -> _Answer | _Trouble:
        """Ask once, and once more with new credentials where there are any."""
        try:
            answer = self._once(method, url, signed=signed, **request)
            refused = answer.status == HTTPStatus.UNAUTHORIZED
            if refused and signed and self._credentials.renew():
                answer = self._once(method, url, signed=signed, **request)
        except (httpx.TransportError, httpx.DecodingError) as error:
            return _Trouble(f"is unreachable ({_cause(error)})", None, error)
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            return _Trouble("is limiting us (429)", self._retry_after_s(answer))
        if answer.status in _RETRIED or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            asked_s = self._retry_after_s(answer)
            return _Trouble(f"is failing ({answer.status})", asked_s, status=answer.status)
        return answer

    def _once(
        self,
        method: str,
        url: str,
        *,
        signed: bool,
        params: Params | None = None,
        content: bytes | None = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        to: Path | None = None,
    ) -> _Answer:
        sent = {**(headers or {}), **(self._credentials.headers(self) if signed else {})}
        self._await_turn()
        self._limiter.note_request()
        self.requests += 1
        with self._client.stream(
            method, url, params=params, content=content, data=form, headers=sent
        ) as response:
            self._limiter.note_answer(response.headers)
            if to is not None and response.is_success:
                with to.open("wb") as file:
                    self._receive(response, file.write, _SPOOL_MAX_BYTES)
                return _Answer(response.status_code, response.headers, b"")
            body = bytearray()
            limit = _JSON_MAX_BYTES if response.is_success else _ERROR_MAX_BYTES
            self._receive(response, body.extend, limit)
            return _Answer(
                response.status_code, response.headers, self._decoded(response, bytes(body))
            )

    def _receive(
        self, response: httpx.Response, take: Callable[[bytes], Any], max_bytes: int
    ) -> None:
        """The raw bytes, under a deadline and a cap: a read timeout alone never ends a slow drip."""
        until, size = time.monotonic() + self._deadline_s, 0
        for chunk in response.iter_raw():
            size += len(chunk)
            if size > max_bytes:
                raise SourceDataError(
                    f"{self._vendor.title} sent more than {max_bytes:,} bytes in one answer."
                )
            if time.monotonic() > until:
                raise httpx.ReadTimeout(f"no end after {self._deadline_s:.0f} s")
            take(chunk)

    def _decoded(self, response: httpx.Response, body: bytes) -> bytes:
        if response.headers.get("content-encoding") != "gzip":
            return body
        return gunzip(body, title=self._vendor.title, max_bytes=_JSON_MAX_BYTES)

    def _url(self, path: str) -> str:
        """A path under the base address, or a whole URL on the same host: credentials go nowhere else."""
        url = path if "://" in path else urljoin(self._base, path.lstrip("/"))
        if urlsplit(url)[:2] != urlsplit(self._base)[:2]:
            raise SourceDataError(
                f"{self._vendor.title} pointed us to another host ({urlsplit(url).netloc}); refused."
            )
        return url

    def _refuse_inward(self, url: str) -> None:
        """An address from an answer must not lead into our own network, nor be read on the way."""
        try:
            there, base = httpx.URL(url), httpx.URL(self._base)
        except httpx.InvalidURL as error:
            raise SourceDataError(
                f"{self._vendor.title} gave us an address that is none."
            ) from error
        known = (there.scheme, there.host) == (base.scheme, base.host)
        if not known and (there.scheme != "https" or not _is_outside(there.host)):
            raise SourceDataError(
                f"{self._vendor.title} pointed us to {there.scheme}://{there.host}; refused."
            )

    def _await_turn(self) -> None:
        wait_s = self._limiter.wait_s()
        if wait_s > MAX_WAIT_S:
            raise SourceDownError(self._down("has no requests left for us", wait_s))
        if wait_s > 0:
            self._clock.wait(wait_s)

    def _jittered(self, waits: Sequence[float]) -> float:
        return waits[0] * self._random.uniform(0.5, 1.0) if waits else 0.0

    def _retry_after_s(self, answer: _Answer) -> float | None:
        """What Retry-After asks for, in seconds or as a date; None when it asks for nothing we can read."""
        text = answer.headers.get("retry-after", "").strip()
        if not text:
            return None
        try:
            return max(0.0, float(text))
        except ValueError:
            pass
        try:
            at = parsedate_to_datetime(text)
        except ValueError:
            return None
        at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
        return max(0.0, (at - self._clock.now()).total_seconds())

    def _gone(self, trouble: _Trouble) -> SourceDownError:
        sentence = self._down(trouble.what, trouble.asked_s)
        if trouble.status is None:
            return SourceDownError(sentence)
        return FailingError(sentence, trouble.status)

    def _down(self, trouble: str, asked_s: float | None) -> str:
        again: datetime = self._clock.now() + timedelta(seconds=asked_s or MAX_WAIT_S)
        return f"{self._vendor.title} {trouble}. Try again after {again:%Y-%m-%d %H:%M} UTC."

    def _accepted(self, answer: _Answer) -> _Answer:
        """The answer if it is a success. Raises what its status means."""
        if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            return answer
        vendor, says = self._vendor, self._vendor.clean(explain(answer.body))
        said = f" It says: {says.rstrip('.')}." if says else ""
        if answer.status == HTTPStatus.UNAUTHORIZED:
            raise SourceAuthError(
                f"{vendor.title} refused the credentials (401). {vendor.mend}{said}"
            )
        if answer.status in {HTTPStatus.FORBIDDEN, HTTPStatus.PAYMENT_REQUIRED}:
            lacks = "permission" if answer.status == HTTPStatus.FORBIDDEN else "plan"
            raise SourceForbiddenError(
                f"The {lacks} we have at {vendor.title} does not allow this ({answer.status}).{said} {vendor.mend}"
            )
        if answer.headers.get("location"):
            said = f" It redirects to {urlsplit(answer.headers['location']).netloc}; check base_url or the region."
        raise RefusedError(
            f"{vendor.title} did not accept a request ({answer.status}).{said}", answer.status
        )


def _is_outside(host: str) -> bool:
    """Whether a host is one of the internet, as far as its name tells."""
    try:
        return ip_address(host).is_global
    except ValueError:
        return "." in host and not host.endswith((".local", ".internal", ".localhost"))


def _cause(error: Exception) -> str:
    """The kind of trouble in words; the error's own text may carry a whole URL."""
    names = {"ConnectError": "cannot connect", "ConnectTimeout": "no connection in time"}
    names |= {"ReadTimeout": "no answer in time", "RemoteProtocolError": "cut its answer short"}
    return names.get(type(error).__name__, type(error).__name__)


def _web_page(title: str) -> str:
    return f"{title} answered with a web page instead of JSON: maintenance?"
