"""Registry: the sources there are, one line a vendor."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel

from integrations.base import Clock, Source
from integrations.sources import hubspot, mixpanel, stripe, zendesk
from scoring.records import Kind


@dataclass(frozen=True, slots=True)
class SourceKind:
    """A vendor that can be a source: its title, what it tells, how often it is read, its settings, how it is opened."""

    title: str
    tells: frozenset[Kind]
    every: timedelta
    settings: type[BaseModel]
    open: Callable[[Any, Clock, bytes], Source]


SOURCES: Mapping[str, SourceKind] = MappingProxyType(
    {
        "hubspot": SourceKind(
            "HubSpot",
            hubspot.HubSpot.tells,
            timedelta(minutes=30),
            hubspot.Settings,
            hubspot.open_source,
        ),
        "mixpanel": SourceKind(
            "Mixpanel",
            mixpanel.Mixpanel.tells,
            timedelta(hours=4),
            mixpanel.Settings,
            mixpanel.open_source,
        ),
        "stripe": SourceKind(
            "Stripe",
            stripe.Stripe.tells,
            timedelta(minutes=15),
            stripe.Settings,
            stripe.open_source,
        ),
        "zendesk": SourceKind(
            "Zendesk",
            zendesk.Zendesk.tells,
            timedelta(minutes=15),
            zendesk.Settings,
            zendesk.open_source,
        ),
    }
)


def open_source(name: str, settings: BaseModel, *, clock: Clock, hash_key: bytes) -> Source:
    """The source, ready to be read. Keep it for as long as its settings hold: its request limits live in it.

    `hash_key` keys the hashes of end users; another key makes other people of them.
    """
    return SOURCES[name].open(settings, clock, hash_key)
