"""From what was observed to a level and its evidence in words: one function a component."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from scoring.readings import Engagement, Features, Missing, Payment, Support, Usage, day_number
from scoring.records import Contact, Invoice, InvoiceState, Rating, SubscriptionState, Ticket
from scoring.rubric import Rubric

# How much a contact's best answer counts. Opens weigh least: privacy features open mail by machine.
REPLY_WEIGHT, CLICK_WEIGHT, OPEN_WEIGHT = 5, 3, 1

# An account nobody has mailed for so long tells nothing by its silence.
UNMAILED_DAYS = 90


@dataclass(frozen=True, slots=True)
class Verdict:
    """A component's level and the evidence for it, in words a CSM would use."""

    level: str
    evidence: str


def judge_usage(usage: Usage, rubric: Rubric, at: datetime) -> Verdict:
    """Daily, weekly, monthly or inactive, by the days on which anybody was active.

    Today counts as soon as somebody is active; until then the seven days end yesterday. Without
    that, an account that works Monday to Friday would lose a day every night until its first login.
    """
    today = day_number(at)
    end = today if today in usage.active_days else today - 1
    week = _active(usage, end - 6, end)
    before = _active(usage, end - 13, end - 7)
    people = f"; {_plural(usage.users, 'active user')} in 30 days" if usage.users else ""
    if week >= rubric.usage_weekly_days:
        level = "daily" if week >= rubric.usage_daily_days else "weekly"
        was = f", was {before}" if before != week else ""
        return Verdict(level, f"active {week} of the last 7 days{was}{people}")
    if last := max((day for day in usage.active_days if today - 30 < day <= today), default=None):
        return Verdict("monthly", f"last active {_plural(today - last, 'day')} ago{people}")
    return Verdict("inactive", "nobody active in the last 30 days")


def judge_features(features: Features, rubric: Rubric, at: datetime) -> Verdict | Missing:
    """How many of the configured core features were used in the last 30 days."""
    core = rubric.core_features
    if not core:
        return Missing("no core features are configured")
    today = day_number(at)
    used = [name for name in core if today - 30 < features.last_used.get(name, today - 30) <= today]
    silent = [name for name in core if name not in used]
    share = len(used) / len(core)
    if not used:
        return Verdict("none", f"none of {len(core)} core features used in 30 days")
    level = (
        "all"
        if not silent
        else "most"
        if share >= rubric.features_most
        else "some"
        if share >= rubric.features_some
        else "few"
    )
    tail = f"; not: {', '.join(silent)}" if silent else ""
    return Verdict(level, f"{len(used)} of {len(core)} core features used in 30 days{tail}")


def judge_support(support: Support, rubric: Rubric, at: datetime) -> Verdict:
    """Escalated when an open ticket is; else the balance of the rated or sentiment-carrying tickets.

    A ticket's own rating goes before the help desk's reading of its text. No tickets: neutral.
    """
    living = [ticket for ticket in support.tickets if not ticket.deleted]
    escalated = [ticket for ticket in living if ticket.is_open and ticket.escalation]
    if escalated:
        why = ", ".join(sorted({ticket.escalation or "" for ticket in escalated}))
        return Verdict("escalated", f"{_plural(len(escalated), 'open ticket')} escalated ({why})")
    since = at - timedelta(days=rubric.support_window_days)
    recent = [ticket for ticket in living if since < ticket.updated_at <= at]
    if not recent:
        return Verdict("neutral", f"no tickets in {rubric.support_window_days} days")
    good, bad = _count(recent, Rating.GOOD), _count(recent, Rating.BAD)
    if not good and not bad:
        return Verdict("neutral", f"{_plural(len(recent), 'ticket')}, none judged good or bad")
    level = "positive" if good > bad else "negative" if bad > good else "neutral"
    return Verdict(
        level,
        f"{good} good and {bad} bad of {_plural(len(recent), 'ticket')} in {rubric.support_window_days} days",
    )


