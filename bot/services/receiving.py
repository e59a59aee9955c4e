"""Receiving: what a vendor called us with, proved to be the vendor's and stored before it is answered."""

from collections.abc import Mapping

import structlog

from bot.deps import Deps
from bot.services import barring, syncing
from integrations.webhooks import Listener
from storage import dirty, sources

log = structlog.get_logger(__name__)

PATIENCE_S = 2.0  # whoever calls calls again


def listeners(deps: Deps) -> Mapping[str, Listener]:
    """The configured sources that are called, by name."""
    return {name: each for name, each in deps.sources.items() if isinstance(each, Listener)}


def receive(deps: Deps, name: str, headers: Mapping[str, str], body: bytes) -> None:
    """Take what a source was called with. When this returns, it is stored.

    The cursor and the source's state stay what they are: they tell of pulls. Raises
    WebhookRefusedError, and whatever the database raises.
    """
    at = deps.clock.now()
    page = listeners(deps)[name].receive(headers, body, now=at)
    with deps.db.write(patience_s=PATIENCE_S) as session:
        page = barring.without_erased(session, deps, name, page)
        dirty.mark_links(session, syncing.store_activity(session, name, page, at=at), at=at)
        sources.reject(session, name, page.rejected, at=at)
        told, unread = len(page.records), len(page.rejected)
        sources.add_to_run(session, name, records=told, rejected=unread)
    log.debug("received", source=name, records=told, rejected=unread)
