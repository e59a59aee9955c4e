"""Usage, tickets, contacts and billing: stored once, changed only by what is newer, found by account."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session

from scoring.accounts import AccountId, Money
from scoring.identity import MatchedBy
from scoring.records import (
    ActiveUser,
    Card,
    Contact,
    FeatureCount,
    Invoice,
    InvoiceState,
    Organisation,
    Rating,
    Subscription,
    SubscriptionState,
    Ticket,
    UsageDays,
)
from storage import accounts, billing, contacts, dirty, links, tickets, usage
from storage.engine import Database
from storage.sql import fetch
from storage.tables import UsageDayRow

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = 20_779  # 2026-11-22


@pytest.fixture
def ids(session: Session) -> tuple[AccountId, AccountId]:
    """Two accounts; Mixpanel, Zendesk and Stripe call them "acme" and "globex"."""
    names = ("acme", "globex")
    record = [Organisation(ref=each, name=each.title(), account_key=each) for each in names]
    accounts.create_or_update(session, record, source="stripe", at=NOW)
    by_key = accounts.by_key(session)
    for source in ("mixpanel", "zendesk", "hubspot"):
        for ref, link_id in links.ids(session, source, names, at=NOW).items():
            links.join(session, link_id, by_key[ref], by=MatchedBy.ID, at=NOW)
    return by_key["acme"], by_key["globex"]


def days(
    *days: int,
    counts: Sequence[tuple[int, str, str, int]] = (),
    users: Sequence[tuple[int, str, int]] = (),
    batch: int = 2,
) -> UsageDays:
    def batches(rows: Sequence, make: Callable) -> Iterator[list]:
        for start in range(0, len(rows), batch):
            yield [make(*row) for row in rows[start : start + batch]]

    return UsageDays(
        days=days, counts=batches(counts, FeatureCount), users=batches(users, ActiveUser)
    )


COUNTS = [
    (DAY, "acme", "report", 3),
    (DAY, "acme", "export", 1),
    (DAY, "globex", "report", 5),
    (DAY - 1, "acme", "report", 2),
]
USERS = [
    (DAY, "acme", 1),
    (DAY, "acme", -(2**63)),
    (DAY - 1, "acme", 1),
    (DAY, "globex", 2**63 - 1),
]


def test_usage_is_summed_by_account_and_day(session, ids):
    acme, globex = ids
    usage.replace_days(session, "mixpanel", days(DAY, DAY - 1, counts=COUNTS, users=USERS), at=NOW)
    window = {"since": DAY - 6, "until": DAY}
    assert usage.active_days(session, ids, **window) == {
        acme: {DAY: 4, DAY - 1: 2},
        globex: {DAY: 5},
    }
    assert usage.features_last_used(session, ids, **window) == {
        acme: {"report": DAY, "export": DAY},
        globex: {"report": DAY},
    }
    assert usage.active_users(session, ids, **window) == {acme: 2, globex: 1}
    assert usage.active_days(session, ids, since=DAY - 9, until=DAY - 2) == {}


def test_the_same_days_again_change_nothing(session, ids):
    changed = usage.replace_days(
        session, "mixpanel", days(DAY, DAY - 1, counts=COUNTS, users=USERS), at=NOW
    )
    assert len(changed) == 2
    again = days(DAY, DAY - 1, counts=COUNTS[::-1], users=USERS[::-1], batch=1)
    assert usage.replace_days(session, "mixpanel", again, at=NOW) == frozenset()


@pytest.mark.parametrize(
    ("counts", "users"),
    [
        ([(DAY, "acme", "report", 4), *COUNTS[1:]], USERS),
        (COUNTS[1:], USERS),
        ([*COUNTS, (DAY, "acme", "invite", 1)], USERS),
        (COUNTS, USERS[1:]),
        (COUNTS, [*USERS, (DAY, "acme", 7)]),
    ],
    ids=["a count", "a feature less", "a feature more", "a user less", "a user more"],
)
def test_one_account_that_changed_is_one_link(session, ids, counts, users):
    usage.replace_days(session, "mixpanel", days(DAY, DAY - 1, counts=COUNTS, users=USERS), at=NOW)
    changed = usage.replace_days(
        session, "mixpanel", days(DAY, DAY - 1, counts=counts, users=users), at=NOW
    )
    assert changed == {links.ids(session, "mixpanel", ["acme"], at=NOW)["acme"]}


def test_only_the_days_that_were_read_are_replaced(session, ids):
    acme, _ = ids
    usage.replace_days(session, "mixpanel", days(DAY, DAY - 1, counts=COUNTS), at=NOW)
    usage.replace_days(session, "mixpanel", days(DAY), at=NOW)
    assert usage.active_days(session, ids, since=DAY - 1, until=DAY) == {acme: {DAY - 1: 2}}


def test_another_sources_days_are_left_alone(session, ids):
    usage.replace_days(session, "mixpanel", days(DAY, counts=COUNTS[:1]), at=NOW)
    assert usage.replace_days(session, "hubspot", days(DAY), at=NOW) == frozenset()
    assert usage.active_days(session, ids, since=DAY, until=DAY) != {}


def test_a_crash_in_the_middle_leaves_the_old_day(db: Database):
    def broken() -> Iterator[list[FeatureCount]]:
        yield [FeatureCount(DAY, "acme", "report", 99)]
        raise ConnectionError

    with db.write() as session:
        usage.replace_days(session, "mixpanel", days(DAY, counts=COUNTS[:1]), at=NOW)
    with pytest.raises(ConnectionError), db.write() as session:
        usage.replace_days(
            session, "mixpanel", UsageDays(days=(DAY,), counts=broken(), users=iter(())), at=NOW
        )
    with db.write() as session:
        row = UsageDayRow.__table__
        assert [each[0] for each in fetch(session, sa.select(row.c["count"]))] == [3]
        assert (
            usage.replace_days(session, "mixpanel", days(DAY, counts=COUNTS[:1]), at=NOW)
            == frozenset()
        )


def test_old_days_are_forgotten_users_first(session, ids):
    acme, _ = ids
    usage.replace_days(session, "mixpanel", days(DAY, DAY - 1, counts=COUNTS, users=USERS), at=NOW)
    assert usage.prune(session, before_day_users=DAY, before_day_counts=DAY - 1) == 1
    assert usage.active_users(session, ids, since=DAY - 1, until=DAY - 1) == {}
    assert usage.active_days(session, ids, since=DAY - 1, until=DAY - 1) == {acme: {DAY - 1: 2}}


_counts = st.lists(
    st.tuples(
        st.sampled_from([DAY, DAY - 1]),
        st.sampled_from(["acme", "globex"]),
        st.sampled_from(["a", "b"]),
        st.integers(1, 3),
    ),
    max_size=6,
    unique_by=lambda row: row[:3],
)


@settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(before=_counts, after=_counts, batch=st.integers(1, 4))
def test_whatever_was_there_the_days_are_as_they_were_read(session, ids, before, after, batch):
    usage.replace_days(session, "mixpanel", days(DAY, DAY - 1, counts=before), at=NOW)
    changed = usage.replace_days(
        session, "mixpanel", days(DAY, DAY - 1, counts=after, batch=batch), at=NOW
    )
    table = UsageDayRow.__table__
    names = {
        link_id: ref
        for ref, link_id in links.ids(session, "mixpanel", ["acme", "globex"], at=NOW).items()
    }
    stored = {
        (row.day, names[row.link_id], row.feature, row[3])
        for row in fetch(session, sa.select(table))
    }
    assert stored == set(after)
    assert {names[each] for each in changed} == {row[1] for row in set(before) ^ set(after)}


TICKET = Ticket(id="1", account_ref="acme", is_open=True, created_at=NOW, updated_at=NOW, version=5)


def test_an_older_version_never_overwrites_a_newer(session, ids):
    acme, _ = ids
    newer = replace(TICKET, version=6, rating=Rating.BAD, escalation="urgent priority")
    assert len(tickets.upsert(session, "zendesk", [newer], at=NOW)) == 1
    assert tickets.upsert(session, "zendesk", [TICKET], at=NOW) == frozenset()
    assert tickets.upsert(session, "zendesk", [newer, TICKET], at=NOW) == frozenset()
    assert tickets.of_accounts(session, ids, since=NOW) == {acme: [newer]}


def test_a_deleted_ticket_does_not_come_back_by_an_old_reading(session, ids):
    tickets.upsert(session, "zendesk", [replace(TICKET, version=6, deleted=True)], at=NOW)
    tickets.upsert(session, "zendesk", [TICKET], at=NOW)
    assert tickets.of_accounts(session, ids, since=NOW) == {}


def test_open_tickets_are_found_whatever_their_age(session, ids):
    acme, _ = ids
    old = replace(TICKET, updated_at=NOW - 999 * HOUR)
    closed = replace(old, id="2", is_open=False)
    tickets.upsert(session, "zendesk", [old, closed], at=NOW)
    assert tickets.of_accounts(session, ids, since=NOW) == {acme: [old]}


def test_a_ticket_that_moves_touches_both_accounts(session, ids):
    acme, globex = ids
    tickets.upsert(session, "zendesk", [TICKET], at=NOW)
    moved = replace(TICKET, version=6, account_ref="globex")
    changed = tickets.upsert(session, "zendesk", [moved], at=NOW)
    assert dirty.mark_links(session, changed, at=NOW) == 2
    assert set(dirty.take(session, limit=9)) == {acme, globex}
    assert tickets.of_accounts(session, ids, since=NOW) == {globex: [moved]}


def test_a_ticket_of_nobody_is_kept_until_it_is_somebodys(session, ids):
    acme, _ = ids
    assert (
        tickets.upsert(session, "zendesk", [replace(TICKET, account_ref=None)], at=NOW)
        == frozenset()
    )
    assert tickets.of_accounts(session, ids, since=NOW) == {}
    tickets.upsert(session, "zendesk", [TICKET], at=NOW)
    assert tickets.of_accounts(session, ids, since=NOW) == {acme: [TICKET]}


def test_a_link_made_later_takes_past_records_along(session, ids):
    acme, _ = ids
    stray = replace(TICKET, account_ref="org-77")
    (link_id,) = tickets.upsert(session, "zendesk", [stray], at=NOW)
    assert dirty.mark_links(session, [link_id], at=NOW) == 0
    links.join(session, link_id, acme, by=MatchedBy.DOMAIN, at=NOW)
    assert tickets.of_accounts(session, ids, since=NOW) == {acme: [stray]}
    assert dirty.mark_links(session, [link_id], at=NOW) == 1


@settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(
    st.permutations([replace(TICKET, version=n, is_open=n % 2 == 0) for n in range(1, 6)]),
    st.integers(1, 3),
)
def test_tickets_read_in_any_order_and_page_size_end_alike(undone, readings, size):
    with undone() as session:
        accounts.create_or_update(
            session, [Organisation(ref="acme", name="Acme")], source="zendesk", at=NOW
        )
        for start in range(0, len(readings), size):
            tickets.upsert(session, "zendesk", readings[start : start + size], at=NOW)
        ((found,),) = tickets.of_accounts(session, accounts.active_ids(session), since=NOW).values()
        assert found.version == 5


def test_contacts_are_kept_by_their_newest_reading(session, ids):
    acme, _ = ids
    contact = Contact(
        id="c1", account_ref="acme", updated_at=NOW, last_sent_at=NOW - HOUR, last_replied_at=NOW
    )
    older = replace(contact, updated_at=NOW - HOUR, last_replied_at=None)
    assert len(contacts.upsert(session, "hubspot", [contact], at=NOW)) == 1
    assert contacts.upsert(session, "hubspot", [older], at=NOW) == frozenset()
    assert contacts.of_accounts(session, ids) == {acme: [contact]}
    contacts.upsert(session, "hubspot", [replace(contact, deleted=True)], at=NOW)
    assert contacts.of_accounts(session, ids) == {}


SUBSCRIPTION = Subscription(
    id="sub_1",
    account_ref="acme",
    state=SubscriptionState.ACTIVE,
    plan="Pro",
    mrr=Money(Decimal("4166.6667"), "usd"),
    started_at=NOW,
    renews_at=NOW + 999 * HOUR,
)
INVOICE = Invoice(
    id="in_1",
    account_ref="acme",
    state=InvoiceState.PAID,
    amount=Money(Decimal(50_000), "usd"),
    finalized_at=NOW,
    due_at=NOW,
    paid_at=NOW,
)


def test_subscriptions_come_back_as_they_went_in(session, ids):
    acme, _ = ids
    unpriced = replace(
        SUBSCRIPTION, id="sub_2", mrr=None, plan=None, state=SubscriptionState.ENDED, ended_at=NOW
    )
    assert (
        len(billing.upsert_subscriptions(session, "stripe", [SUBSCRIPTION, unpriced], at=NOW)) == 1
    )
    assert (
        billing.upsert_subscriptions(session, "stripe", [unpriced, SUBSCRIPTION], at=NOW)
        == frozenset()
    )
    assert billing.subscriptions(session, ids) == {acme: [SUBSCRIPTION, unpriced]}


def test_unpaid_invoices_are_found_whatever_their_age(session, ids):
    acme, _ = ids
    unpaid = replace(INVOICE, id="in_2", state=InvoiceState.OPEN, paid_at=None, failed_attempts=2)
    billing.upsert_invoices(session, "stripe", [INVOICE, unpaid], at=NOW)
    assert billing.invoices(session, ids, since=NOW + HOUR) == {acme: [unpaid]}
    assert billing.invoices(session, ids, since=NOW) == {acme: [INVOICE, unpaid]}


def test_a_card_is_replaced_by_the_next(session, ids):
    acme, _ = ids
    billing.upsert_cards(
        session, "stripe", [Card(account_ref="acme", expires_on=date(2026, 12, 31))], at=NOW
    )
    assert (
        len(
            billing.upsert_cards(
                session, "stripe", [Card(account_ref="acme", expires_on=None)], at=NOW
            )
        )
        == 1
    )
    assert billing.cards(session, ids) == {acme: [Card(account_ref="acme", expires_on=None)]}
