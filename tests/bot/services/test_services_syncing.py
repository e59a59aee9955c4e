"""Syncing: pages and cursors together, bad records aside, and a failing source told of once."""

import pytest
from service_world import (
    ADMIN,
    DANA,
    HOUR,
    NOON,
    TEAM,
    company,
    subscription,
    text_of,
    ticket,
)

from bot.services import syncing
from integrations.base import Rejected, SourceAuthError, SourceDownError
from scoring.readings import day_number
from scoring.records import ActiveUser, FeatureCount, Organisation, UsageDays
from storage import accounts, dirty, sources, usage


def read(world, what, *arguments):
    with world.deps.db.read() as session:
        return what(session, *arguments)


def test_each_pull_begins_where_the_last_page_ended(world):
    world.put("stripe", company("acme"), cursor={"page": 1})
    world.put("stripe", company("globex"), cursor={"page": 2})
    world.sync("stripe")
    world.sync("stripe")
    assert world.shelves["stripe"].asked == [None, {"page": 2}]
    assert world.keys() == {"acme", "globex"}


def test_a_pull_that_breaks_off_keeps_its_earlier_pages_and_their_cursor(world):
    world.put("stripe", company("acme"), cursor={"page": 1}, requests=2)
    run = world.fail("stripe", SourceDownError("Stripe is unreachable."))
    world.put("stripe", company("globex"), cursor={"page": 2})
    assert (run.error, run.records, run.requests) == ("Stripe is unreachable.", 1, 2)
    assert world.keys() == {"acme"}
    assert read(world, sources.cursor, "stripe") == {"page": 1}
    assert read(world, sources.states)["stripe"].last_ok_at is None
    world.sync("stripe")
    assert world.shelves["stripe"].asked == [None, {"page": 1}]
    assert world.keys() == {"acme", "globex"}


def test_a_page_that_cannot_be_stored_leaves_nothing_of_itself(world):
    def broken():
        yield [FeatureCount(day_number(NOON), "acme", "opened", 1)]
        raise RuntimeError("the export broke off")

    days = UsageDays(days=(day_number(NOON),), counts=broken(), users=iter(()))
    world.put("stripe", company("acme"), cursor={"page": 1})
    world.put("stripe", company("globex"), usage=days, cursor={"page": 2})
    with pytest.raises(RuntimeError):
        world.sync("stripe")
    assert world.keys() == {"acme"}
    assert read(world, sources.cursor, "stripe") == {"page": 1}


class TakenOverError(Exception):
    pass


def test_work_that_was_taken_over_keeps_nothing(world):
    held = []

    def hold(session):
        held.append(session)
        if len(held) == 2:
            raise TakenOverError

    world.put("stripe", company("acme"), cursor={"page": 1})
    world.put("stripe", company("globex"), cursor={"page": 2})
    with pytest.raises(TakenOverError):
        syncing.sync(world.deps, "stripe", hold=hold)
    assert world.keys() == {"acme"}
    assert read(world, sources.cursor, "stripe") == {"page": 1}
    assert read(world, sources.states)["stripe"].last_ok_at is None


def test_the_last_word_is_held_too(world):
    world.sync("stripe", company("acme"))
    last_ok_at = read(world, sources.states)["stripe"].last_ok_at
    world.clock.at += HOUR

    def hold(_session):
        raise TakenOverError

    with pytest.raises(TakenOverError):
        syncing.sync(world.deps, "stripe", hold=hold)
    assert read(world, sources.states)["stripe"].last_ok_at == last_ok_at


def test_what_cannot_be_read_is_kept_aside_and_counted_once(world):
    bad = Rejected(what="customer cus_9", problem="created: missing", raw="{}")
    for _ in range(2):
        run = world.sync("stripe", company("acme"), rejected=(bad,))
    assert run.rejected == 1
    assert world.keys() == {"acme"}
    assert read(world, sources.count_rejected) == {"stripe": 1}


