from dataclasses import dataclass
from typing import Any

import pytest
from vendor_cases import CASES
from vendor_server import Clock, Server, serving

from integrations.base import Source
from integrations.registry import SOURCES, open_source
from integrations.webhooks import Listener


@dataclass
class Opened:
    """A source of ours, the vendor it reads, and the clock both go by."""

    name: str
    source: Source
    vendor: Any
    server: Server | None
    clock: Clock

    def pull(self, cursor=None):
        """Every page as plain values, usage read out of it; with what a source is called with, if it is one that is."""
        pulled = [told(page) for page in self.source.pull(cursor, now=self.clock.now())]
        return pulled + [self.receive(*call) for call in self._calls()]

    def receive(self, headers, body):
        return told(self.source.receive(headers, body, now=self.clock.now()))

    def _calls(self):
        return self.vendor.calls() if isinstance(self.source, Listener) else ()

    def again(self, **settings):
        """The same, as another process would open it."""
        kind, case = SOURCES[self.name], CASES[self.name]
        reached = {"base_url": self.server.url} if self.server else self.vendor.settings
        given = {**case.settings, **reached, **settings}
        self.source = open_source(
            self.name, kind.settings(**given), clock=self.clock, hash_key=b"key"
        )
        return self


def told(page):
    usage = page.usage and (
        page.usage.days,
        tuple(each for batch in page.usage.counts for each in batch),
        tuple(each for batch in page.usage.users for each in batch),
    )
    return {
        "cursor": dict(page.cursor),
        "records": page.records,
        "usage": usage,
        "rejected": page.rejected,
        "requests": page.requests,
        "progress": page.progress,
    }


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def opened(clock, tmp_path):
    """Opens a source by name, with its vendor behind a real socket."""
    with_servers = []

    def open_one(name, **settings):
        if CASES[name].secret is None:
            vendor = CASES[name].vendor(tmp_path)
            return Opened(name, None, vendor, None, clock).again(**settings)
        vendor = CASES[name].vendor()
        context = serving(vendor)
        server = context.__enter__()
        with_servers.append(context)
        return Opened(name, None, vendor, server, clock).again(**settings)

    yield open_one
    for context in with_servers:
        context.__exit__(None, None, None)
