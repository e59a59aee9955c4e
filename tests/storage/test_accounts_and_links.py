"""Accounts come from the system of record; everything else is linked to them, at once or later."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session

from scoring.accounts import Account, AccountId, Money
from scoring.identity import MatchedBy, match
from scoring.records import Organisation
from storage import accounts, families, links, matches
from storage.sql import fetch
from storage.tables import LinkDomainRow

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


def by_domain(session: Session) -> dict[str, AccountId]:
    """The domains that surely belong to one account only."""
    known = {row.domain for row in fetch(session, sa.select(LinkDomainRow.__table__.c.domain))}
    claimed = matches.claims(session, known)
    return {domain: ids[0] for domain, ids in claimed.items() if len(ids) == 1}


def match_waiting(session: Session, source: str) -> None:
    for each in matches.waiting(session, source):
        found = match(
            account_key=each.account_key,
            domains=each.domains,
            accounts_by_key=accounts.by_key(session),
            accounts_by_domain=by_domain(session),
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
    assert matches.waiting(session) == []


def test_a_domain_two_accounts_have_identifies_neither(session):
    record(
        session,
        ACME,
        Organisation(
            ref="cus_3", name="Acme Labs", account_key="labs", domains=("acme.com", "labs.com")
        ),
    )
    assert set(by_domain(session)) == {"labs.com"}


def test_a_conflict_ends_when_one_of_them_gives_the_domain_up(session):
    labs = Organisation(ref="cus_3", name="Acme Labs", account_key="labs", domains=("acme.com",))
    record(session, ACME, labs)
    record(session, replace(labs, domains=("labs.com",)))
    assert by_domain(session) == {
        "acme.com": accounts.by_key(session)["acme"],
        "labs.com": accounts.by_key(session)["labs"],
    }


def test_a_free_mail_domain_identifies_nobody(session):
    record(session, ACME)
    assert set(by_domain(session)) == {"acme.com"}


def test_what_is_matched_by_domain_lends_its_other_domains_to_nobody(session):
    record(session, ACME)
    links.see(
        session,
        "zendesk",
        [Organisation(ref="7", name="Acme", domains=("acme.com", "acme.dev"))],
        at=NOW,
    )
    match_waiting(session, "zendesk")
    assert matches.waiting(session) == []
    assert set(by_domain(session)) == {"acme.com"}


def test_an_organisation_waits_until_something_matches_it(session):
    links.see(
        session, "zendesk", [Organisation(ref="7", name="Acme", domains=("acme.com",))], at=NOW
    )
    links.ids(session, "mixpanel", ["acme"], at=NOW)
    assert matches.count(session) == {"zendesk": 1, "mixpanel": 1}
    (waiting,) = matches.waiting(session, "zendesk", limit=5)
    assert (waiting.ref, waiting.name, waiting.domains) == ("7", "Acme", ("acme.com",))
    record(session, ACME)
    match_waiting(session, "zendesk")
    match_waiting(session, "mixpanel")
    acme = only(session).id
    assert matches.count(session) == {}
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
    assert matches.waiting(session) == []


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
    record(session, Organisation(ref="1", name="Acme", account_key="a"))
    record(session, Organisation(ref="2", name="ACME Inc", account_key="b"))
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
    st.lists(
        _organisations.map(lambda each: replace(each, account_key=each.account_key or "c")),
        max_size=4,
        unique_by=lambda each: each.ref,
    ).flatmap(lambda all_: st.tuples(st.just(all_), st.permutations(all_)))
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
                domain: keys[account_id] for domain, account_id in by_domain(session).items()
            }
            seen.append(({(each.key, each.name) for each in found}, domains))
    assert seen[0] == seen[1]


@settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(st.lists(_organisations, max_size=4, unique_by=lambda each: each.ref), st.integers(1, 4))
def test_no_organisation_without_a_key_makes_a_second_account(undone, told, size):
    """Each is an account, a part of one, or waits for a person; telling it again changes nothing."""
    with undone() as session:
        for _ in range(2):
            for start in range(0, len(told), size):
                record(session, *told[start : start + size])
        waiting = {each.ref for each in matches.waiting(session)}
        keys = accounts.by_key(session)
        for each in told:
            assert (each.ref in waiting) != ((each.account_key or each.ref) in keys)
        own = [each for each in told if each.ref in keys]
        domains = [{*each.domains} - {"gmail.com"} for each in own]
        assert sum(map(len, domains)) == len(set().union(*domains))


def test_a_customer_that_looks_like_an_account_waits_for_a_person(session):
    record(session, ACME, GLOBEX)
    record(session, Organisation(ref="cus_9", name="Acme Payments", domains=("acme.com",)))
    record(session, Organisation(ref="cus_8", name="GLOBEX"))
    record(session, Organisation(ref="cus_7", name="Globex", domains=("globex.io",)))
    assert set(accounts.by_key(session)) == {"acme", "cus_2", "cus_7"}
    assert {each.ref for each in matches.waiting(session)} == {"cus_9", "cus_8"}


def test_a_customer_that_a_person_joined_stays_joined(session):
    record(session, ACME)
    double = Organisation(ref="cus_9", name="Acme Payments", domains=("acme.com",))
    record(session, double)
    (waiting,) = matches.waiting(session)
    acme = accounts.by_key(session)["acme"]
    links.join(session, waiting.link_id, acme, by=MatchedBy.RECORD, at=NOW, member="U1")
    record(session, replace(double, name="Acme Pay"), at=LATER)
    assert accounts.by_key(session) == {"acme": acme}
    (_, link) = links.of_account(session, acme)
    assert (link.ref, link.linked_by) == ("cus_9", "U1")


def test_what_a_person_joined_does_not_rename_the_account(session):
    record(session, Organisation(ref="cus_5", name="Acme", domains=("acme.com",)))
    record(session, Organisation(ref="cus_2", name="Acme Payments", domains=("acme.com",)))
    (waiting,) = matches.waiting(session)
    acme = accounts.by_key(session)["cus_5"]
    links.join(session, waiting.link_id, acme, by=MatchedBy.RECORD, at=NOW, member="U1")
    record(session, Organisation(ref="cus_2", name="Acme Pay", domains=("acme.com",)), at=LATER)
    assert only(session).name == "Acme"


def test_another_system_of_record_makes_no_second_account_of_what_it_was_joined_to(session):
    record(session, ACME)
    theirs = Organisation(ref="77", name="Acme Inc", domains=("acme.com",))
    links.see(session, "hubspot", [theirs], at=NOW)
    match_waiting(session, "hubspot")
    accounts.create_or_update(session, [theirs], source="hubspot", at=LATER)
    assert only(session).key == "acme"


def test_an_organisation_that_loses_its_key_keeps_its_account(session):
    record(session, ACME)
    record(session, replace(ACME, account_key=None), at=LATER)
    assert only(session).key == "acme"


def test_a_customer_that_a_person_calls_its_own_becomes_an_account_and_stays_one(session):
    record(session, ACME)
    double = Organisation(
        ref="cus_9", name="Acme Payments", domains=("acme.com",), csm_email="ann@us.example"
    )
    record(session, double)
    (waiting,) = matches.waiting(session)
    made = accounts.found(session, waiting.link_id, member="U1", at=NOW)
    record(session, double, at=LATER)
    assert set(accounts.by_key(session)) == {"acme", "cus_9"}
    account = accounts.get(session, made)
    assert account is not None
    assert (account.name, account.csm_email) == ("Acme Payments", "ann@us.example")


def test_what_a_rule_joined_waits_again_when_the_vendor_says_otherwise(session):
    record(session, ACME, GLOBEX)
    theirs = Organisation(ref="7", name="Acme", account_key="acme")
    links.see(session, "zendesk", [theirs], at=NOW)
    match_waiting(session, "zendesk")
    acme = accounts.by_key(session)["acme"]
    assert matches.unsettle(session, "zendesk", [theirs]) == set()
    assert matches.unsettle(session, "zendesk", [replace(theirs, account_key="cus_2")]) == {acme}
    links.see(session, "zendesk", [replace(theirs, account_key="cus_2")], at=NOW)
    match_waiting(session, "zendesk")
    assert links.linked_sources(session, [acme])[acme] == {"stripe"}


def test_what_a_person_joined_stays_whatever_the_vendor_says(session):
    record(session, ACME)
    theirs = Organisation(ref="7", name="A.C.M.E.")
    links.see(session, "zendesk", [theirs], at=NOW)
    (waiting,) = matches.waiting(session)
    acme = accounts.by_key(session)["acme"]
    links.join(session, waiting.link_id, acme, by=MatchedBy.PERSON, at=NOW, member="U1")
    assert matches.unsettle(session, "zendesk", [replace(theirs, account_key="globex")]) == set()


def test_the_ignored_are_shown_no_more_until_somebody_joins_them(session):
    record(session, ACME)
    links.ids(session, "mixpanel", ["staging"], at=NOW)
    (waiting,) = matches.waiting(session)
    assert matches.ignore(session, waiting.link_id, member="U1", at=NOW)
    assert not matches.ignore(session, waiting.link_id, member="U2", at=NOW)
    assert matches.waiting(session) == []
    assert matches.count(session) == {}
    assert matches.one(session, waiting.link_id) is None


def test_mail_domains_wait_quietly(session):
    record(session, ACME)
    links.ids(session, "mailchimp", ["lead.example", "acme.com"], at=NOW)
    links.see(session, "mailchimp", [Organisation(ref="9", name="Described")], at=NOW)
    assert [each.ref for each in matches.waiting(session, quiet={"mailchimp"})] == ["9"]
    assert matches.count(session, quiet={"mailchimp"}) == {"mailchimp": 1}
    assert [each.ref for each in matches.hopeful(session)] == ["acme.com"]


def test_parents_come_from_the_crm_and_never_run_in_a_circle(session):
    companies = [
        Organisation(ref="1", name="Acme", account_key="a", parent_ref="2"),
        Organisation(ref="2", name="Acme Holding", account_key="b", parent_ref="3"),
        Organisation(ref="3", name="Acme World", account_key="c", parent_ref="1"),
    ]
    record(session, *companies)
    families.adopt(session, "stripe")
    ids = accounts.by_key(session)
    parents = {key: families.relatives(session, ids[key])[0] for key in ids}
    named = {key: parent.key for key, parent in parents.items() if parent}
    assert named == {"a": "b", "b": "c"}
    assert [each.key for each in families.relatives(session, ids["c"])[1]] == ["b"]
    with pytest.raises(families.CircleError):
        families.set_parent(session, ids["c"], ids["a"], member="U1")


def test_a_parent_that_the_crm_takes_back_is_none_any_more(session):
    part = Organisation(ref="3", name="Part", account_key="part", parent_ref="cus_1")
    record(session, ACME, part)
    families.adopt(session, "stripe")
    ids = accounts.by_key(session)
    assert families.relatives(session, ids["part"])[0] is not None
    families.adopt(session, "zendesk")  # which knows of no parents
    assert families.relatives(session, ids["part"])[0] is not None
    record(session, replace(part, parent_ref=None), at=LATER)
    families.adopt(session, "stripe")
    assert families.relatives(session, ids["part"])[0] is None


def test_what_a_member_said_of_a_parent_stays(session):
    record(session, ACME, GLOBEX, Organisation(ref="3", name="Holding", parent_ref="cus_1"))
    ids = accounts.by_key(session)
    families.set_parent(session, ids["3"], None, member="U1")
    families.adopt(session, "stripe")
    assert families.relatives(session, ids["3"])[0] is None
    families.set_parent(session, ids["3"], ids["cus_2"], member="U1")
    families.adopt(session, "stripe")
    parent = families.relatives(session, ids["3"])[0]
    assert parent is not None
    assert parent.key == "cus_2"
