"""Credentials: what lets us in at a vendor, and how we speak of it when it does not."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from integrations.base import SourceDataError


class TokenDoor(Protocol):
    """Where credentials that must be fetched are fetched: the connection they are for."""

    def post_form(self, path: str, form: Mapping[str, str], *, signed: bool) -> Any: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """How we speak of a vendor: `mend` says which settings to check when it refuses us."""

    title: str
    mend: str
    secrets: tuple[str, ...] = ()

    def clean(self, text: str) -> str:
        for secret in self.secrets:
            text = text.replace(secret, "…")
        return text


class Credentials(Protocol):
    """What a request carries to be let in."""

    def headers(self, http: "TokenDoor") -> Mapping[str, str]: ...

    def renew(self) -> bool:
        """Called when they were refused. True: there are new ones, ask again."""


class FixedCredentials:
    """Headers that never change: a bearer token, or a name and password."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = headers

    def headers(self, http: "TokenDoor") -> Mapping[str, str]:  # noqa: ARG002 - these need no request to be got
        return self._headers

    def renew(self) -> bool:
        return False


class ClientCredentials:
    """An OAuth token by the client_credentials grant: got when first needed, and once more when refused."""

    def __init__(self, path: str, client_id: str, client_secret: str, *, scope: str) -> None:
        self._path = path
        self._form = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": client_secret,
            "scope": scope,
        }
        self._token: str | None = None

    def headers(self, http: TokenDoor) -> Mapping[str, str]:
        if self._token is None:
            answer = http.post_form(self._path, self._form, signed=False)
            token = answer.get("access_token") if isinstance(answer, dict) else None
            if not isinstance(token, str):
                raise SourceDataError("The vendor answered without an access_token.")
            self._token = token
        return bearer(self._token)

    def renew(self) -> bool:
        self._token = None
        return True


def basic(name: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"{name}:{secret}".encode()).decode()}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
