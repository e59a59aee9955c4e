"""What a caller sent: query, form and JSON arguments as one, whatever the SDK chose to put where."""

import json
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request

from sandbox.slack.errors import SlackError


class Args:
    """Arguments by name. JSON inside a form field is unpacked where a method asks for data."""

    def __init__(self, given: dict[str, Any]) -> None:
        self._given = {name: value for name, value in given.items() if value is not None}

    def __contains__(self, name: str) -> bool:
        return name in self._given

    def need(self, name: str) -> str:
        """Raises invalid_arguments when it is not there."""
        value = self.text(name)
        if not value:
            wanted = f"[ERROR] missing required field: {name}"
            raise SlackError("invalid_arguments", response_metadata={"messages": [wanted]})
        return value

    def text(self, name: str, default: str = "") -> str:
        value = self._given.get(name, default)
        return value if isinstance(value, str) else json.dumps(value)

    def flag(self, name: str) -> bool:
        return self.text(name).lower() in {"1", "true"}

    def number(self, name: str, default: int) -> int:
        text = self.text(name)
        if text and not text.isdecimal():
            raise SlackError("invalid_arguments")
        return int(text or default)

    def data(self, name: str) -> Any:
        """A structure, sent as JSON or as a string of JSON. None when it is not there."""
        value = self._given.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError:
            raise SlackError(
                f"invalid_{name}_format" if name == "blocks" else "invalid_arguments"
            ) from None


async def read(request: Request) -> Args:
    """Merge what stands in the query and in the body, and the token of the header."""
    given: dict[str, Any] = dict(request.query_params)
    body = await request.body()
    if "json" in request.headers.get("content-type", ""):
        given |= json.loads(body or b"{}")
    else:
        given |= dict(parse_qsl(body.decode(), keep_blank_values=True))
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        given["token"] = token
    return Args(given)