def test_progress_is_told_after_every_page(world):
    told = []
    world.put("stripe", company("acme"), progress=0.5)
    world.put("stripe", company("globex"), read=10)
    syncing.sync(world.deps, "stripe", on_progress=lambda *each: told.append(each))
    assert told == [("stripe", 0.5, 1), ("stripe", None, 11)]


def test_a_source_that_fails_is_told_of_once_and_once_when_it_is_back(world):
    world.sync("stripe", company("acme"))
    for _ in range(4):
        world.clock.at += HOUR
        world.fail("stripe")
    assert [(kind, target) for kind, target, _ in world.said()] == [("post", ADMIN)]
    for _ in range(3):
        world.clock.at += HOUR
        world.sync("stripe")
    ((kind, target, words),) = world.said()
    assert (kind, target) == ("post", ADMIN)
    assert "Stripe answers again" in words


def test_a_second_outage_is_news_again(world):
    for _ in range(3):
        world.clock.at += HOUR
        world.fail("stripe")
        world.clock.at += HOUR
        world.sync("stripe")
    assert len(world.said()) == 6


def test_another_kind_of_failure_is_news(world):
    world.fail("stripe")
    world.clock.at += HOUR
    world.fail("stripe", SourceAuthError("Stripe refused api_key. Check [sources.stripe]."))
    told = [words for _, _, words in world.said()]
    assert len(told) == 2
    assert "refused api_key" in told[1]


def test_a_source_that_is_down_says_nothing_of_customers(world):
    world.begin(acme="neutral")
    world.said()
    for _ in range(30):
        world.clock.at += HOUR
        world.fail("zendesk")
        world.sync("stripe")
        world.rescore()
    assert [target for _, target, _ in world.said()] == [ADMIN]
    assert world.score("acme").value == 70


def test_customers_words_in_an_error_cannot_mention_anybody(world):
    world.fail("stripe", SourceDownError("Stripe said <!channel> *boo*"))
    assert "<!channel>" not in text_of(world.outbox()[-1])


def test_reading_an_overlap_again_marks_nobody(world):
    told = (company("acme"), subscription("cus_acme"))
    world.sync("stripe", *told)
    world.sync("zendesk", ticket("acme", "negative", at=NOON))
    world.rescore()
    world.clock.at += HOUR
    world.sync("stripe", *told)
    world.sync("zendesk", ticket("acme", "negative", at=NOON))
    assert read(world, dirty.count) == 0


def test_an_older_reading_of_a_record_never_wins(world):
    world.begin(acme="negative")
    world.sync("zendesk", ticket("acme", "positive", at=NOON - HOUR))
    world.rescore()
    assert world.score("acme").value == 55


def test_usage_of_a_day_is_replaced_not_added(world):
    today = day_number(NOON)
    world.sync("stripe", company("acme"))
    for times in (5, 3):
        days = UsageDays(
            days=(today,),
            counts=iter([[FeatureCount(today, "acme", "opened", times)]]),
            users=iter([[ActiveUser(today, "acme", 1)]]),
        )
        world.sync("zendesk", usage=days)
    acme = world.account("acme").id
    with world.deps.db.read() as session:
        assert usage.active_users(session, [acme], since=today, until=today) == {acme: 1}


def test_an_account_that_is_deleted_at_its_source_leaves_its_alerts(world):
    world.begin(acme="neutral")
    world.look(acme="escalated")
    world.sync(
        "stripe", Organisation(ref="cus_acme", name="Acme", account_key="acme", deleted=True)
    )
    world.rescore()
    assert world.account("acme").churned_on == world.clock.at.date()
    assert (world.alerts("acme"), world.watches("acme"), world.tasks()) == ({}, set(), [])


def test_a_new_account_is_scored_before_anything_is_known_of_it(world):
    world.begin(acme="neutral")
    world.sync("stripe", company("globex"))
    world.rescore()
    assert world.score("globex") is not None
    assert read(world, accounts.count_active) == 2


def test_nobody_is_told_of_a_source_in_the_teams_channel(world):
    world.fail("stripe")
    assert TEAM not in {target for _, target, _ in world.said()}
    assert DANA.id not in {target for _, target, _ in world.said()}
