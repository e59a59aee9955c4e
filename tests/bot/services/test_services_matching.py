"""Matching: what vendors call an organisation joins its account by id or domain, and never makes a second one."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from service_world import HOUR, NOON, SETTINGS, World, company, config_of, ticket

from scoring.identity import MatchedBy
from scoring.records import Contact, Organisation
from storage import links, matches, sources


@pytest.fixture
def world(db, tmp_path):
    return World(db, tmp_path, config=config_of(tmp_path, *SETTINGS))


def linked(world, key):
    """What stands for an account outside the system of record, as {(source, ref): how}."""
    with world.deps.db.read() as session:
        found = links.of_account(session, world.account(key).id)
    return {(each.source, each.ref): each.matched_by for each in found if each.source != "stripe"}


def waiting(world):
    with world.deps.db.read() as session:
        return {(each.source, each.ref) for each in matches.waiting(session)}


def group(ref, *, key=None, domains=()):
    return Organisation(ref=ref, name=ref, account_key=key, domains=domains)


def test_the_same_explicit_id_joins(world):
    world.sync("stripe", company("acme"))
    world.sync("zendesk", group("900", key="acme"))
    assert linked(world, "acme") == {("zendesk", "900"): MatchedBy.ID}


def test_the_same_domain_joins(world):
    world.sync("stripe", company("acme", domains=("acme.com",)))
    world.sync("zendesk", group("900", domains=("acme.com",)))
    assert linked(world, "acme") == {("zendesk", "900"): MatchedBy.DOMAIN}


def test_an_id_goes_before_a_domain(world):
    world.sync("stripe", company("acme", domains=("acme.com",)), company("globex"))
    world.sync("zendesk", group("900", key="globex", domains=("acme.com",)))
    assert linked(world, "globex") == {("zendesk", "900"): MatchedBy.ID}


@pytest.mark.parametrize("key", ["acme.com", "https://www.acme.com/", "ACME.com"])
def test_a_group_that_goes_by_the_customers_domain_joins(world, key):
    world.sync("stripe", company("acme", domains=("acme.com",)))
    world.sync("mixpanel", group(key, key=key))
    assert linked(world, "acme") == {("mixpanel", key): MatchedBy.DOMAIN}


def test_a_free_mail_domain_never_joins(world):
    world.sync("stripe", company("acme", domains=("gmail.com",)))
    world.sync("zendesk", group("900", domains=("gmail.com",)))
    assert waiting(world) == {("zendesk", "900")}


def test_a_domain_of_two_accounts_waits_for_a_person(world):
    world.sync(
        "stripe",
        company("acme", domains=("shared.com",)),
        company("globex", domains=("shared.com",)),
    )
    world.sync("zendesk", group("900", domains=("shared.com",)))
    assert waiting(world) == {("zendesk", "900")}


def test_domains_that_point_at_two_accounts_wait_for_a_person(world):
    world.sync(
        "stripe", company("acme", domains=("acme.com",)), company("globex", domains=("g.com",))
    )
    world.sync("zendesk", group("900", domains=("acme.com", "g.com")))
    assert waiting(world) == {("zendesk", "900")}


def test_an_empty_id_joins_nobody(world):
    world.sync("stripe", company("acme"), company(""))
    world.sync("zendesk", group("900", key=""))
    assert linked(world, "acme") == {}


def test_nothing_but_the_system_of_record_makes_an_account(world):
    world.sync("zendesk", group("900", key="acme", domains=("acme.com",)))
    world.sync("hubspot", group("1", key="acme", domains=("acme.com",)))
    world.sync("zendesk", ticket("acme", "negative", at=NOON))
    assert world.keys() == set()
    world.sync("stripe", company("acme"))
    assert world.keys() == {"acme"}


def test_a_late_link_takes_its_past_along_and_its_account_is_scored_anew(world):
    world.sync("zendesk", ticket("acme", "escalated", at=NOON))
    for name in ("mixpanel", "hubspot", "stripe"):
        world.sync(name)
    world.rescore()
    world.clock.at += HOUR
    world.sync("stripe", company("acme"))
    world.rescore()
    (support,) = [part for part in world.score("acme").parts if part.component == "support"]
    assert support.level == "escalated"


def test_a_link_that_comes_after_the_first_score_dirties_its_account(world):
    world.sync("stripe", company("acme"))
    world.sync("zendesk", ticket("900", "escalated", at=NOON, ref="900"))
    for name in ("mixpanel", "hubspot"):
        world.sync(name)
    world.rescore()
    assert "support" in world.score("acme").missing
    world.clock.at += HOUR
    world.sync("zendesk", group("900", key="acme"))
    assert world.rescore() == 1
    assert "support" not in world.score("acme").missing


def test_the_crm_says_who_owns_an_account_and_when_it_renews(world):
    world.sync("stripe", company("acme", csm=None))
    said = Organisation(
        ref="1", name="Acme", account_key="acme", csm_email="Erin@US.example", renews_on=NOON.date()
    )
    world.sync("hubspot", said)
    assert world.account("acme").csm_email == "erin@us.example"
    assert world.account("acme").renews_on == NOON.date()


ORGANISATIONS = st.lists(
    st.builds(
        Organisation,
        ref=st.sampled_from(["1", "2", "3"]),
        name=st.just("x"),
        account_key=st.sampled_from([None, "acme", "globex", "nobody"]),
        domains=st.lists(
            st.sampled_from(["acme.com", "globex.com", "gmail.com", "else.com"]), max_size=2
        ).map(tuple),
        deleted=st.booleans(),
    ),
    max_size=6,
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(told=ORGANISATIONS)
def test_whatever_the_others_say_there_are_no_more_accounts(world, told):
    world.sync("stripe", company("acme", domains=("acme.com",)), company("globex"))
    for each in told:
        world.sync("zendesk", each)
    assert world.keys() == {"acme", "globex"}
    with world.deps.db.read() as session:
        assert sources.cursor(session, "zendesk") is not None or not told


def test_a_domain_that_the_system_of_record_only_mentions_is_joined_like_any_other(world):
    """Intercom makes the accounts, and knows some people by nothing but their address."""
    contact = Contact(id="1", account_ref="acme.com", updated_at=NOON)
    world.sync("stripe", company("acme", domains=("acme.com",)), contact)
    with world.deps.db.read() as session:
        found = links.of_account(session, world.account("acme").id)
    assert {(each.ref, each.matched_by) for each in found} == {
        ("cus_acme", MatchedBy.RECORD),
        ("acme.com", MatchedBy.DOMAIN),
    }
    assert world.said() == []
