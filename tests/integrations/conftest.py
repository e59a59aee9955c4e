from dataclasses import dataclass
from typing import Any

import pytest
from vendor_cases import CASES
from vendor_server import Clock, Server, serving

from integrations.base import Source
from integrations.registry import SOURCES, open_source


@dataclass
class Opened:
    """A source of ours, the vendor it reads, and the clock both go by."""

    name: str
    source: Source
    vendor: Any
    server: Server
    clock: Clock

    def pull(self, cursor=None):
        """Every page as plain values, usage read out of it."""
        return [told(page) for page in self.source.pull(cursor, now=self.clock.now())]

    def again(self, **settings):
        """The same, as another process would open it."""
        kind, case = SOURCES[self.name], CASES[self.name]
        given = {**case.settings, "base_url": self.server.url, **settings}
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
def opened(clock):
    """Opens a source by name, with its vendor behind a real socket."""
    with_servers = []

    def open_one(name, **settings):
        vendor = CASES[name].vendor()
        context = serving(vendor)
        server = context.__enter__()
        with_servers.append(context)
        return Opened(name, None, vendor, server, clock).again(**settings)

    yield open_one
    for context in with_servers:
        context.__exit__(None, None, None)
