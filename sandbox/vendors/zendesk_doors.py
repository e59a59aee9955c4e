"""How Zendesk lets in and refuses: OAuth tokens, the old API token, error bodies."""

import hashlib
import json
from typing import Any
from urllib.parse import parse_qsl

from sandbox.vendors import credentials
from sandbox.vendors.vendor import Call, Refusal

_TOKEN_S = 30 * 60
_TOKEN_MOST_S = 2 * 24 * 3600
_CLIENTS = (credentials.ZENDESK_CLIENT, credentials.ZENDESK_AGENT_CLIENT)


def token(call: Call) -> Any:
    """POST /oauth/tokens, grant_type=client_credentials; `expires_in` may ask for five minutes to two days."""
    asked = _form(call)
    if asked.get("grant_type") != "client_credentials":
        raise Refusal(
            400,
            {
                "error": "unsupported_grant_type",
                "error_description": "Only client_credentials is supported.",
            },
        )
    client = asked.get("client_id", "")
    if client not in _CLIENTS or asked.get("client_secret") != credentials.ZENDESK_CLIENT_SECRET:
        raise Refusal(
            401,
            {"error": "invalid_client", "error_description": "Client authentication failed"},
        )
    try:
        life = min(_TOKEN_MOST_S, max(300, int(asked.get("expires_in", _TOKEN_S))))
    except ValueError:
        raise Refusal(
            400, {"error": "invalid_request", "error_description": "expires_in must be seconds"}
        ) from None
    token = _sign(client, int(call.now.timestamp()) + life)
    return {
        "access_token": token,
        "token_type": "bearer",
        "scope": asked.get("scope", "read"),
        "expires_in": life,
    }


def is_known(call: Call) -> bool:
    if call.basic is not None:
        return call.basic == (
            f"{credentials.ZENDESK_EMAIL}/token",
            credentials.ZENDESK_API_TOKEN,
        )
    return any(_signed_for(call, client) for client in _CLIENTS)


def is_admin(call: Call) -> bool:
    return call.basic is not None or _signed_for(call, credentials.ZENDESK_CLIENT)


def _signed_for(call: Call, client: str) -> bool:
    expires, _, _ = (call.bearer or "").partition(".")
    return (
        expires.isdigit()
        and int(expires) > call.now.timestamp()
        and call.bearer == _sign(client, int(expires))
    )


def _sign(client: str, expires: int) -> str:
    """A token that carries its own end, so that one handed out before a restart still opens."""
    return f"{expires}.{hashlib.sha256(f'{client}:{expires}:sandbox'.encode()).hexdigest()[:32]}"


def _form(call: Call) -> dict[str, str]:
    if "json" not in call.header("content-type"):
        return dict(parse_qsl(call.body.decode(errors="replace")))
    try:
        asked = json.loads(call.body)
    except ValueError:
        asked = None
    return {key: str(value) for key, value in asked.items()} if isinstance(asked, dict) else {}


def bad_token() -> dict[str, str]:
    return {
        "error": "invalid_token",
        "error_description": "The access token provided is expired, revoked, malformed or invalid.",
    }


def forbidden() -> Refusal:
    return Refusal(
        403,
        {
            "error": {
                "title": "Forbidden",
                "message": "You do not have access to this page. Please contact the account owner.",
            }
        },
    )


def too_many(wait_s: int) -> Refusal:
    body = {
        "error": "APIRateLimitExceeded",
        "description": "Number of allowed API requests per minute exceeded",
    }
    return Refusal(429, body, {"Retry-After": str(max(1, wait_s))})
