"""The stand-in vendors behind a real web server, and clients with the right credentials."""

import gzip
import json
import threading
import urllib.error
import urllib.parse
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import uvicorn
from starlette.applications import Starlette

from sandbox.clock import Clock
from sandbox.story import Story
from sandbox.vendors import Vendors, credentials

START = datetime(2026, 8, 24, tzinfo=UTC)
INSTALLED_AT = START + timedelta(days=90, hours=6)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Any
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class World:
    story: Story
    clock: Clock
    vendors: Vendors
    url: str

    def move(self, **ahead: float) -> None:
        self.clock.move(self.clock.now() + timedelta(**ahead))

    def ask(
        self, path: str, *, headers: dict[str, str] | None = None, body: Any = None, **query: Any
    ) -> Answer:
        asked = f"?{urllib.parse.urlencode(query, doseq=True)}" if query else ""
        url = path if path.startswith("http") else f"{self.url}{path}{asked}"
        data = None if body is None else json.dumps(body).encode()
        sent = {"Content-Type": "application/json", **(headers or {})}
        try:
            with urllib.request.urlopen(
                urllib.request.Request(url, data, sent), timeout=60
            ) as answer:
                return Answer(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.headers, error.read())

    def mixpanel(
        self, first: Any, last: Any, *, secret: str = credentials.MIXPANEL_SECRET, **query: Any
    ) -> Answer:
        headers = {"Accept-Encoding": "gzip", **basic(credentials.MIXPANEL_USER, secret)}
        query = {
            "project_id": credentials.MIXPANEL_PROJECT,
            "from_date": first,
            "to_date": last,
        } | query
        return self.ask("/mixpanel/api/2.0/export", headers=headers, **query)

    def events(self, first: Any, last: Any, **query: Any) -> list[Any]:
        answer = self.mixpanel(first, last, **query)
        assert answer.status == 200, answer.body
        packed = answer.headers["Content-Encoding"] == "gzip"
        text = gzip.decompress(answer.body) if packed else answer.body
        return [json.loads(line) for line in text.splitlines()]

    def token(self, client: str = credentials.ZENDESK_CLIENT) -> dict[str, str]:
        body = {"grant_type": "client_credentials", "client_id": client}
        body["client_secret"] = credentials.ZENDESK_CLIENT_SECRET
        return bearer(self.ask("/zendesk/oauth/tokens", body=body).json["access_token"])

    def zendesk(self, path: str, *, headers: dict[str, str] | None = None, **query: Any) -> Answer:
        return self.ask(f"/zendesk/api/v2/{path}", headers=headers or self.token(), **query)

    def stripe(self, path: str, key: str = credentials.STRIPE_KEY, **query: Any) -> Answer:
        return self.ask(f"/stripe/v1/{path}", headers=bearer(key), **query)

    def stripe_all(self, path: str, **query: Any) -> list[Any]:
        found: list[Any] = []
        while True:
            after = {"starting_after": found[-1]["id"]} if found else {}
            page = self.stripe(path, limit=100, **query, **after).json
            found += page["data"]
            if not page["has_more"]:
                return found

    def hubspot(
        self, path: str, token: str = credentials.HUBSPOT_TOKEN, body: Any = None, **query: Any
    ) -> Answer:
        return self.ask(f"/hubspot/crm/v3/{path}", headers=bearer(token), body=body, **query)

    def hubspot_all(self, kind: str, **query: Any) -> list[Any]:
        found, after = [], {}
        while True:
            page = self.hubspot(f"objects/{kind}", limit=100, **query, **after).json
            found += page["results"]
            if "paging" not in page:
                return found
            after = {"after": page["paging"]["next"]["after"]}

    def fault(self, vendor: str, kind: str, **more: Any) -> Answer:
        return self.ask("/sandbox/vendors/faults", body={"vendor": vendor, "kind": kind, **more})


@dataclass(frozen=True)
class StoryClock:
    """The story's time as an adapter asks it: while somebody waits, it passes."""

    world: World

    def now(self) -> datetime:
        return self.world.clock.now()

    def wait(self, seconds: float) -> None:
        self.world.move(seconds=seconds)


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def serve(accounts: int = 60, seed: int = 7, *, flowing: bool = False) -> Iterator[World]:
    story, clock = Story(accounts, seed, START), Clock(INSTALLED_AT, flowing=flowing)
    vendors = Vendors(story, clock)
    config = uvicorn.Config(
        Starlette(routes=vendors.mounts()), port=0, log_level="warning", ws="none"
    )
    server, ready = uvicorn.Server(config), threading.Event()
    listener = config.bind_socket()

    async def startup(sockets: Any = None, begin: Any = server.startup) -> None:
        await begin(sockets)
        ready.set()

    server.startup = startup
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    assert ready.wait(20)
    yield World(story, clock, vendors, f"http://127.0.0.1:{listener.getsockname()[1]}")
    server.should_exit = True
    thread.join(20)
