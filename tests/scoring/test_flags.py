"""What holds for every flag: since when, when it stands on, when it is gone, and what a cap does."""

from dataclasses import replace

import pytest
from flag_samples import (
    AT,
    DAY,
    RUBRIC,
    TODAY,
    UNTIL,
    flagged,
    score,
    signs,
    stood,
    use,
    workdays,
)
from hypothesis import given
from hypothesis import strategies as st

from scoring.health import Cap
from scoring.readings import Fresh, Missing, Stale
from scoring.rubric import Component, Rubric, Status
from scoring.rules import FLAGS, Rule
from scoring.signs import People, Use
from scoring.trends import Movement


def test_a_flag_keeps_the_day_it_was_raised_on_while_it_stands():
    of = score(payment="failed")
    first = flagged(signs(), of=of)
    later = flagged(signs(), of=replace(of, scored_at=AT + DAY), previous=first, at=AT + DAY)
    assert [flag.since for flag in (*first.flags, *later.flags)] == [TODAY, TODAY]
    over = flagged(signs(), of=score(), previous=later, at=AT + 2 * DAY)
    again = flagged(signs(), of=of, previous=over, at=AT + 3 * DAY)
    assert [flag.since for flag in again.flags] == [TODAY + 3]


def test_what_a_stale_component_said_stands_and_is_not_judged():
    first = flagged(signs(), of=score(payment="failed"))
    later = flagged(signs(), of=score(stale=True, payment="failed"), previous=first, at=AT + DAY)
    assert later.flags == first.flags
    assert later.judged == {}


def test_a_stale_component_raises_nothing_new():
    told = flagged(signs(), of=score(stale=True, payment="failed"), previous=score())
    assert (told.flags, told.judged) == ((), {})


def test_a_component_nobody_tells_of_any_more_has_no_flag():
    first = flagged(signs(), of=score(payment="failed"))
    less = score()
    gone = replace(
        less,
        parts=tuple(each for each in less.parts if each.component is not Component.PAYMENT),
        missing={Component.PAYMENT: "not linked"},
    )
    told = flagged(signs(), of=gone, previous=first)
    assert told.flags == ()
    assert Rule.PAYMENT_ISSUE not in told.judged


def test_flags_change_neither_the_score_nor_its_parts():
    before = score(payment="failed", support="escalated", usage="inactive")
    told = flagged(signs(use(workdays(lambda back: 0 if back < 14 else 40))), of=before)
    assert (told.value, told.status, told.parts, told.cap) == (
        before.value,
        before.status,
        before.parts,
        None,
    )
    assert [flag.rule for flag in told.flags] == [
        Rule.PAYMENT_ISSUE,
        Rule.SUPPORT_ESCALATION,
        Rule.DECLINING_USAGE,
    ]


def test_with_the_rest_perfect_an_account_nobody_uses_any_more_does_not_pass_unseen():
    of = score(usage="inactive", features="none")
    told = flagged(
        signs(use(workdays(lambda back: 0 if back < 30 else 40))), of=score(usage="inactive")
    )
    assert told.value == 70
    assert Rule.DECLINING_USAGE in {flag.rule for flag in told.flags}
    assert flagged(signs(use({})), of=of).judged.keys() >= {Rule.PAYMENT_ISSUE}


# Caps.

CAPPED = replace(RUBRIC, caps={Rule.PAYMENT_ISSUE: Status.AT_RISK})


def test_a_cap_is_off_by_default():
    assert flagged(signs(), of=score(payment="failed")).value == 90


def test_a_cap_holds_the_score_just_under_the_line():
    told = flagged(signs(), of=score(payment="failed"), rubric=CAPPED)
    assert (told.value, told.status) == (59.9, Status.AT_RISK)
    assert told.cap == Cap(rule=Rule.PAYMENT_ISSUE, uncapped=90)
    assert CAPPED.status(told.value) is Status.AT_RISK


@pytest.mark.parametrize("levels", [{}, {"usage": "inactive", "features": "none"}])
def test_a_cap_that_does_not_bite_is_not_told(levels):
    of = score(**levels) if not levels else score(payment="failed", support="escalated", **levels)
    told = flagged(signs(), of=of, rubric=CAPPED)
    assert (told.value, told.cap) == (of.value, None)


