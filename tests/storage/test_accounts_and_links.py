"""Accounts come from the system of record; everything else is linked to them, at once or later."""

from datetime import UTC, date, datetime
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session

from scoring.accounts import Account, AccountId, Money
from scoring.identity import MatchedBy, match
from scoring.records import Organisation
from storage import accounts, links

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
LATER = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ACME = Organisation(
    ref="cus_1", name="Acme, Inc.", account_key="acme", domains=("acme.com", "gmail.com")
)
GLOBEX = Organisation(ref="cus_2", name="Globex GmbH", domains=("globex.com",))


def record(session: Session, *organisations: Organisation, at: datetime = NOW) -> None:
    accounts.create_or_update(session, organisations, source="stripe", at=at)


def only(session: Session) -> Account:
    (account_id,) = accounts.by_key(session).values()
    account = accounts.get(session, account_id)
    assert account is not None
    return account


def match_waiting(session: Session, source: str) -> None:
    for each in links.unmatched(session, source):
        found = match(
            account_key=each.account_key,
            domains=each.domains,
            accounts_by_key=accounts.by_key(session),
            accounts_by_domain=accounts.by_domain(session),
        )
        if found:
            links.join(session, each.link_id, found.account_id, by=found.by, at=NOW)


def test_the_system_of_record_makes_the_accounts(session):
    record(session, ACME, GLOBEX)
    assert set(accounts.by_key(session)) == {"acme", "cus_2"}
    acme = accounts.named(session, "ACME")
    assert acme is not None
    assert (acme.key, acme.name) == ("acme", "Acme, Inc.")
    assert [link.matched_by for link in links.of_account(session, acme.id)] == [MatchedBy.RECORD]


def test_telling_it_twice_changes_nothing(session):
    record(session, ACME, GLOBEX)
    before = accounts.by_ids(session, accounts.active_ids(session))
    record(session, ACME, GLOBEX, at=LATER)
    assert accounts.by_ids(session, accounts.active_ids(session)) == before


def test_organisations_with_one_key_are_one_account_named_after_the_smallest_ref(session):
    record(session, Organisation(ref="cus_9", name="Acme Europe", account_key="acme"))
    record(session, ACME)
    assert only(session).name == "Acme, Inc."


def test_an_account_given_a_key_later_keeps_its_history(session):
    record(session, GLOBEX)
    before = only(session).id
    record(session, Organisation(ref="cus_2", name="Globex GmbH", account_key="globex"))
    assert (only(session).id, only(session).key) == (before, "globex")


def test_an_account_whose_last_organisation_is_deleted_has_churned_until_it_is_back(session):
    record(session, ACME)
    record(session, Organisation(ref="cus_1", name="", deleted=True), at=LATER)
    assert only(session).churned_on == LATER.date()
    assert accounts.active_ids(session) == []
    record(session, ACME, at=LATER)
    assert only(session).churned_on is None


def test_an_organisation_nobody_knew_and_that_is_gone_makes_no_account(session):
    record(session, Organisation(ref="cus_1", name="", deleted=True))
    assert accounts.by_key(session) == {}
    assert links.unmatched(session) == []


def test_a_domain_two_accounts_have_identifies_neither(session):
    record(
        session, ACME, Organisation(ref="cus_3", name="Acme Labs", domains=("acme.com", "labs.com"))
    )
    assert set(accounts.by_domain(session)) == {"labs.com"}


def test_a_conflict_ends_when_one_of_them_gives_the_domain_up(session):
    record(session, ACME, Organisation(ref="cus_3", name="Acme Labs", domains=("acme.com",)))
    record(session, Organisation(ref="cus_3", name="Acme Labs", domains=("labs.com",)))
    assert accounts.by_domain(session) == {
        "acme.com": accounts.by_key(session)["acme"],
        "labs.com": accounts.by_key(session)["cus_3"],
    }


def test_a_free_mail_domain_identifies_nobody(session):
    record(session, ACME)
    assert set(accounts.by_domain(session)) == {"acme.com"}


def test_what_is_matched_by_domain_lends_its_other_domains_to_nobody(session):
    record(session, ACME)
    links.see(
        session,
        "zendesk",
        [Organisation(ref="7", name="Acme", domains=("acme.com", "acme.dev"))],
        at=NOW,
    )
    match_waiting(session, "zendesk")
    assert links.unmatched(session) == []
    assert set(accounts.by_domain(session)) == {"acme.com"}


def test_an_organisation_waits_until_something_matches_it(session):
    links.see(
        session, "zendesk", [Organisation(ref="7", name="Acme", domains=("acme.com",))], at=NOW
    )
    links.ids(session, "mixpanel", ["acme"], at=NOW)
    assert links.count_unmatched(session) == {"zendesk": 1, "mixpanel": 1}
    (waiting,) = links.unmatched(session, "zendesk", limit=5)
    assert (waiting.ref, waiting.name, waiting.domains) == ("7", "Acme", ("acme.com",))
    record(session, ACME)
    match_waiting(session, "zendesk")
    match_waiting(session, "mixpanel")
    acme = only(session).id
    assert links.count_unmatched(session) == {}
    assert links.linked_sources(session, [acme]) == {
        acme: frozenset({"stripe", "zendesk", "mixpanel"})
    }
    assert {link.source: link.matched_by for link in links.of_account(session, acme)} == {
        "stripe": MatchedBy.RECORD,
        "zendesk": MatchedBy.DOMAIN,
        "mixpanel": MatchedBy.ID,
    }


