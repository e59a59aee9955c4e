"""Webhooks: what a source is that the vendor calls, and how it refuses what is not the vendor's."""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Protocol, runtime_checkable

from pydantic import BaseModel, Field

from integrations.base import Page, Source


class WebhookRefusedError(Exception):
    """What came was not taken. The sentence says why, without a word of what came; `status` is the answer to it."""

    def __init__(self, sentence: str, status: HTTPStatus) -> None:
        super().__init__(sentence)
        self.status = status


class CalledSettings(BaseModel, frozen=True, extra="forbid"):
    """What the settings of every source have that is called."""

    webhook_url: str | None = Field(
        default=None,
        description="The address the vendor is to call, if it is not public_url of [web] with "
        "/webhooks/ and the source's name.",
    )


@runtime_checkable
class Listener(Source, Protocol):
    """A source the vendor calls. Its `pull` proves that it would be called: silence then means that nothing happened."""

    def receive(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> Page:
        """Read what the vendor posted; the page's cursor means nothing.

        Nothing is read before the vendor is proved to have sent it. Reading it twice changes
        nothing. Raises WebhookRefusedError.
        """
