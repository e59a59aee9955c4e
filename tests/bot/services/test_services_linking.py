"""Linking: what people say of who is who holds, is kept with who said it, and takes past records along."""

import pytest
from service_world import ADMIN, DANA, NOON, SETTINGS, World, company, config_of, ticket

from bot.blocks.kit import as_text
from bot.blocks.matches import render_queue
from bot.commands import registry
from bot.services import linking
from bot.services.errors import UserError
from scoring.identity import MatchedBy
from scoring.records import Contact, Organisation
from storage import audit, families, links, matches


@pytest.fixture
def database_url(sqlite_url):
    """What differs between the two is told in tests/storage."""
    return sqlite_url


@pytest.fixture
def world(db, tmp_path):
    return World(db, tmp_path, config=config_of(tmp_path, *SETTINGS))


def queue(world):
    with world.deps.db.read() as session:
        return linking.queue(session, world.deps)


def waiting(world):
    return {each.waiting.ref: each for each in queue(world).rows}


def names(pending):
    return [(each.account.name, each.why) for each in pending.candidates]


def linked(world, key):
    with world.deps.db.read() as session:
        found = links.of_account(session, world.account(key).id)
    return {(each.source, each.ref): (each.matched_by, each.linked_by) for each in found}


def say(world, text):
    return as_text(registry.answer(world.deps, DANA, text))


def test_a_name_that_is_alike_is_suggested_and_joins_nothing(world):
    world.sync("stripe", company("initech"))
    world.sync("zendesk", Organisation(ref="900", name="Initech GmbH"))
    assert names(waiting(world)["900"]) == [("Initech", "its name is alike (100%)")]
    assert ("zendesk", "900") not in linked(world, "initech")


def test_a_confirmed_link_remembers_who_made_it_and_takes_past_records_along(world):
    world.begin(initech="positive")
    world.sync("zendesk", Organisation(ref="900", name="Initec"))
    world.sync("zendesk", ticket("initech", "escalated", at=world.clock.at, ref="900"))
    world.rescore()
    before = world.score("initech").value
    found = waiting(world)["900"]
    linking.confirm(world.deps, DANA, found.waiting.link_id, world.account("initech").id)
    assert linked(world, "initech")[("zendesk", "900")] == (MatchedBy.PERSON, DANA.id)
    world.rescore()
    assert world.score("initech").value < before
    with world.deps.db.read() as session:
        (entry,) = audit.recent(session, limit=1)
    assert (entry.member, entry.what, entry.allowed) == (DANA.id, "link", True)
    assert entry.detail == {"link": "zendesk:900", "account": "initech"}


def test_not_the_same_is_never_suggested_nor_joined_again(world):
    world.sync("stripe", company("initech", domains=("initech.com",)))
    world.sync("zendesk", Organisation(ref="900", name="Initech"))
    found = waiting(world)["900"]
    linking.refuse(world.deps, DANA, found.waiting.link_id, [world.account("initech").id])
    assert names(waiting(world)["900"]) == []
    world.sync("zendesk", Organisation(ref="900", name="Initech", domains=("initech.com",)))
    assert ("zendesk", "900") not in linked(world, "initech")


def test_what_is_ignored_is_gone_from_the_queue_and_can_still_be_linked(world):
    world.sync("stripe", company("initech"))
    world.sync("mixpanel", Organisation(ref="staging", name=""))
    linking.ignore(world.deps, DANA, waiting(world)["staging"].waiting.link_id)
    assert queue(world).total == 0
    assert "Mixpanel staging is Initech now" in say(world, "link initech mixpanel:staging")
    assert linked(world, "initech")[("mixpanel", "staging")] == (MatchedBy.PERSON, DANA.id)


def test_a_second_press_hears_that_it_waits_no_longer(world):
    world.sync("stripe", company("initech"))
    world.sync("zendesk", Organisation(ref="900", name="Initech"))
    link_id = waiting(world)["900"].waiting.link_id
    linking.ignore(world.deps, DANA, link_id)
    for press in (
        lambda: linking.ignore(world.deps, DANA, link_id),
        lambda: linking.confirm(world.deps, DANA, link_id, world.account("initech").id),
        lambda: linking.refuse(world.deps, DANA, link_id, []),
    ):
        with pytest.raises(UserError, match="waits no longer"):
            press()


def test_two_accounts_that_claim_a_domain_are_both_named(world):
    world.sync(
        "stripe",
        company("acme", domains=("shared.com",)),
        company("globex", domains=("shared.com",)),
    )
    world.sync("zendesk", Organisation(ref="900", name="Shared", domains=("shared.com",)))
    found = waiting(world)["900"]
    assert found.is_conflict
    assert [name for name, _ in names(found)] == ["Acme", "Globex"]
    assert "Two accounts claim it" in as_text(render_queue(queue(world)))


def test_a_domain_link_is_quarantined_when_a_second_account_claims_the_domain(world):
    world.sync("stripe", company("acme", domains=("acme.com",)))
    world.sync("zendesk", Organisation(ref="900", name="Acme", domains=("acme.com",)))
    assert ("zendesk", "900") in linked(world, "acme")
    world.sync("stripe", company("labs", domains=("acme.com",)))
    assert ("zendesk", "900") not in linked(world, "acme")
    assert waiting(world)["900"].is_conflict


