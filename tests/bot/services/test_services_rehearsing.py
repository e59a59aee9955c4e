"""What a changed rubric would do, told from the history of both databases and without touching it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from service_world import company

from bot.rubric_words import changes
from bot.services.rehearsing import Move, Setting, difference
from scoring.health import HealthScore, Part
from scoring.policy import AlertPolicy, Threshold
from scoring.rubric import DEFAULT_POINTS, Component, Rubric, Status
from scoring.rules import Flag, Rule
from storage import accounts, rubrics, scores

DAY = timedelta(days=1)
RUBRIC, POLICY = Rubric(), AlertPolicy()
NOW = Setting(rubric=RUBRIC, alerts=POLICY)
STEADY = ("some", "neutral", "medium", "current")  # 45 points beside usage


def known(world, *names):
    world.sync("stripe", *(company(name.lower(), ref=f"cus_{name}") for name in names))


def scored(world, usage, *, at, rubric=RUBRIC, flags=(), rest=STEADY):
    levels = dict(zip(Component, (usage, *rest), strict=True))
    weight = sum(rubric.weight(each) for each in Component)
    parts = tuple(
        Part(
            component=each,
            level=level,
            points=rubric.points[each][level],
            share=rubric.points[each][level] * 100 / weight,
            evidence="",
            as_of=at,
        )
        for each, level in levels.items()
    )
    value = sum(part.share for part in parts)
    return HealthScore(
        value=value,
        status=rubric.status(value),
        coverage=1.0,
        parts=parts,
        scored_at=at,
        flags=tuple(Flag(rule=each, evidence="", since=0, as_of=at) for each in flags),
    )


def lived(world, key, *usage, rubric=RUBRIC, **more):
    """The last days of an account, the last one today."""
    with world.deps.db.write() as session:
        account_id = accounts.by_key(session)[key]
        rubric_id = rubrics.id_of(session, rubric, at=world.clock.at)
        for ago, level in enumerate(reversed(usage)):
            at = world.clock.at - ago * DAY
            score = scored(world, level, at=at, rubric=rubric, **more)
            scores.save(session, [(account_id, score)], rubric_id=rubric_id, at=at)
    world.clock.at += timedelta(seconds=1)


def diff(world, new, *, now=NOW, days=90):
    with world.deps.db.read() as session:
        return difference(session, now, new, days=days, at=world.clock.at)


def heavier(**levels):
    return replace(NOW, rubric=Rubric(points={**DEFAULT_POINTS, "usage": levels}))


def test_who_would_change_status_stands_worst_first_with_both_scores(world):
    known(world, "Acme", "Globex", "Initech")
    lived(world, "acme", "weekly")
    lived(world, "globex", "monthly")
    lived(world, "initech", "daily")
    found = diff(world, heavier(daily=30, weekly=10, monthly=0, inactive=0))
    assert found.moves == (
        Move(
            name="Acme",
            before=Status.STABLE,
            after=Status.AT_RISK,
            score_before=65,
            score_after=55,
        ),
    )
    assert (found.accounts, found.unknown) == (3, 0)


def test_the_same_setting_changes_nothing(world):
    known(world, "Acme")
    lived(world, "acme", "weekly", "monthly", "monthly", "weekly")
    found = diff(world, NOW)
    assert (found.moves, found.untold) == ((), ())
    assert [(each.rule, each.before, each.after) for each in found.rules] == [(Rule.AT_RISK, 1, 1)]
    assert not found.rules[0].new
    assert not found.rules[0].gone


def test_alerts_are_counted_under_both_settings(world):
    known(world, "Acme", "Globex")
    lived(world, "acme", "weekly", "monthly", "monthly", "weekly", "weekly")
    lived(world, "globex", *["daily"] * 3, *["weekly"] * 3)
    later = replace(POLICY, at_risk=Threshold(fires=66, clears=70))
    (change,) = diff(world, replace(NOW, alerts=later)).rules
    assert (change.rule, change.before, change.after) == (Rule.AT_RISK, 1, 1)
    # Acme began below 66: that is its baseline. Globex fell to 65.
    assert (change.new, change.gone) == ({"Globex": 1}, {"Acme": 1})


def test_what_happened_before_the_days_that_are_counted_is_not(world):
    known(world, "Acme")
    lived(world, "acme", "weekly", *["monthly"] * 10)
    assert diff(world, NOW, days=5).rules == ()
    assert [each.before for each in diff(world, NOW, days=30).rules] == [1]


def test_what_began_before_the_days_that_are_counted_can_open_in_them(world):
    known(world, "Acme")
    lived(world, "acme", "weekly", "weekly", *["monthly"] * 6)
    assert [each.before for each in diff(world, NOW, days=5).rules] == [1]
    assert diff(world, NOW, days=4).rules == ()


def test_each_day_is_read_by_the_rubric_that_scored_it(world):
    old = Rubric(
        points={
            **DEFAULT_POINTS,
            "usage": {"daily": 60, "weekly": 50, "monthly": 5, "inactive": 0},
        }
    )
    known(world, "Acme")
    lived(world, "acme", "weekly", "weekly", "monthly", "monthly", rubric=old)
    lived(world, "acme", "monthly")
    found = diff(world, NOW)
    assert [(each.rule, each.before, each.after) for each in found.rules] == [(Rule.AT_RISK, 1, 1)]
    assert found.skipped == 0


def test_a_day_whose_level_cannot_be_told_is_left_out_and_counted(world):
    flat = Rubric(points={**DEFAULT_POINTS, "usage": dict.fromkeys(DEFAULT_POINTS["usage"], 30)})
    known(world, "Acme")
    lived(world, "acme", "weekly", "weekly", "monthly", rubric=flat)
    found = diff(world, NOW)
    assert (found.skipped, found.account_days) == (3, 3)
    assert "3 of 3 days of accounts: what is kept of them does not say" in "\n".join(changes(found))


def test_a_cap_counts_in_todays_status(world):
    known(world, "Acme", "Globex")
    lived(world, "acme", "weekly", flags=[Rule.PAYMENT_ISSUE])
    lived(world, "globex", "weekly", flags=[Rule.GROWING])
    capped = Rubric(caps={Rule.PAYMENT_ISSUE: Status.AT_RISK})
    found = diff(world, replace(NOW, rubric=capped))
    assert [(each.name, each.after, each.score_after) for each in found.moves] == [
        ("Acme", Status.AT_RISK, 59.9)
    ]
    assert any("rubric.caps differs" in each for each in found.untold)


def test_days_a_flag_held_down_are_replayed_without_it_and_counted(world):
    known(world, "Acme")
    with world.deps.db.write() as session:
        account_id = accounts.by_key(session)["acme"]
        rubric_id = rubrics.id_of(session, RUBRIC, at=world.clock.at)
        score = replace(scored(world, "daily", at=world.clock.at), value=39.9)
        scores.save(session, [(account_id, score)], rubric_id=rubric_id, at=world.clock.at)
    assert diff(world, NOW).capped == 1


def test_the_score_of_too_little_is_no_status(world):
    known(world, "Acme")
    lived(world, "acme", "weekly")
    demanding = Rubric(min_coverage=1.0)
    assert diff(world, replace(NOW, rubric=demanding)).moves == ()


@pytest.mark.parametrize("name", ["Acme\x1b[31m\nEvil", "Acme"])
def test_a_name_cannot_write_to_the_terminal(world, name):
    known(world, "Acme")
    lived(world, "acme", "weekly")
    found = diff(world, heavier(daily=30, weekly=10, monthly=0, inactive=0))
    found = replace(found, moves=tuple(replace(each, name=name) for each in found.moves))
    lines = list(changes(found))
    assert "\x1b" not in "".join(lines)
    assert not any("\n" in each for each in lines)


def test_a_change_of_many_accounts_says_how_many_are_not_shown(world):
    names = [f"Acme{n}" for n in range(23)]
    known(world, *names)
    for name in names:
        lived(world, name.lower(), "weekly")
    found = diff(world, heavier(daily=30, weekly=10, monthly=0, inactive=0))
    assert len(found.moves) == 23
    assert "  … and 3 more (--json has all)" in list(changes(found))