def judge_engagement(engagement: Engagement, rubric: Rubric, at: datetime) -> Verdict | Missing:
    """How warmly the mailed contacts answer: the mean weight of each one's best answer in the window.

    People are counted, not clicks. Contacts nobody has mailed in 90 days are left out; without
    any other the component is missing, for silence then says nothing.
    """
    weights = answers(engagement, rubric, at)
    if not weights:
        return Missing(f"nobody there was mailed in {UNMAILED_DAYS} days")
    mean = sum(weights) / len(weights)
    level = (
        "high"
        if mean >= rubric.engagement_high
        else "medium"
        if mean >= rubric.engagement_medium
        else "low"
        if mean > 0
        else "none"
    )
    said = [
        f"{weights.count(weight)} {verb}"
        for weight, verb in (
            (REPLY_WEIGHT, "replied"),
            (CLICK_WEIGHT, "clicked"),
            (OPEN_WEIGHT, "opened"),
        )
        if weight in weights
    ]
    people = _plural(len(weights), "contact")
    days = f"in {rubric.engagement_window_days} days"
    return Verdict(
        level,
        f"of {people} {', '.join(said)} {days}" if said else f"none of {people} answered {days}",
    )


def answers(engagement: Engagement, rubric: Rubric, at: datetime) -> list[int]:
    """What the best answer of each mailed contact weighs within the window; 0: none. Empty: nobody was mailed."""
    contacts = [each for each in engagement.contacts if not each.deleted and _was_mailed(each, at)]
    since = at - timedelta(days=rubric.engagement_window_days)
    return [_best_answer(each, since, at) for each in contacts]


def judge_payment(payment: Payment, rubric: Rubric, at: datetime) -> Verdict | Missing:
    """Failed, overdue, minor or current, by the worst thing that is true of its invoices and card."""
    running = [each for each in payment.subscriptions if each.state is not SubscriptionState.ENDED]
    if not running and not payment.invoices:
        return Missing("no subscription")
    if any(each.state is SubscriptionState.UNPAID for each in running):
        return Verdict("failed", "the subscription is unpaid")
    unpaid = [
        each
        for each in payment.invoices
        if each.state in {InvoiceState.OPEN, InvoiceState.UNCOLLECTIBLE}
    ]
    return (
        _worst_invoice(unpaid, rubric, at)
        or _small_trouble(payment, rubric, at)
        or Verdict("current", "all paid")
    )


def _worst_invoice(unpaid: Sequence[Invoice], rubric: Rubric, at: datetime) -> Verdict | None:
    if any(each.state is InvoiceState.UNCOLLECTIBLE for each in unpaid):
        return Verdict("failed", "an invoice was given up as uncollectible")
    failed = max((each.failed_attempts for each in unpaid), default=0)
    if failed:
        return Verdict(
            "failed", f"the last charge failed ({_plural(failed, 'attempt')}) and is not recovered"
        )
    late = max(((at - each.due_at).days for each in unpaid), default=0)
    if late >= rubric.payment_overdue_days:
        return Verdict("overdue", f"an invoice is {_plural(late, 'day')} past due")
    return Verdict("minor", f"an invoice is {_plural(late, 'day')} past due") if late >= 1 else None


def _small_trouble(payment: Payment, rubric: Rubric, at: datetime) -> Verdict | None:
    recovered = [
        each
        for each in payment.invoices
        if each.state is InvoiceState.PAID
        and each.failed_attempts
        and each.paid_at
        and at - each.paid_at < timedelta(days=30)
    ]
    if recovered:
        return Verdict("minor", "a failed charge went through on a later attempt")
    left = min(
        ((card.expires_on - at.date()).days for card in payment.cards if card.expires_on),
        default=None,
    )
    if left is None or left > rubric.card_expiry_days:
        return None
    return Verdict(
        "minor",
        f"the card expires in {_plural(left, 'day')}" if left >= 0 else "the card has expired",
    )


def _active(usage: Usage, first: int, last: int) -> int:
    return sum(1 for day in range(first, last + 1) if day in usage.active_days)


def _count(tickets: Sequence[Ticket], rating: Rating) -> int:
    return sum(1 for ticket in tickets if (ticket.rating or ticket.sentiment) is rating)


def _was_mailed(contact: Contact, at: datetime) -> bool:
    return contact.last_sent_at is not None and at - contact.last_sent_at <= timedelta(
        days=UNMAILED_DAYS
    )


def _best_answer(contact: Contact, since: datetime, until: datetime) -> int:
    answers = (
        (contact.last_replied_at, REPLY_WEIGHT),
        (contact.last_clicked_at, CLICK_WEIGHT),
        (contact.last_opened_at, OPEN_WEIGHT),
    )
    return next(
        (weight for answered_at, weight in answers if answered_at and since < answered_at <= until),
        0,
    )


def _plural(count: int | None, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count or 0} {noun}s"
