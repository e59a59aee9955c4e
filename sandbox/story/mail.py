"""Mail: the people at an account, what we send them every few days, and how they answer."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.story import names
from sandbox.story.accounts import Account
from sandbox.story.dice import chance, mix

_EVERY_DAYS = 4
_REPLY_EVERY = 2  # mails between two replies of a warm account's first contact
_CLICK_EVERY = 3  # mails between two clicks of a warm account's contact
_TO_CLICK, _TO_REPLY = timedelta(minutes=2), timedelta(minutes=30)
_OPENS = {
    3: 0.85,
    2: 0.7,
    1: 0.6,
    0: 0.0,
}  # chance that a mail is opened, by how warm the account is


@dataclass(frozen=True, slots=True)
class Contact:
    """A person at an account whom we write to."""

    account: Account
    number: int
    first: str
    last: str
    email: str

    @property
    def id(self) -> int:
        return 5_000_000 + self.account.index * 10 + self.number


@dataclass(slots=True)
class Mailbox:
    """What a contact's mail adds up to by some instant."""

    delivered: int = 0
    opened: int = 0
    clicked: int = 0
    sent_at: datetime | None = None
    opened_at: datetime | None = None
    clicked_at: datetime | None = None
    replied_at: datetime | None = None


def contacts(account: Account) -> list[Contact]:
    return [_contact(account, number) for number in range(min(2 + account.seats // 25, 8))]


def _contact(account: Account, number: int) -> Contact:
    first, last = names.person(account.seed, account.index, number)
    free = number and chance(account.seed, number, 40) < 0.05
    domain = "gmail.com" if free else account.domain
    return Contact(account, number, first, last, f"{first}.{last}{number or ''}@{domain}".lower())


def mailbox(contact: Contact, start: datetime, now: datetime) -> Mailbox:
    """Count what was sent, opened, clicked and answered up to `now`, from the contact's first mail on."""
    account, box = contact.account, Mailbox()
    last = (now - start).days
    ended = account.course.ended
    begin = max(account.joined, 0)
    for day in range(
        begin - begin % -_EVERY_DAYS, (last if ended is None else min(last, ended)) + 1, _EVERY_DAYS
    ):
        sent_at = start + timedelta(days=day, hours=9)
        if sent_at > now:
            break
        box.delivered += 1
        box.sent_at = sent_at
        react(contact, box, day, sent_at, now)
    return box


def react(contact: Contact, box: Mailbox, day: int, sent_at: datetime, now: datetime) -> None:
    """Note in the mailbox what the contact did by `now` with the mail of a day."""
    account, number = contact.account, contact.number
    warmth, mail = account.course.mail.on(day), day // _EVERY_DAYS
    opened_at = sent_at + timedelta(minutes=mix(account.seed, number, mail, 41) % 500 + 5)
    turn = mail + account.index
    clicks = warmth == 3 and (turn + number) % _CLICK_EVERY == 0
    # A lukewarm account is one where only the first contact still looks.
    looks = warmth > 1 or number == 0
    if opened_at <= now and (
        clicks or (looks and chance(account.seed, number, mail, 42) < _OPENS[warmth])
    ):
        box.opened += 1
        box.opened_at = opened_at
    if clicks and opened_at + _TO_CLICK <= now:
        box.clicked += 1
        box.clicked_at = opened_at + _TO_CLICK
    if warmth == 3 and number == 0 and turn % _REPLY_EVERY == 0 and opened_at + _TO_REPLY <= now:
        box.replied_at = opened_at + _TO_REPLY