def test_asking_for_links_twice_gives_the_same(session):
    first = links.ids(session, "mixpanel", ["a", "b\x00", "b"], at=NOW)
    assert first["b\x00"] == first["b"] != first["a"]
    assert links.ids(session, "mixpanel", ["b", "a"], at=LATER) == {
        "a": first["a"],
        "b": first["b"],
    }


def test_a_link_that_is_described_again_keeps_its_account(session):
    record(session, ACME)
    links.ids(session, "zendesk", ["acme"], at=NOW)
    match_waiting(session, "zendesk")
    links.see(session, "zendesk", [Organisation(ref="acme", name="Acme")], at=LATER)
    assert links.unmatched(session) == []


def test_names_are_found_exactly_by_beginning_and_in_any_script(session):
    record(
        session,
        Organisation(ref="1", name="Acme"),
        Organisation(ref="2", name="Acme Labs"),
        Organisation(ref="3", name="Ácme Zürich"),
        Organisation(ref="4", name="株式会社東京"),
        Organisation(ref="5", name="Abacus"),
    )
    assert [each.key for each in accounts.starting_with(session, "acme", limit=9)] == [
        "1",
        "2",
        "3",
    ]
    assert [each.key for each in accounts.starting_with(session, "acm", limit=2)] == ["1", "2"]
    assert [each.key for each in accounts.starting_with(session, "株式", limit=9)] == ["4"]
    assert accounts.starting_with(session, "%", limit=9) == []
    assert accounts.named(session, "acme labs, inc") is not None
    assert accounts.named(session, "acme lab") is None
    assert len(accounts.names(session)) == 5


def test_a_name_two_accounts_have_names_neither(session):
    record(session, Organisation(ref="1", name="Acme"), Organisation(ref="2", name="ACME Inc"))
    assert accounts.named(session, "acme") is None


def test_a_book_of_business_is_found_however_the_address_is_written(session):
    record(session, ACME)
    accounts.set_crm(session, {only(session).id: ("Ann@Example.com", None)})
    assert accounts.owned_by(session, "ann@example.COM") == [only(session).id]


def test_billing_sets_and_clears_but_keeps_the_renewal_the_crm_gave(session):
    record(session, ACME)
    acme = only(session).id
    accounts.set_crm(session, {acme: ("ann@example.com", date(2027, 1, 31))})
    accounts.set_billing(session, {acme: ("Pro", Money(Decimal("1234.5678"), "usd"), None, None)})
    assert only(session).mrr == Money(Decimal("1234.5678"), "usd")
    assert (only(session).csm_email, only(session).renews_on) == (
        "ann@example.com",
        date(2027, 1, 31),
    )
    accounts.set_billing(session, {acme: (None, None, None, date(2026, 11, 1))})
    assert (only(session).plan, only(session).mrr, only(session).churned_on) == (
        None,
        None,
        date(2026, 11, 1),
    )
    assert accounts.count_active(session) == 0


def test_a_crm_that_says_nothing_leaves_what_is_there(session):
    record(session, ACME)
    acme = only(session).id
    accounts.set_crm(session, {acme: ("ann@example.com", None)})
    accounts.set_crm(session, {acme: (None, date(2027, 1, 31))})
    assert (only(session).csm_email, only(session).renews_on) == (
        "ann@example.com",
        date(2027, 1, 31),
    )


def test_the_crm_describes_an_account_through_all_its_companies(session):
    record(session, ACME)
    links.see(
        session,
        "hubspot",
        [
            Organisation(ref="1", name="Acme", domains=("acme.com",), renews_on=date(2027, 1, 31)),
            Organisation(ref="2", name="Acme", account_key="acme", csm_email="ann@example.com"),
            Organisation(ref="3", name="Prospect", csm_email="bob@example.com"),
        ],
        at=NOW,
    )
    match_waiting(session, "hubspot")
    assert links.described(session, "hubspot") == {
        only(session).id: ("ann@example.com", date(2027, 1, 31))
    }


_organisations = st.builds(
    Organisation,
    ref=st.sampled_from(["1", "2", "3", "4"]),
    name=st.sampled_from(["Acme", "Globex", "Initech"]),
    account_key=st.sampled_from([None, "a", "b"]),
    domains=st.lists(st.sampled_from(["acme.com", "globex.com", "gmail.com"]), max_size=2).map(
        tuple
    ),
)


@settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(
    st.lists(_organisations, max_size=4, unique_by=lambda each: each.ref).flatmap(
        lambda all_: st.tuples(st.just(all_), st.permutations(all_))
    )
)
def test_any_order_of_pages_gives_the_same_accounts(undone, orders):
    seen = []
    for order in orders:
        with undone() as session:
            for each in order:
                record(session, each)
            found = accounts.by_ids(session, accounts.active_ids(session)).values()
            keys: dict[AccountId, str] = {each.id: each.key for each in found}
            domains = {
                domain: keys[account_id]
                for domain, account_id in accounts.by_domain(session).items()
            }
            seen.append(({(each.key, each.name) for each in found}, domains))
    assert seen[0] == seen[1]
