"""The page of alerts, from what is stored: who has what, what is held, what the rules are worth, what acting did."""

from dataclasses import replace
from datetime import timedelta

import pytest
from service_world import ADMIN, DANA, ERIN, TEAM, company

from bot.blocks.kit import as_text
from bot.commands.registry import answer
from bot.services import learning
from bot.services.errors import UserError
from scoring.alerts import Change, Decision, Outcome
from scoring.guard import HoldKind
from scoring.health import HealthScore, Part
from scoring.learning import Precision
from scoring.rubric import Component, Status
from scoring.rules import Quiet, Rule
from storage import accounts, alerts, holds, outbox, rubrics, scores
from storage.outbox import OutMessage


@pytest.fixture
def database_url(sqlite_url):
    """What differs between the two is told in tests/storage."""
    return sqlite_url


DAY = timedelta(days=1)


def book(world, *keys, csm=DANA.email):
    """Accounts that are known, and nothing else."""
    world.sync("stripe", *(company(key, csm=csm) for key in keys))


def opened(world, key, *, rule=Rule.AT_RISK, days_ago=0, quiet=None, episode=1, **changes):
    """An alert that opened then, as the alerts and the buttons leave it."""
    with world.deps.db.write() as session:
        decision = Decision(
            account_id=accounts.by_key(session)[key],
            rule=rule,
            change=Change.OPENED,
            episode=episode,
            quiet=quiet,
        )
        at = world.clock.at - days_ago * DAY
        alert = alerts.open_episode(session, decision, value=55, before=70, at=at)
        alert = replace(alert, announced=quiet is None, **changes)
        alerts.save(session, alert)
    return alert


def scored(world, key, value, *, days_ago=0, of=(Component.SUPPORT, Component.PAYMENT)):
    at = world.clock.at - days_ago * DAY
    rubric = world.deps.config.rubric
    parts = tuple(
        Part(component=each, level="x", points=1, share=value, evidence="", as_of=at) for each in of
    )
    score = HealthScore(
        value=value, status=rubric.status(value), coverage=1.0, parts=parts, scored_at=at
    )
    with world.deps.db.write() as session:
        account_id = accounts.by_key(session)[key]
        rubric_id = rubrics.id_of(session, rubric, at=at)
        scores.save(session, [(account_id, score)], rubric_id=rubric_id, at=at)


def page(world, member=DANA, *, mine=False):
    with world.deps.db.read() as session:
        return learning.page(session, world.deps, member, mine=mine, at=world.clock.at)


def names(lines):
    return [each.account.name for each in lines]


def test_open_alerts_stand_worst_first_and_good_news_last(world):
    book(world, "acme", "globex", "initech", "hooli")
    for key, value in {"acme": 55, "globex": 31, "initech": 91}.items():
        scored(world, key, value)
    opened(world, "acme")
    opened(world, "globex", rule=Rule.CRITICAL)
    opened(world, "initech", rule=Rule.EXPANSION)
    opened(world, "hooli", rule=Rule.CANCELLATION)
    found = page(world).open
    assert names(found) == ["Globex", "Acme", "Hooli", "Initech"]
    assert [each.status for each in found] == [
        Status.CRITICAL,
        Status.AT_RISK,
        None,
        Status.HEALTHY,
    ]


def test_several_alerts_of_an_account_are_one_line_led_by_the_most_pressing(world):
    book(world, "acme")
    opened(world, "acme", days_ago=9, quiet=Quiet.INHIBITED)
    opened(world, "acme", rule=Rule.CRITICAL, days_ago=2, assigned_to=ERIN.id)
    (line,) = page(world).open
    assert line.rules == (Rule.CRITICAL, Rule.AT_RISK)
    assert (world.clock.at - line.since, line.held_by) == (2 * DAY, ERIN.id)


def test_what_is_snoozed_unstable_or_was_told_to_nobody_stands_apart(world):
    book(world, "acme", "globex", "initech")
    opened(world, "acme", snoozed_until=world.clock.at + DAY, snoozed_by=DANA.id)
    opened(world, "globex", quiet=Quiet.UNSTABLE)
    opened(world, "initech", quiet=Quiet.BASELINE)
    found = page(world)
    assert found.open == []
    assert (names(found.snoozed), names(found.unstable)) == (["Acme"], ["Globex"])
    assert found.untold[Quiet.BASELINE] == 1
    world.clock.at += 2 * DAY
    assert (names(page(world).open), page(world).snoozed) == (["Acme"], [])


def test_what_critical_says_for_another_sleeps_with_it_and_stays_when_critical_is_over(world):
    book(world, "acme", "globex")
    asleep = {"snoozed_until": world.clock.at + DAY, "snoozed_by": DANA.id}
    opened(world, "acme", rule=Rule.CRITICAL, **asleep)
    opened(world, "acme", quiet=Quiet.INHIBITED)
    opened(world, "globex", rule=Rule.CRITICAL, closed_at=world.clock.at)
    opened(world, "globex", quiet=Quiet.INHIBITED)
    found = page(world)
    assert (names(found.open), names(found.snoozed)) == (["Globex"], ["Acme"])


