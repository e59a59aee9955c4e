"""How numbers, days, money and people are said: short, with a direction, never by colour alone.

A day is told in the zone of the `at` that is passed: an instant in the reader's zone gives the reader's days.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from math import ceil, floor

from bot.blocks import numbers
from bot.blocks.reader import reader
from bot.blocks.text import escape, plain
from scoring.accounts import Account, Money
from scoring.metrics.mrr import exponent, major
from scoring.playbooks import Task, WatchKind
from scoring.pursuit import UNTIL_WORSE
from scoring.readings import day_number
from scoring.rubric import Component, Rubric, Status

NAME = 80  # characters of an account's name; longer ones push the number off a phone's screen

COMPONENTS = {
    Component.USAGE: "Usage",
    Component.FEATURES: "Features",
    Component.SUPPORT: "Support",
    Component.ENGAGEMENT: "Engagement",
    Component.PAYMENT: "Payment",
}

# Worst first: the order in which statuses are listed.
STATUSES: tuple[Status | None, ...] = (*Status, None)

WATCHES = {
    WatchKind.WEEKLY_REVIEW: "weekly review",
    WatchKind.DAILY_MONITORING: "daily monitoring",
}

_SHAPES = {
    Status.HEALTHY: "🟢",
    Status.STABLE: "🔵",
    Status.AT_RISK: "🟠",
    Status.CRITICAL: "🔴",
    None: "⚪",
}
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_BARS = "▁▂▃▄▅▆▇█"
_GAP = "·"

HIDDEN = "–"
"""In an amount's place, for who may not see it; whole phrases are left out by `mrr` before it comes to that."""

_IN_AN_ADDRESS = str.maketrans({"&": "&amp;", "<": "%3C", ">": "%3E", "|": "%7C"})
_MEMBER, _CHANNEL = re.compile(r"[UW][A-Z0-9]+"), re.compile(r"[CG][A-Z0-9]+")


def name_of(account: Account) -> str:
    """The account's name for mrkdwn."""
    return escape(account.name, NAME) or "(no name)"


def plain_name_of(account: Account) -> str:
    """The account's name for a plain-text field."""
    return plain(account.name, NAME) or "(no name)"


def label(status: Status | None) -> str:
    return status.label if status else "Not enough data"


def shape(status: Status | None) -> str:
    return _SHAPES[status]


def score_text(value: float | None, status: Status | None, rubric: Rubric) -> str:
    """The score as people read it: whole, unless that would contradict its status (59.6 is At-risk, 60 is not)."""
    if value is None:
        return "no score"
    if status is None or rubric.status(whole(value)) is status:
        return str(whole(value))
    decimals = (floor(value * 10) / 10, ceil(value * 10) / 10)
    shown = next((each for each in decimals if rubric.status(each) is status), None)
    return str(whole(value)) if shown is None else numbers.decimal(shown, places=1)


def whole(value: float) -> int:
    """Rounded half up, as people do it."""
    return floor(value + 0.5)


def change_between(now: float | None, then: float | None) -> int | None:
    """The points between two scores as they are shown; None where one is not known."""
    return None if now is None or then is None else whole(now) - whole(then)


def arrow(change: float) -> str:
    """The direction and the signed points: ▲ +4, ▼ −12, ▬ 0."""
    sign = "▲ +" if change > 0 else "▼ −" if change < 0 else "▬ "
    return f"{sign}{number(abs(change))}"


def spoken(change: float | None) -> str:
    """The same for a screen reader: "up 4", "down 12", "unchanged"; empty where not known."""
    if change is None:
        return ""
    return f"{'up' if change > 0 else 'down'} {number(abs(change))}" if change else "unchanged"


def number(points: float) -> str:
    """Points without needless decimals: 20, 2.5."""
    return numbers.decimal(round(points, 1), places=1)


def percent(share: float) -> str:
    """A share of 1 as "75%"; only all of it reads 100%, only none of it 0%."""
    if 0 < share < 0.01:
        return "under 1%"
    return f"{whole(share * 100) if share >= 1 else min(99, whole(share * 100))}%"


def sees_money() -> bool:
    """Whether the reader may know what customers pay."""
    return reader().sees_money


def money(amount: Money) -> str:
    """$1,200 · €950 · SEK 1,200. Cents are shown on small odd amounts only; nothing where the reader may not see it."""
    if not sees_money():
        return HIDDEN
    value = major(amount)
    is_small = abs(value) < 100 and value != value.to_integral_value()
    places = exponent(amount.currency.lower()) if is_small else 0
    return numbers.amount(value, escape(amount.currency, 10), places=places)


def mrr(amounts: Money | Sequence[Money] | None) -> str:
    """MRR $1,200, with a plus between currencies; empty where there is none, or the reader may not see it."""
    listed = [amounts] if isinstance(amounts, Money) else (amounts or ())
    return f"MRR {sums(listed)}" if listed and sees_money() else ""


