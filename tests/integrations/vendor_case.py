"""What the cases of all vendors share: where fixtures lie, the secret that lets us in, what a case is."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from vendor_server import Request

FIXTURES = Path(__file__).parent / "fixtures"
PAGE = 2  # vendors page two at a time here
SECRET = "s3cret-of-the-test"


@dataclass(frozen=True)
class Case:
    """A vendor, called with each request, and the settings that reach it; `secret` is the setting a wrong value is given to.

    `vendor().break_one()` spoils one record that the next full pull then rejects alone. The vendor of a source that is
    called has `calls()` too: the headers and bodies it posts, which count as told by every pull. Without a
    `secret` the source is not reached over HTTP: `vendor` is made with a folder to lie in, and its
    own `settings` are added.
    """

    vendor: Callable[..., Any]
    settings: dict[str, Any]
    secret: str | None = None
    reach: timedelta = timedelta(days=3650)  # how far back its fixtures go


def load(path: str) -> Any:
    return json.loads((FIXTURES / path).read_text())


def records(pages: list[Any]) -> list[Any]:
    return [each for page in pages for each in page["records"]]


def is_bearer(request: Request, token: str = SECRET) -> bool:
    return request.headers.get("authorization") == f"Bearer {token}"
