"""Contacts: told in pieces and in any order, they end as if everything had been known at once."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scoring.identity import MatchedBy
from scoring.records import Contact, Organisation
from storage import accounts, contacts, links

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DEEDS = ("last_sent_at", "last_opened_at", "last_clicked_at", "last_replied_at")


def an_account(session):
    accounts.create_or_update(
        session, [Organisation(ref="acme", name="Acme")], source="stripe", at=NOW
    )
    acme = accounts.by_key(session)["acme"]
    link = links.ids(session, "sendgrid", ["acme"], at=NOW)["acme"]
    links.join(session, link, acme, by=MatchedBy.ID, at=NOW)
    return acme


def deed(name: str, at: datetime) -> Contact:
    told: dict[str, Any] = {name: at}
    return Contact(id="ann", account_ref="acme", updated_at=at, **told)


def test_an_open_told_alone_keeps_when_the_mail_was_sent(session):
    acme = an_account(session)
    contacts.upsert(session, "sendgrid", [deed("last_sent_at", NOW)], at=NOW)
    contacts.upsert(session, "sendgrid", [deed("last_opened_at", NOW + HOUR)], at=NOW)
    [ann] = contacts.of_accounts(session, [acme])[acme]
    assert (ann.last_sent_at, ann.last_opened_at) == (NOW, NOW + HOUR)
    assert ann.updated_at == NOW + HOUR


def test_a_deed_that_arrives_late_is_taken_but_takes_nothing_back(session):
    acme = an_account(session)
    contacts.upsert(session, "sendgrid", [deed("last_opened_at", NOW)], at=NOW)
    late = [deed("last_opened_at", NOW - HOUR), deed("last_clicked_at", NOW - HOUR)]
    assert contacts.upsert(session, "sendgrid", late, at=NOW)
    [ann] = contacts.of_accounts(session, [acme])[acme]
    assert (ann.last_opened_at, ann.last_clicked_at) == (NOW, NOW - HOUR)
    assert contacts.upsert(session, "sendgrid", late, at=NOW) == frozenset()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    told=st.lists(st.tuples(st.sampled_from(DEEDS), st.integers(0, 9)), min_size=1, max_size=12),
    size=st.integers(1, 5),
)
def test_told_in_any_order_and_page_size_they_end_alike(undone, told, size):
    """Whatever comes first, every deed's last instant is known in the end."""
    with undone() as session:
        acme = an_account(session)
        deeds = [deed(name, NOW + hours * HOUR) for name, hours in told]
        for start in range(0, len(deeds), size):
            contacts.upsert(session, "sendgrid", deeds[start : start + size], at=NOW)
        [ann] = contacts.of_accounts(session, [acme])[acme]
        for name in DEEDS:
            hours = [each for deed_name, each in told if deed_name == name]
            assert getattr(ann, name) == (NOW + max(hours) * HOUR if hours else None)
