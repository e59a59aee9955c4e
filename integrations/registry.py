"""Registry: the sources there are, one line a vendor, and what became of those there are not."""

from collections.abc import Mapping
from types import MappingProxyType

from pydantic import BaseModel

from integrations.base import Clock, Source, SourceKind
from integrations.sources import (
    amplitude,
    csv,
    customerio,
    hubspot,
    intercom,
    mailchimp,
    mixpanel,
    sendgrid,
    stripe,
    surveymonkey,
    typeform,
    warehouse,
    zendesk,
)

SOURCES: Mapping[str, SourceKind] = MappingProxyType(
    {
        "amplitude": amplitude.SOURCE,
        "csv": csv.SOURCE,
        "customerio": customerio.SOURCE,
        "hubspot": hubspot.SOURCE,
        "intercom": intercom.SOURCE,
        "mailchimp": mailchimp.SOURCE,
        "mixpanel": mixpanel.SOURCE,
        "sendgrid": sendgrid.SOURCE,
        "stripe": stripe.SOURCE,
        "surveymonkey": surveymonkey.SOURCE,
        "typeform": typeform.SOURCE,
        "warehouse": warehouse.SOURCE,
        "zendesk": zendesk.SOURCE,
    }
)

# Tools people look for here that nobody can poll, and the way their data comes in all the same.
UNPOLLABLE: Mapping[str, str] = MappingProxyType(
    {
        "delighted": "Delighted closed on 30 June 2026. Import the file you exported from it with "
        "[sources.csv] and `bellwether import`.",
        "heap": "Heap has no API that can be read. Its data comes through Heap Connect: use [sources.warehouse].",
    }
)


def open_source(name: str, settings: BaseModel, *, clock: Clock, hash_key: bytes) -> Source:
    """The source, ready to be read. Keep it for as long as its settings hold: its request limits live in it.

    `hash_key` keys the hashes of end users; another key makes other people of them.
    """
    return SOURCES[name].open(settings, clock, hash_key)
