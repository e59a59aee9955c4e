"""Mail: what one message says of the person it went to, whichever tool sent it."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from email.utils import parseaddr

from integrations.people import account_ref_of
from scoring.records import Contact

# Link scanners follow every link as soon as a message is delivered; nobody reads that fast.
SCANNED_WITHIN = timedelta(seconds=10)


def address_in(text: str | None) -> str | None:
    """The address in `Jo Doe <jo@acme.example>` or a bare one; None where there is none."""
    address = parseaddr(text or "")[1]
    return address if "@" in address else None


def by_a_person(clicked_at: datetime | None, delivered_at: datetime | None) -> datetime | None:
    """The click, unless it came so soon after the delivery that a machine made it."""
    if clicked_at is None or delivered_at is None:
        return clicked_at
    return clicked_at if clicked_at - delivered_at >= SCANNED_WITHIN else None


def told_by_mail(
    person: str,
    address: str | None,
    *,
    sent_at: datetime | None = None,
    opened_at: datetime | None = None,
    clicked_at: datetime | None = None,
) -> Iterator[Contact]:
    """The contact as one message shows them; none when nothing came of it, not even a delivery.

    What other messages showed is kept where contacts are stored: a partial one moves only what it has.
    """
    happened = [at for at in (sent_at, opened_at, clicked_at) if at is not None]
    if happened:
        yield Contact(
            id=person,
            account_ref=account_ref_of(address),
            updated_at=max(happened),
            last_sent_at=sent_at,
            last_opened_at=opened_at,
            last_clicked_at=clicked_at,
        )
