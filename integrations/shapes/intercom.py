"""Intercom's records as its API sends them, and what each of them tells."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field

from integrations.payload import from_unix
from integrations.people import account_ref_of
from scoring.identity import domain_of
from scoring.records import Contact, Organisation, Rating, Record, Ticket


def _instant(value: Any) -> datetime:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("it is no number of seconds since 1970")  # noqa: TRY004 - pydantic rejects for this one
    return from_unix(value)


_Unix = Annotated[datetime, BeforeValidator(_instant)]
_Maybe = Annotated[
    datetime | None, BeforeValidator(lambda at: None if at is None else _instant(at))
]
_Id = Annotated[str, Field(min_length=1)]


class Company(BaseModel):
    id: _Id
    company_id: str | None = None
    name: str | None = None
    website: str | None = None

    def told(self) -> Iterator[Record]:
        host = domain_of(self.website)
        yield Organisation(
            ref=self.id,
            name=self.name or host or self.company_id or f"Company {self.id}",
            account_key=self.company_id or None,
            domains=() if host is None else (host,),
        )


class _Reference(BaseModel):
    id: str | None = None


class _Companies(BaseModel):
    data: tuple[_Reference, ...] = ()


class Person(BaseModel):
    """A contact: a user or a lead. It belongs to its first company, or to where its address points."""

    id: _Id
    email: str | None = None
    updated_at: _Unix
    last_contacted_at: _Maybe = None
    last_email_opened_at: _Maybe = None
    last_email_clicked_at: _Maybe = None
    last_replied_at: _Maybe = None
    companies: _Companies | None = None

    @property
    def changed_at(self) -> datetime:
        instants = (
            self.updated_at,
            self.last_contacted_at,
            self.last_email_opened_at,
            self.last_email_clicked_at,
            self.last_replied_at,
        )
        return max(at for at in instants if at is not None)

    def told(self, since: datetime | None) -> Iterator[Record]:
        """What it tells, unless it has not changed since."""
        if since is not None and self.changed_at < since:
            return
        companies = self.companies.data if self.companies else ()
        company = next((each.id for each in companies if each.id), None)
        yield Contact(
            id=self.id,
            account_ref=company or account_ref_of(self.email),
            updated_at=self.changed_at,
            last_sent_at=self.last_contacted_at,
            last_opened_at=self.last_email_opened_at,
            last_clicked_at=self.last_email_clicked_at,
            last_replied_at=self.last_replied_at,
        )


class _Author(BaseModel):
    type: str | None = None
    email: str | None = None


class _Source(BaseModel):
    author: _Author | None = None


class _Tag(BaseModel):
    name: str | None = None


class _Tags(BaseModel):
    tags: tuple[_Tag, ...] = ()


class _Rating(BaseModel):
    rating: int | None = Field(default=None, strict=True, ge=1, le=5)

    @property
    def worth(self) -> Rating | None:
        """Intercom asks with five faces; it counts the two best as satisfied."""
        if self.rating is None:
            return None
        if self.rating == 3:  # the face in the middle
            return Rating.NEUTRAL
        return Rating.GOOD if self.rating > 3 else Rating.BAD


class Conversation(BaseModel):
    id: _Id
    state: Literal["open", "closed", "snoozed"]
    created_at: _Unix
    updated_at: _Unix
    priority: str | None = None
    company: _Reference | None = None
    source: _Source | None = None
    tags: _Tags | None = None
    conversation_rating: _Rating | None = None

    @property
    def account_ref(self) -> str | None:
        if self.company and self.company.id:
            return self.company.id
        author = self.source.author if self.source else None
        # What a teammate or a bot began carries an address of ours, which says nothing of the customer.
        is_customer = author is not None and author.type in {"user", "lead", "contact"}
        return account_ref_of(author.email) if author and is_customer else None

    def escalation(self, escalation_tags: tuple[str, ...]) -> str | None:
        if self.priority == "priority":
            return "marked as priority"
        names = (each.name for each in (self.tags.tags if self.tags else ()))
        tag = next((each for each in names if each in escalation_tags), None)
        return None if tag is None else f"tag {tag}"

    def told(self, since: datetime, escalation_tags: tuple[str, ...]) -> Iterator[Record]:
        """What it tells, unless it has not changed since."""
        if self.updated_at < since:
            return
        is_open = self.state != "closed"
        yield Ticket(
            id=self.id,
            account_ref=self.account_ref,
            is_open=is_open,
            created_at=self.created_at,
            updated_at=self.updated_at,
            version=int(self.updated_at.timestamp()),
            rating=self.conversation_rating.worth if self.conversation_rating else None,
            escalation=self.escalation(escalation_tags) if is_open else None,
        )


class _Next(BaseModel):
    starting_after: str | None = None


class _Pages(BaseModel):
    next: _Next | None = None


class Found(BaseModel):
    """What surrounds the rows of a search."""

    pages: _Pages | None = None

    @property
    def after(self) -> str | None:
        return self.pages.next.starting_after if self.pages and self.pages.next else None


class Scrolled(BaseModel):
    """What surrounds the rows of a scroll."""

    scroll_param: str | None = None
