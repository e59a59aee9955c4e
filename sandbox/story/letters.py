"""Letters: each mail of the story by itself, with what came of it; `mail` adds the same ones up."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.story import mail
from sandbox.story.accounts import Account
from sandbox.story.book import Story
from sandbox.story.dice import chance

LATEST_DEED = timedelta(hours=10)
"""Nobody opens or clicks later than this after a mail was sent."""
_SENT_AT = timedelta(hours=9)  # of its day
_EVERY_DAYS = 4
_BEHIND_PROXY, _BEHIND_GATEWAY = 0.3, 0.1


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail to one contact. None: it never happened."""

    contact: mail.Contact
    day: int
    sent_at: datetime
    opened_at: datetime | None
    clicked_at: datetime | None

    @property
    def opened_by_machine(self) -> bool:
        """A privacy proxy loads the pictures of this contact's mail, read or not."""
        return chance(self.contact.account.seed, self.contact.number, 45) < _BEHIND_PROXY

    @property
    def scanned(self) -> bool:
        """A gateway follows the links of this account's mail."""
        return chance(self.contact.account.seed, 46) < _BEHIND_GATEWAY


def letters(story: Story, since: datetime, until: datetime) -> Iterator[Letter]:
    """The mails sent in (since, until], and all that will have come of them."""
    first = max(story.day(since), 0)
    for day in range(first - first % -_EVERY_DAYS, story.day(until) + 1, _EVERY_DAYS):
        if since < story.midnight(day) + _SENT_AT <= until:
            for account in story.accounts:
                if _is_mailed(account, day):
                    yield from (_letter(story, each, day) for each in story.contacts(account))


def _is_mailed(account: Account, day: int) -> bool:
    ended = account.course.ended
    return account.joined <= day and (ended is None or day <= ended)


def _letter(story: Story, contact: mail.Contact, day: int) -> Letter:
    sent_at, box = story.midnight(day) + _SENT_AT, mail.Mailbox()
    mail.react(contact, box, day, sent_at, sent_at + LATEST_DEED)
    return Letter(contact, day, sent_at, box.opened_at, box.clicked_at)