def test_of_two_caps_the_stricter_holds():
    both = replace(
        RUBRIC, caps={Rule.PAYMENT_ISSUE: Status.STABLE, Rule.SUPPORT_ESCALATION: Status.CRITICAL}
    )
    told = flagged(signs(), of=score(payment="failed", support="escalated"), rubric=both)
    assert (told.value, told.status) == (39.9, Status.CRITICAL)
    assert told.cap == Cap(rule=Rule.SUPPORT_ESCALATION, uncapped=70)


def test_a_cap_gives_no_status_to_an_account_of_which_too_little_is_known():
    thin = replace(score(payment="failed"), status=None, coverage=0.1)
    assert flagged(signs(), of=thin, rubric=CAPPED).status is None


# Laws.

counts = st.dictionaries(st.integers(UNTIL - 120, TODAY), st.integers(1, 400), max_size=90)
fleets = st.none() | st.builds(Movement, st.floats(-1, 3), st.integers(0, 400))
people = st.builds(
    People,
    now=st.integers(0, 40),
    before=st.integers(0, 40),
    first_day=st.none() | st.integers(UNTIL - 55, UNTIL),
    champion_days=st.integers(0, 35),
    champion_last=st.none() | st.integers(UNTIL - 55, UNTIL),
    runner_up_days=st.integers(0, 35),
)
uses = st.builds(
    Use,
    until=st.just(UNTIL),
    daily=counts,
    older=counts,
    features=st.dictionaries(
        st.sampled_from(("report", "export", "api")),
        st.frozensets(st.integers(TODAY - 62, TODAY), max_size=40),
    ),
    people=people,
    fleet=fleets,
    fleet_before=fleets,
)
befores = st.none() | st.sampled_from(FLAGS).map(stood)
joined = st.none() | st.integers(UNTIL - 100, UNTIL)


@given(uses, befores, joined)
def test_whatever_happened_what_is_raised_was_judged_and_says_why(used, previous, joined_on):
    told = flagged(signs(used, joined_on=joined_on), previous=previous)
    assert {flag.rule for flag in told.flags} - told.judged.keys() <= {
        flag.rule for flag in (previous.flags if previous else ())
    }
    assert all(flag.evidence for flag in told.flags)
    assert flagged(signs(used, joined_on=joined_on), previous=previous) == told


@given(uses, joined)
def test_a_flag_that_was_raised_does_not_fall_at_the_next_look_at_the_same_data(used, joined_on):
    told = signs(used, joined_on=joined_on)
    first = flagged(told)
    again = flagged(told, previous=first)
    assert again.flags == first.flags


@given(befores)
def test_while_its_sources_are_stale_nothing_changes(previous):
    late = Stale(AT - 3 * DAY)
    told = flagged(
        signs(late, engagement=late, surveys=late, bills=late, plan="Growth"),
        of=score(stale=True),
        previous=previous,
        rubric=Rubric(plans=("Starter", "Growth", "Enterprise")),
    )
    assert told.flags == (previous.flags if previous else ())
    assert told.judged == {}


@given(uses, st.floats(0.05, 0.9))
def test_a_fleet_that_falls_together_raises_no_decline(used, share):
    """Everybody at one share of their usual weeks: none of them slides."""
    daily = workdays(40, days=90)
    now = {day: round(n * share * 100) if day > UNTIL - 14 else n * 100 for day, n in daily.items()}
    moved = Movement(share - 1, 500)
    together = replace(used, daily=now, older={}, fleet=moved, fleet_before=moved)
    told = flagged(signs(together))
    assert Rule.DECLINING_USAGE not in {flag.rule for flag in told.flags}


def test_missing_usage_drops_what_it_said():
    told = flagged(signs(Missing("not linked")), previous=stood(Rule.DECLINING_USAGE))
    assert told.flags == ()
    assert flagged(signs(Fresh(use({}), AT))).judged.get(Rule.DECLINING_USAGE) is None