def sums(amounts: Iterable[Money]) -> str:
    """Amounts of several currencies, each on its own: "$1,200 + €950"."""
    return " + ".join(money(amount) for amount in amounts)


def count(number: int) -> str:
    """1,234, as the reader writes it."""
    return numbers.count(number)


def plural(count: int, noun: str) -> str:
    return f"{numbers.count(count)} {noun}{'' if count == 1 else 's'}"


def day(on: date, at: datetime) -> str:
    """4 Mar, with the year where it is another than now's."""
    year = "" if on.year == at.year else f" {on.year}"
    return f"{on.day} {_MONTHS[on.month - 1]}{year}"


def due(on: date, at: datetime) -> str:
    """How far a date is: today, tomorrow, in 5 days, 3 days ago."""
    days = (on - at.date()).days
    near = {0: "today", 1: "tomorrow", -1: "yesterday"}
    if days in near:
        return near[days]
    return f"in {plural(days, 'day')}" if days > 0 else f"{plural(-days, 'day')} ago"


def moment(at: datetime) -> str:
    """An instant in each reader's own zone, by Slack; UTC where Slack cannot."""
    utc = at.astimezone(UTC)
    fallback = f"{utc.day} {_MONTHS[utc.month - 1]} {utc.year}, {utc:%H:%M} UTC"
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} at {{time}}|{fallback}>"


def snoozed(until: datetime, at: datetime) -> str:
    """How long a snooze lasts: until 4 Mar, until it gets worse."""
    if until >= UNTIL_WORSE:
        return "until it gets worse"
    return f"until {day(until.astimezone(at.tzinfo).date(), at)}"


def span(length: timedelta) -> str:
    """12 min, 9 h, 3 days: the largest unit that is at least 1, rounded down (hours up to two days)."""
    minutes = max(0, int(length.total_seconds() // 60))
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else plural(minutes // (24 * 60), "day")


def freshness(title: str, last_ok_at: datetime | None, at: datetime) -> str:
    """How old a source's last complete answer is: "Mixpanel 9 h old"."""
    source = escape(title, 40)
    if last_ok_at is None:
        return f"{source} has not answered yet"
    age = at - last_ok_at
    return f"{source} just now" if age < timedelta(minutes=1) else f"{source} {span(age)} old"


def sparkline(trend: Sequence[tuple[int, float]], *, until: datetime) -> str:
    """A bar a day, 0 to 100, up to the day of `until`; a day without a score is a dot, none at all is empty."""
    last = day_number(until)
    bars = {on: _BARS[min(7, max(0, int(value * 8 // 100)))] for on, value in trend if on <= last}
    return "".join(bars.get(on, _GAP) for on in range(min(bars), last + 1)) if bars else ""


def mention(member: str | None) -> str:
    """A Slack user id as a mention; what is none stays harmless text."""
    if member and _MEMBER.fullmatch(member):
        return f"<@{member}>"
    return escape(member, NAME) if member else "somebody"


def place(target: str) -> str:
    """A channel or a member, as Slack shows them by their ids; what is neither stays harmless text."""
    return f"<#{target}>" if _CHANNEL.fullmatch(target) else mention(target)


def link(address: str, label: str) -> str:
    """A link to a web address; the label alone where it is something else."""
    said = escape(label, 60).replace("|", "¦")
    safe = address.translate(_IN_AN_ADDRESS)
    is_web = address.startswith(("https://", "http://")) and address.isprintable()
    return f"<{safe}|{said}>" if is_web and " " not in address and said else said


def csm_of(account: Account, csm_mention: str | None) -> str:
    """Who owns the account, as a mention where the member is known."""
    if csm_mention:
        return f"CSM {mention(csm_mention)}"
    return f"CSM {escape(account.csm_email, NAME)}" if account.csm_email else "no CSM yet"


def facts(account: Account, csm_mention: str | None, at: datetime) -> str:
    """MRR, plan, renewal and CSM in one line; what is not known is left out, but for the CSM."""
    known = [
        mrr(account.mrr),
        f"{escape(account.plan, 40)} plan" if account.plan else "",
        _renewal(account.renews_on, at) if account.renews_on and not account.churned_on else "",
        csm_of(account, csm_mention),
    ]
    return " · ".join(fact for fact in known if fact)


def task_line(task: Task, at: datetime, *, of: str = "") -> str:
    """A task and when it is due; `of` is the account's name where it is not clear."""
    late = " ⚠ overdue" if task.due_on < at.date() else ""
    where = f" · {of}" if of else ""
    return f"☐ {escape(task.title, 150)}{where} · due {day(task.due_on, at)} ({due(task.due_on, at)}){late}"


def _renewal(on: date, at: datetime) -> str:
    verb = "renews" if on >= at.date() else "renewal was"
    return f"{verb} {day(on, at)} ({due(on, at)})"
