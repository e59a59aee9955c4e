"""Flags from what is stored: gathered in bulk, as fresh as their sources, and against everybody's movement."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from service_world import HOUR, NOON, World, company, config_of, subscription

from bot.services import flagging, fleet, observing
from scoring.flags import raise_flags
from scoring.health import score_account
from scoring.lagging import BillingEvent, BillingEventKind
from scoring.readings import Fresh, Missing, Stale, day_number
from scoring.records import (
    ActiveUser,
    Contact,
    FeatureCount,
    SurveyKind,
    SurveyResponse,
    UsageDays,
)
from scoring.rubric import Status
from scoring.rules import Flag, Rule
from scoring.trends import Movement, last_complete_day
from storage import accounts, history, rubrics, scores
from storage import fleet as fleet_rows


@pytest.fixture
def database_url(sqlite_url):
    """What differs between the two is told in tests/storage."""
    return sqlite_url


TODAY = day_number(NOON)
UNTIL = last_complete_day(NOON)
RUBRIC = {
    "core_features": ["report", "export"],
    "advanced_features": ["api"],
    "plans": ["Growth", "Enterprise"],
}
ALL = ("stripe", "zendesk", "mixpanel", "hubspot", "typeform")


@pytest.fixture
def world(db, tmp_path):
    return World(db, tmp_path, config=config_of(tmp_path, *ALL, rubric=RUBRIC))


def usage_of(per_day, *, days=70, users=()):
    """`per_day` tells the events of an account by the days back; `users` are (days back, ref, user)."""
    on = range(TODAY - days, TODAY + 1)
    counts = [
        FeatureCount(day, ref, feature, times)
        for ref, events in per_day.items()
        for day in on
        for feature, times in events(TODAY - day).items()
        if times
    ]
    people = [ActiveUser(TODAY - back, ref, user) for back, ref, user in users]
    return UsageDays(days=tuple(on), counts=iter([counts]), users=iter([people]))


def begin(world, per_day, *, others=(), **more):
    """Accounts that all pay, and what they did; every source has answered now."""
    for key in per_day:
        world.put("stripe", company(key), subscription(f"cus_{key}"))
    world.sync("stripe")
    world.sync("mixpanel", usage=usage_of(per_day, **more))
    world.sync("typeform", *(each for each in others if isinstance(each, SurveyResponse)))
    world.sync("hubspot", *(each for each in others if isinstance(each, Contact)))
    world.sync("zendesk", usage=None, cursor={"at": "now"})


def steady(back):
    return {"report": 40, "export": 5}


def halved(back):
    return {"report": 20, "export": 2} if back <= 14 else steady(back)


def look(world, *keys, previous=None):
    """The scores of these accounts with their flags, by key."""
    deps, at = world.deps, world.clock.now()
    fleet.measure(deps)
    with deps.db.read() as session:
        by_key = accounts.by_key(session)
        ids = [by_key[key] for key in keys]
        known = accounts.by_ids(session, ids)
        facts = observing.gather(session, ids, deps.config, at=at)
        before = {by_key[key]: score for key, score in (previous or {}).items()}
        found = flagging.gather(session, ids, facts, deps.config, previous=before, at=at)
    rubric, told = deps.config.rubric, {}
    for key in keys:
        of = by_key[key]
        score = score_account(
            observing.readings(facts, of, deps.config, at=at),
            rubric=rubric,
            previous=before.get(of),
            at=at,
        )
        signs = flagging.signs(facts, found, known[of], deps.config, at=at)
        told[key] = raise_flags(score, signs, rubric=rubric, previous=before.get(of), at=at), signs
    return told


def flags_of(told):
    return {flag.rule: flag for flag in told[0].flags}


def movements(world):
    with world.deps.db.read() as session:
        return fleet_rows.movements(session, range(UNTIL - 30, UNTIL + 1))


def test_a_slide_is_told_against_the_accounts_own_weeks(world):
    begin(world, {"acme": halved, "globex": steady})
    told = look(world, "acme", "globex")
    assert flags_of(told["acme"])[Rule.DECLINING_USAGE].evidence.startswith(
        "events down 51% in 7 days: 154 where 315 a week were usual"
    )
    assert Rule.DECLINING_USAGE not in flags_of(told["globex"])
    assert told["globex"][0].judged[Rule.DECLINING_USAGE] == NOON


def test_a_fleet_that_halves_together_raises_none(world):
    keys = [f"account{n}" for n in range(12)]
    begin(world, dict.fromkeys(keys, halved))
    told = look(world, *keys)
    assert not [key for key in keys if Rule.DECLINING_USAGE in flags_of(told[key])]
    assert movements(world)[UNTIL] == Movement(pytest.approx(154 / 315 - 1), 12)


def test_the_movement_of_everybody_is_measured_once_a_day_on_complete_days(world):
    begin(world, {"acme": steady})
    fleet.measure(world.deps)
    first = movements(world)
    assert first == {UNTIL: Movement(0.0, 1), UNTIL - 7: Movement(0.0, 1)}
    world.clock.at += 12 * HOUR
    world.sync("mixpanel", usage=usage_of({"acme": halved}))
    fleet.measure(world.deps)
    assert movements(world) == first  # the next day is not complete three hours after midnight
    world.clock.at += 4 * HOUR
    world.sync("mixpanel", cursor={"at": "later"})
    fleet.measure(world.deps)
    with world.deps.db.read() as session:
        assert fleet_rows.movements(session, [UNTIL + 1])[UNTIL + 1].accounts == 1


def test_nothing_is_measured_while_no_source_of_usage_is_fresh(world):
    fleet.measure(world.deps)
    begin(world, {"acme": steady})
    world.clock.at += timedelta(days=10)
    fleet.measure(world.deps)
    world.fail("mixpanel")
    fleet.measure(world.deps)
    assert movements(world) == {}


def test_the_number_of_queries_does_not_grow_with_the_accounts(world):
    keys = [f"account{n}" for n in range(40)]
    begin(world, dict.fromkeys(keys, halved))
    counted = []
    sa.event.listen(
        world.deps.db.engine, "before_cursor_execute", lambda *told: counted.append(told[2])
    )
    look(world, keys[0])  # the first measures the fleet
    counted.clear()
    look(world, keys[0])
    one = len(counted)
    look(world, *keys)
    assert len(counted) - one == one


def test_missing_stale_and_zero_are_three_things(world):
    begin(world, {"acme": halved, "idle": lambda back: {}})
    fresh = look(world, "acme", "idle")
    assert isinstance(fresh["acme"][1].use, Fresh)
    assert isinstance(fresh["idle"][1].use, Missing)  # Mixpanel has never heard of it
    assert Rule.DECLINING_USAGE not in fresh["idle"][0].judged
    world.clock.at += timedelta(days=3)
    previous = {"acme": fresh["acme"][0]}
    late = look(world, "acme", previous=previous)["acme"]
    assert isinstance(late[1].use, Stale)
    assert flags_of(late)[Rule.DECLINING_USAGE] == flags_of(fresh["acme"])[Rule.DECLINING_USAGE]
    assert Rule.DECLINING_USAGE not in late[0].judged


def test_silence_is_zero_where_the_source_knows_the_account(world):
    begin(world, {"acme": lambda back: steady(back) if back > 14 else {}})
    said = flags_of(look(world, "acme")["acme"])[Rule.DECLINING_USAGE].evidence
    assert said.startswith("no events in 7 days where 315 a week were usual")


def test_a_year_ago_is_asked_for_where_somebody_slides(world):
    def seasonal(back):
        return halved(back % 364 if back >= 364 else back)

    begin(world, {"acme": seasonal}, days=430)
    flag = flags_of(look(world, "acme")["acme"])[Rule.DECLINING_USAGE]
    assert flag.evidence.endswith("; it was as quiet at this time last year")


def test_a_slide_that_lasts_is_measured_by_the_weeks_before_it(world):
    begin(world, {"acme": lambda back: {"report": 20 if back <= 49 else 40}}, days=130)
    score = look(world, "acme")["acme"][0]
    assert Rule.DECLINING_USAGE not in {flag.rule for flag in score.flags}
    flag = Flag(rule=Rule.DECLINING_USAGE, evidence="so it was", since=TODAY - 35, as_of=NOON)
    told = look(world, "acme", previous={"acme": replace(score, flags=(flag,))})["acme"]
    assert ": 140 where 280 a week were usual" in flags_of(told)[Rule.DECLINING_USAGE].evidence
    assert flags_of(told)[Rule.DECLINING_USAGE].since == TODAY - 35


def test_a_feature_given_up_one_taken_up_and_a_champion_gone(world):
    def life(back):
        return {"report": 40, "export": 5 if back > 20 else 0, "api": 3 if back < 10 else 0}

    users = [(back, "acme", 1) for back in range(25, 55)]
    users += [(back, "acme", 2) for back in range(0, 60, 4)]
    begin(world, {"acme": life}, users=users)
    found = flags_of(look(world, "acme")["acme"])
    assert found[Rule.FEATURE_ABANDONMENT].evidence.startswith("export not used for 20 days")
    assert found[Rule.ADVANCED_FEATURE].evidence.startswith("api used on 9 days")
    assert found[Rule.CHAMPION_QUIET].evidence.startswith("the busiest end user has not been seen")


def test_a_new_account_without_a_first_value(world):
    world.put("stripe", company("acme"))
    world.put("stripe", subscription("cus_acme", started_at=NOON - timedelta(days=9)))
    world.sync("stripe")
    world.sync("mixpanel", usage=usage_of({"acme": lambda back: {"login": 1} if back < 9 else {}}))
    found = flags_of(look(world, "acme")["acme"])
    assert (
        found[Rule.NO_FIRST_VALUE].evidence == "no core feature used in the 9 days since it joined"
    )


def answer(nps, **more):
    at = NOON - timedelta(days=3)
    return SurveyResponse(
        id="r1",
        account_ref="acme",
        kind=SurveyKind.NPS,
        score=nps,
        answered_at=at,
        updated_at=at,
        person="ann",
        **more,
    )


def test_a_detractor_and_silence_to_mail(world):
    silent = [
        Contact(id=each, account_ref="acme", updated_at=NOON, last_sent_at=NOON - 20 * HOUR)
        for each in "ab"
    ]
    begin(world, {"acme": steady}, others=[answer(3), *silent])
    told = look(world, "acme")["acme"]
    assert flags_of(told)[Rule.DETRACTOR].subject == "r1"
    assert flags_of(told)[Rule.LOW_ENGAGEMENT].evidence == "none of 2 contacts answered in 30 days"


def test_money_that_contradicts_the_score(world):
    begin(world, {"acme": steady})
    with world.deps.db.write() as session:
        of = accounts.by_key(session)["acme"]
        event = BillingEvent(kind=BillingEventKind.DOWNGRADE, at=NOON - 30 * HOUR)
        history.add(session, of, [event], at=NOON)
    told = look(world, "acme")["acme"]
    said = flags_of(told)[Rule.SCORE_AND_MONEY].evidence
    assert said == f"the score says {told[0].status.label}, but it pays less since 15 Nov"


def test_a_month_of_health_on_a_lower_plan(world):
    begin(world, {"acme": steady})
    with world.deps.db.write() as session:
        of = accounts.by_key(session)["acme"]
        accounts.set_billing(session, {of: ("Growth", None, None, None)})
    score, _ = look(world, "acme")["acme"]
    assert Rule.READY_FOR_MORE in score.judged
    assert Rule.READY_FOR_MORE not in {flag.rule for flag in score.flags}
    healthy = replace(score, value=90.0, status=Status.HEALTHY)
    with world.deps.db.write() as session:
        rubric_id = rubrics.id_of(session, world.deps.config.rubric, at=NOON)
        for back in range(1, 31):
            at = NOON - timedelta(days=back)
            scores.save(session, [(of, healthy)], rubric_id=rubric_id, at=at)
    _, signs = look(world, "acme")["acme"]
    assert (signs.healthy_days, signs.known_days, signs.plan) == (30, 30, "Growth")
