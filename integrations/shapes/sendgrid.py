"""SendGrid's events: what happened to one mail, and how a batch of them becomes people."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field

from integrations.mail import by_a_person
from integrations.payload import from_unix
from integrations.people import account_ref_of, person_hash
from scoring.records import Contact

TOLD = ("delivered", "open", "click")


def _read_instant(seconds: Any) -> datetime:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise ValueError("must be seconds since 1970")  # noqa: TRY004 - pydantic wants a ValueError
    return from_unix(seconds)


class Event(BaseModel, extra="allow"):
    """Something that happened to one mail. Custom arguments stand beside SendGrid's own fields."""

    email: str = Field(pattern="@", max_length=500)
    kind: str = Field(alias="event")
    at: Annotated[datetime, BeforeValidator(_read_instant)] = Field(alias="timestamp")
    id: str | None = Field(default=None, alias="sg_event_id")
    mail: str | None = Field(default=None, alias="sg_message_id")
    by_machine: bool = Field(default=False, alias="sg_machine_open")

    @property
    def person(self) -> str:
        return self.email.strip().lower()

    def argument(self, name: str) -> str | None:
        """A custom argument, None when it is not there. Raises ValueError when it holds something an id cannot be."""
        value = (self.model_extra or {}).get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise ValueError(f"{name}: is no id")  # noqa: TRY004 - a vendor's value is wrong, not our type
        return str(value).strip() or None


def is_told(row: Any) -> bool:
    """Whether it is an event we take, or nothing that could be read as one: kinds that will come are no mistakes."""
    kind = row.get("event") if isinstance(row, dict) else None
    return not isinstance(kind, str) or kind in TOLD


def contacts(
    events: Iterable[Event],
    *,
    account_id_arg: str,
    hash_key: bytes,
    silence_counts_from: datetime,
) -> Iterator[Contact]:
    """The people of a batch, with the last of each thing a person did or was sent.

    A delivery before `silence_counts_from` is not told: whoever is known to be mailed and to have
    done nothing is judged by that, and until then nobody knows what they did before we listened.
    """
    for person, deeds in _by_person([*events]).items():
        last = {each.kind: each.at for each in deeds}
        told = (each.argument(account_id_arg) for each in reversed(deeds))
        sent_at = last.get("delivered")
        yield Contact(
            id=person_hash(hash_key, person),
            # What the latest mail said that said anything.
            account_ref=next(filter(None, told), None) or account_ref_of(person),
            updated_at=deeds[-1].at,
            last_sent_at=sent_at if sent_at and sent_at >= silence_counts_from else None,
            last_opened_at=last.get("open"),
            last_clicked_at=last.get("click"),
        )


def _by_person(events: Sequence[Event]) -> dict[str, list[Event]]:
    """What each person did or was sent, oldest first; what machines did is left out."""
    delivered = {
        (each.mail, each.person): each.at
        for each in events
        if each.mail and each.kind == "delivered"
    }
    found: dict[str, list[Event]] = {}
    for each in sorted(events, key=lambda each: each.at):
        if not _is_by_machine(each, delivered.get((each.mail or "", each.person))):
            found.setdefault(each.person, []).append(each)
    return found


def _is_by_machine(event: Event, delivered_at: datetime | None) -> bool:
    """A delivery that was told in another batch is not known here, and its clicks count."""
    if event.kind == "click":
        return by_a_person(event.at, delivered_at) is None
    return event.kind == "open" and event.by_machine