def test_mine_are_my_accounts_and_what_was_given_to_me(world):
    book(world, "acme")
    book(world, "acme", "globex")
    world.sync("stripe", company("initech", csm=ERIN.email))
    opened(world, "acme")
    opened(world, "initech")
    assert names(page(world, ERIN, mine=True).open) == ["Initech"]
    assert names(page(world, DANA, mine=True).open) == ["Acme"]
    opened(world, "globex", assigned_to=ERIN.id)
    assert set(names(page(world, ERIN, mine=True).open)) == {"Globex", "Initech"}
    assert len(page(world, ERIN).open) == 3


def test_what_is_held_back_and_what_could_not_be_delivered_is_shown(world):
    at = world.clock.at
    with world.deps.db.write() as session:
        detail = {"moves": [{"rule": "at_risk", "opens": True, "accounts": 40, "of": 90}]}
        holds.open_(session, HoldKind.CROSSINGS, source="", detail=detail, at=at)
        lost = OutMessage(key="a", target=TEAM, payload={}, kind=outbox.Kind.REPLY, of="none")
        outbox.add(session, lost, at=at)
        outbox.add(session, replace(lost, key="b"), at=at)
    text = as_text(answer(world.deps, DANA, "alerts"))
    assert "“At-risk” would open for 40 of 90 accounts at once" in text
    assert f"#{ADMIN}" in text
    assert f"2 messages to #{TEAM}: the message it belongs to was not delivered" in text
    world.clock.at += 8 * DAY
    assert "Not delivered" not in as_text(answer(world.deps, DANA, "alerts"))


def test_precision_is_told_for_30_and_for_90_days(world):
    book(world, *(f"a{n}" for n in range(12)))
    for n in range(12):
        noise = {"outcome": Outcome.NOISE, "outcome_by": DANA.id, "outcome_at": world.clock.at}
        opened(world, f"a{n}", days_ago=20 if n < 2 else 60, **noise)
    opened(world, "a0", rule=Rule.CRITICAL, days_ago=91, **noise)
    found = page(world)
    assert found.lately == (Precision(rule=Rule.AT_RISK, noise=2),)
    assert found.longer == (Precision(rule=Rule.AT_RISK, noise=12),)
    assert "12 of 12 were noise in 90 days" in as_text(answer(world.deps, DANA, "alerts"))


def acted(world, key, *, days_ago, **more):
    when = world.clock.at - days_ago * DAY
    return opened(world, key, days_ago=days_ago, outreach_by=DANA.id, outreach_at=when, **more)


def follow(world):
    with world.deps.db.read() as session:
        told = learning.outcomes.told(session, since=world.clock.at - 365 * DAY)
        return learning.follow(session, told, at=world.clock.at)


def test_an_alert_is_followed_from_the_action_for_thirty_days(world):
    book(world, "acme", "globex")
    acted(world, "acme", days_ago=40, closed_at=world.clock.at - 20 * DAY)
    opened(world, "globex", days_ago=40)
    for key, then, later in (("acme", 52, 71), ("globex", 50, 48)):
        scored(world, key, then, days_ago=40)
        scored(world, key, later, days_ago=10)
        scored(world, key, 99)
    by_acted = {each.acted: each for each in follow(world)}
    assert (by_acted[True].before, by_acted[True].after, by_acted[True].recovered) == (52, 71, True)
    assert (by_acted[False].before, by_acted[False].after) == (50, 48)
    assert by_acted[False].recovered is False


def test_a_day_on_which_the_bot_was_down_is_stood_for_by_one_of_the_three_before(world):
    book(world, "acme", "globex")
    acted(world, "acme", days_ago=40)
    acted(world, "globex", days_ago=40)
    scored(world, "acme", 52, days_ago=40)
    scored(world, "acme", 64, days_ago=13)
    scored(world, "globex", 52, days_ago=40)
    scored(world, "globex", 64, days_ago=14)
    assert [each.after for each in follow(world)] == [64]


def test_scores_that_cannot_be_compared_tell_nothing(world):
    book(world, "acme")
    acted(world, "acme", days_ago=40)
    scored(world, "acme", 52, days_ago=40)
    scored(world, "acme", 64, days_ago=10, of=(Component.SUPPORT,))
    assert follow(world) == []


@pytest.mark.parametrize(("rule", "days_ago"), [(Rule.EXPANSION, 40), (Rule.AT_RISK, 29)])
def test_good_news_and_what_is_not_over_yet_is_not_followed(world, rule, days_ago):
    book(world, "acme")
    acted(world, "acme", days_ago=days_ago, rule=rule)
    for ago in range(days_ago + 1):
        scored(world, "acme", 52, days_ago=ago)
    assert follow(world) == []


def test_a_word_that_is_none_of_the_scopes_says_what_to_type(world):
    with pytest.raises(UserError, match="/health alerts mine"):
        answer(world.deps, DANA, "alerts yours")


def test_nothing_open_says_so(world):
    assert "Nothing is open on your accounts" in as_text(answer(world.deps, DANA, "alerts mine"))
    assert "Nothing is open" in as_text(answer(world.deps, DANA, "alerts team"))
