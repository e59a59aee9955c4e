"""Zendesk's records as its API sends them, and what those tell that need no settings."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from integrations.payload import Instant, from_unix
from scoring.identity import domain_of
from scoring.records import Organisation, Rating, Record

_CLOSED = frozenset({"solved", "closed", "deleted"})
_MERGED = "closed_by_merge"  # the tag Zendesk leaves on a ticket that went up in another
_RATINGS = {
    f"{score}{ending}": rating
    for score, rating in (("good", Rating.GOOD), ("bad", Rating.BAD))
    for ending in ("", "_with_comment", "_without_comment")
}
_SENTIMENT = "sentiment__"
_SENTIMENTS = {
    "very_negative": Rating.BAD,
    "negative": Rating.BAD,
    "neutral": Rating.NEUTRAL,
    "positive": Rating.GOOD,
    "very_positive": Rating.GOOD,
}


class OrganisationRow(BaseModel):
    id: int
    name: str
    external_id: str | None = None
    domain_names: tuple[str, ...] = ()
    deleted_at: Instant | None = None

    def told(self) -> Iterator[Record]:
        yield Organisation(
            ref=str(self.id),
            name=self.name,
            account_key=self.external_id or None,
            domains=tuple(host for each in self.domain_names if (host := domain_of(each))),
            deleted=self.deleted_at is not None,
        )


class _CustomField(BaseModel):
    id: int
    value: Any = None


class _Score(BaseModel):
    score: str


class _Origin(BaseModel):
    rel: str | None = None


class _Via(BaseModel):
    source: _Origin | None = None


class TicketRow(BaseModel):
    """A deleted ticket keeps little more than its id and when it was generated."""

    id: int
    status: str
    generated_timestamp: int
    organization_id: int | None = None
    priority: str | None = None
    created_at: Instant | None = None
    updated_at: Instant | None = None
    tags: tuple[str, ...] = ()
    custom_fields: tuple[_CustomField, ...] = ()
    satisfaction_rating: _Score | None = None
    via: _Via | None = None

    @property
    def generated_at(self) -> datetime:
        return from_unix(self.generated_timestamp)

    @property
    def is_open(self) -> bool:
        return self.status not in _CLOSED

    @property
    def is_gone(self) -> bool:
        """Deleted, or merged away: then all of it is in the ticket it went up in, and counts there.

        A follow-up copies the tags of the ticket it follows, this one too.
        """
        origin = self.via.source.rel if self.via and self.via.source else None
        is_merged = self.status == "closed" and _MERGED in self.tags and origin != "follow_up"
        return self.status == "deleted" or is_merged

    @property
    def rating(self) -> Rating | None:
        return _RATINGS.get(self.satisfaction_rating.score) if self.satisfaction_rating else None

    def sentiment(self, field: int | None) -> Rating | None:
        for each in self.custom_fields:
            if each.id == field and isinstance(each.value, str):
                return _SENTIMENTS.get(each.value.removeprefix(_SENTIMENT))
        return None

    def escalation(self, escalation_tags: tuple[str, ...]) -> str | None:
        if self.priority == "urgent":
            return "urgent priority"
        tag = next((each for each in self.tags if each in escalation_tags), None)
        return None if tag is None else f"tag {tag}"


class _Option(BaseModel):
    value: str


class TicketField(BaseModel):
    id: int
    title: str = ""
    custom_field_options: tuple[_Option, ...] | None = None

    @property
    def is_sentiment(self) -> bool:
        options = self.custom_field_options or ()
        return any(each.value.startswith(_SENTIMENT) for each in options)


class OrganisationPage(BaseModel):
    end_time: int | None = None
    count: int = 0
    end_of_stream: bool | None = None

    def is_last(self, size: int) -> bool:
        return self.count < size if self.end_of_stream is None else self.end_of_stream


class TicketPage(BaseModel):
    after_cursor: str | None = None
    end_of_stream: bool


class _Meta(BaseModel):
    has_more: bool = False
    after_cursor: str | None = None


class ListPage(BaseModel):
    """What surrounds the rows of a list that is paged by cursor."""

    meta: _Meta | None = None

    @property
    def after(self) -> str | None:
        return self.meta.after_cursor if self.meta and self.meta.has_more else None
