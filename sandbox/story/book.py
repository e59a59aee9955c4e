"""The book of the story: its accounts, and what they did on which day."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import lru_cache

from sandbox.story import billing, mail
from sandbox.story.accounts import OWNERS, Account, Owner, account
from sandbox.story.activity import Deed, deeds
from sandbox.story.tickets import Ticket, tickets

_DAYS_OF_TICKETS_KEPT = 400
_MONTHS_OF_INVOICES_KEPT = 48


class Story:
    """What happened, to whom and when. `start` is the midnight (UTC) on which day 0 begins."""

    owners: Sequence[Owner] = OWNERS

    def __init__(self, accounts: int, seed: int, start: datetime) -> None:
        if start.tzinfo is None or accounts < 1:
            raise ValueError(
                f"a story needs accounts and a timezone-aware start: {accounts}, {start!r}"
            )
        self.start = start.replace(hour=0, minute=0, second=0, microsecond=0)
        self.seed = seed
        self.accounts: Sequence[Account] = tuple(account(index, seed) for index in range(accounts))
        self.tickets_of = lru_cache(_DAYS_OF_TICKETS_KEPT)(self._tickets_of)
        self.invoices_of = lru_cache(_MONTHS_OF_INVOICES_KEPT)(self._invoices_of)

    def day(self, at: datetime) -> int:
        """The day of the story an instant is in; negative before the start."""
        return (at - self.start).days

    def midnight(self, day: int) -> datetime:
        return self.start + timedelta(days=day)

    def known(self, now: datetime) -> Iterator[Account]:
        """The accounts that have signed up by now, those that left included."""
        return (one for one in self.accounts if billing.joined_at(one, self.start) <= now)

    def deeds(self, who: Account, day: int) -> list[Deed]:
        return deeds(who, day, self.midnight(day).weekday())

    def contacts(self, who: Account) -> list[mail.Contact]:
        return mail.contacts(who)

    def mailbox(self, contact: mail.Contact, now: datetime) -> mail.Mailbox:
        return mail.mailbox(contact, self.start, now)

    def _tickets_of(self, day: int) -> tuple[Ticket, ...]:
        """All tickets opened on a day, by id; there are none before day 0."""
        if day < 0:
            return ()
        midnight = self.midnight(day)
        return tuple(ticket for one in self.accounts for ticket in tickets(one, day, midnight))

    def _invoices_of(self, year: int, month: int) -> tuple[billing.Invoice, ...]:
        """All invoices of a calendar month, newest first."""
        found = (self._invoice_of(one, year, month) for one in self.accounts)
        return tuple(
            sorted(
                (one for one in found if one),
                key=lambda one: (one.created_at, one.account.index),
                reverse=True,
            )
        )

    def _invoice_of(self, who: Account, year: int, month: int) -> billing.Invoice | None:
        first = billing.joined_at(who, self.start)
        months = (year - first.year) * 12 + month - first.month
        if months < 0 or (who.yearly and months % 12):
            return None
        return billing.invoice(who, self.start, months // 12 if who.yearly else months)