def test_a_customer_that_could_be_a_double_is_joined_or_becomes_an_account_of_its_own(world):
    world.sync("stripe", company("acme", domains=("acme.com",)))
    doubles = [
        Organisation(ref=f"cus_{n}", name=f"Acme {n}", domains=("acme.com",)) for n in (8, 9)
    ]
    world.sync("stripe", *doubles)
    assert world.keys() == {"acme"}
    found = waiting(world)
    assert all(each.is_record for each in found.values())
    acme = world.account("acme").id
    linking.confirm(world.deps, DANA, found["cus_8"].waiting.link_id, acme)
    said = linking.refuse(world.deps, DANA, found["cus_9"].waiting.link_id, [acme])
    assert said == "Acme 9 is an account of its own now."
    world.sync("stripe", *doubles)
    assert world.keys() == {"acme", "cus_9"}
    assert linked(world, "acme")[("stripe", "cus_8")] == (MatchedBy.RECORD, DANA.id)


def test_operators_hear_once_of_each_customer_that_could_be_a_double(world):
    world.sync("stripe", company("acme", domains=("acme.com",)))
    assert world.said() == []
    double = Organisation(ref="cus_8", name="Acme <Pay>", domains=("acme.com",))
    world.sync("stripe", double)
    ((_, target, said),) = world.said()
    assert target == ADMIN
    assert "1 customer in Stripe looks like an account there is: “Acme <Pay>”" in said
    world.sync("stripe", double)
    assert world.said() == []
    world.sync("stripe", Organisation(ref="cus_9", name="Acme 9", domains=("acme.com",)))
    ((_, _, said),) = world.said()
    assert "2 customers in Stripe look like accounts there are" in said


def test_a_domain_given_by_hand_joins_what_has_it_and_what_comes_later(world):
    world.sync("stripe", company("acme"))
    world.sync("zendesk", Organisation(ref="900", name="?", domains=("acme.io",)))
    assert "It joined 1 that waited" in say(world, "link acme acme.io")
    world.sync("hubspot", Organisation(ref="77", name="??", domains=("acme.io",)))
    assert {("zendesk", "900"), ("hubspot", "77")} <= set(linked(world, "acme"))
    assert "no longer" in say(world, "unlink acme acme.io")
    assert set(linked(world, "acme")) == {("stripe", "cus_acme")}


def test_an_unlinked_organisation_is_not_joined_again_by_the_next_sync(world):
    world.sync("stripe", company("acme", domains=("acme.com",)))
    theirs = Organisation(ref="900", name="Acme", domains=("acme.com",))
    world.sync("zendesk", theirs)
    assert "no longer" in say(world, "unlink acme zendesk:900")
    world.sync("zendesk", theirs)
    assert ("zendesk", "900") not in linked(world, "acme")
    assert "now" in say(world, "link acme zendesk:900")


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("link acme zendesk:1", "has told of nothing with the id 1"),
        ("link acme salesforce:1", "no id of a source"),
        ("link acme gmail.com", "neither an id like zendesk:900 nor a domain"),
        ("link acme globex.com", "is a domain of Globex already"),
        ("link acme stripe:cus_globex", "is linked to Globex. Undo that first"),
        ("link acme stripe:cus_acme", "is linked to Acme already"),
        ("link nobody zendesk:1", "No account is called"),
        ("unlink acme stripe:cus_acme", "is what makes Acme an account"),
        ("unlink acme acme.com", "was not given to Acme by hand"),
        ("unlink acme", "Say which link"),
        ("unlink acme zendesk:1", "is not linked to Acme"),
    ],
)
def test_what_cannot_be_linked_says_why_and_what_to_do(world, text, answer):
    world.sync(
        "stripe",
        company("acme", domains=("acme.com",)),
        company("globex", domains=("globex.com",)),
    )
    with pytest.raises(UserError, match=answer):
        registry.answer(world.deps, DANA, text)


def test_an_account_can_be_a_part_of_another_but_not_of_itself(world):
    world.sync("stripe", company("acme"), company("globex"))
    assert "Acme is a part of Globex now" in say(world, "link acme under globex")
    with world.deps.db.read() as session:
        parent = families.relatives(session, world.account("acme").id)[0]
    assert parent.key == "globex"
    with pytest.raises(UserError, match="Acme is a part of Globex itself"):
        registry.answer(world.deps, DANA, "link globex under acme")
    assert "stands for itself" in say(world, "unlink acme under globex")


def test_a_name_alone_lists_what_stands_for_it_and_why(world):
    world.sync("stripe", company("acme", domains=("acme.com",)))
    world.sync("zendesk", Organisation(ref="900", name="Acme Inc", domains=("acme.com",)))
    said = say(world, "link acme")
    assert "Stripe cus_acme “Acme”: makes the account, 16 Nov" in said
    assert "Zendesk 900 “Acme Inc”: same domain, 16 Nov" in said


def test_mail_domains_are_counted_and_not_listed(world):
    world.sync("stripe", company("acme"))
    with world.deps.db.write() as session:
        links.ids(session, "mailchimp", ["lead.example", "other.example"], at=NOON)
    assert (queue(world).total, queue(world).quiet) == (0, 2)
    assert "2 mail domains" in as_text(render_queue(queue(world)))


def test_the_queue_is_read_page_by_page(world):
    world.sync("stripe", company("acme"))
    world.sync("zendesk", *(Organisation(ref=f"{n:02}", name=f"Org {n:02}") for n in range(12)))
    seen = []
    for offset in (0, 5, 10):
        with world.deps.db.read() as session:
            page = linking.queue(session, world.deps, offset=offset)
        assert page.total == 12
        seen += [each.waiting.ref for each in page.rows]
    assert seen == [f"{n:02}" for n in range(12)]


def test_contacts_linked_later_come_along(world):
    world.sync("stripe", company("acme"))
    world.sync(
        "hubspot",
        Organisation(ref="77", name="Acme?"),
        Contact(id="1", account_ref="77", updated_at=NOON, last_sent_at=NOON),
    )
    say(world, "link acme hubspot:77")
    world.rescore()
    with world.deps.db.read() as session:
        assert matches.waiting(session) == []
