"""What holds for every history of an account's alerts, whatever the scores do."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from scoring.accounts import AccountId
from scoring.alerts import (
    AlertPolicy,
    Change,
    Evaluation,
    Phase,
    Rule,
    Threshold,
    decide,
    is_firing,
)

START = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)
POLICY = AlertPolicy()

# Most scores lie near a line: that is where alerts go wrong.
near = st.sampled_from([0, 39.9, 40, 44.9, 45, 59.9, 60, 64.9, 65, 74.9, 75, 79.9, 80, 100])
scores = st.one_of(near, st.floats(0, 100))
waits = st.timedeltas(timedelta(seconds=1), timedelta(days=3))


def look(states, *, value, as_of, fresh=True, silent=False, policy=POLICY):
    evaluation = Evaluation(
        account_id=AccountId(7), value=value, as_of=as_of, fresh=fresh, silent=silent
    )
    moved, decisions = decide(evaluation, states, policy)
    return states | {state.rule: state for state in moved}, decisions


class OneAccount(RuleBasedStateMachine):
    """An account whose scores rise, fall, go stale and come again, and the messages it gives."""

    def __init__(self):
        super().__init__()
        self.states = {}
        self.as_of = START
        self.last = None
        self.data_at = START  # of the last score
        self.decisions = []  # with the instant of the data behind each

    @initialize(value=scores)
    def first_score(self, value):
        self._see(value, silent=True)
        assert not any(each.announce for each, _ in self.decisions)

    @rule(value=scores, wait=waits)
    def new_score(self, value, wait):
        self.as_of += wait
        self._see(value)

    @rule(value=scores, wait=waits)
    def score_by_a_changed_rubric(self, value, wait):
        self.as_of += wait
        before = len(self.decisions)
        self._see(value, silent=True)
        assert not any(each.announce for each, _ in self.decisions[before:])

    @rule(value=st.none() | scores, wait=waits)
    def stale_score(self, value, wait):
        self._changes_nothing(value=value, as_of=self.as_of + wait, fresh=False)

    @rule(wait=waits)
    def not_enough_data(self, wait):
        self._changes_nothing(value=None, as_of=self.as_of + wait)

    @rule(ago=st.timedeltas(timedelta(0), timedelta(days=3)))
    def the_same_data_again_or_older(self, ago):
        self._changes_nothing(value=self.last, as_of=self.data_at - ago)

    @rule(wait=waits)
    def time_passes(self, wait):
        self.as_of += wait

    @precondition(lambda self: self.last is not None)
    @rule(wait=waits)
    def the_same_score_of_new_data(self, wait):
        self.as_of += wait
        self._see(self.last)

    def _see(self, value, *, silent=False):
        before = self.states
        self.states, decisions = look(before, value=value, as_of=self.as_of, silent=silent)
        self.decisions += [(each, self.as_of) for each in decisions]
        self.last, self.data_at = value, self.as_of
        for each in decisions:
            self._is_justified(each, before.get(each.rule), value, silent=silent)

    def _is_justified(self, decision, before, value, *, silent):
        threshold = POLICY.threshold(decision.rule)
        if decision.change is Change.RESOLVED:
            assert threshold.cleared(value)
            assert silent or before.phase is Phase.RECOVERING
        else:
            assert threshold.crossed(value)
            assert silent or decision.rule is Rule.CRITICAL or before.phase is Phase.PENDING
        if decision.rule is Rule.AT_RISK and decision.change is not Change.RESOLVED:
            assert not (decision.announce and is_firing(self.states[Rule.CRITICAL]))

    def _changes_nothing(self, **seen):
        after, decisions = look(self.states, **seen)
        assert (after, decisions) == (self.states, [])

    def _of(self, rule):
        return [each for each in self.decisions if each[0].rule is rule]

    @invariant()
    def openings_and_recoveries_alternate(self):
        for watched in Rule:
            opened = [each.change is not Change.RESOLVED for each, _ in self._of(watched)]
            assert opened == [turn % 2 == 0 for turn in range(len(opened))]

    @invariant()
    def an_alert_is_open_exactly_while_its_rule_fires(self):
        for watched, state in self.states.items():
            assert is_firing(state) == (len(self._of(watched)) % 2 == 1)

    @invariant()
    def episodes_count_up_and_only_a_told_one_is_reopened_within_the_cooldown(self):
        for watched in Rule:
            episode, told, closed_at = 0, False, None
            for each, at in self._of(watched):
                if each.change is Change.OPENED:
                    episode += 1
                elif each.change is Change.REOPENED:
                    assert told
                    assert at - closed_at < POLICY.cooldown
                assert each.episode == episode
                told = told if each.change is Change.RESOLVED else each.announce
                closed_at = at

    @invariant()
    def a_recovery_is_told_only_after_its_opening_was(self):
        for watched in Rule:
            told = False
            for each, _ in self._of(watched):
                assert told or each.change is not Change.RESOLVED or not each.announce
                told = each.announce


OneAccount.TestCase.settings = settings(deadline=None, max_examples=60, stateful_step_count=40)
TestOneAccount = OneAccount.TestCase


@given(st.lists(st.floats(40, 64.999), max_size=80))
@settings(deadline=None)
def test_a_score_between_the_lines_alerts_once_at_most(values):
    states, told = {}, []
    for hour, value in enumerate([70, *values]):
        states, decisions = look(states, value=value, as_of=START + timedelta(hours=hour))
        told += [each.change for each in decisions if each.announce]
    assert told in ([], [Change.OPENED])


@given(st.lists(scores, min_size=2, max_size=30))
@settings(deadline=None)
def test_every_account_that_stays_low_is_told_of(values):
    states, _ = look({}, value=70, as_of=START)
    told = []
    for hour, value in enumerate([*values, 50, 50], start=1):
        states, decisions = look(states, value=value, as_of=START + timedelta(hours=hour))
        told += [each for each in decisions if each.announce]
    assert any(each.rule in {Rule.AT_RISK, Rule.CRITICAL} for each in told)
    assert is_firing(states[Rule.AT_RISK])


lines = st.tuples(st.floats(1, 99), st.floats(1, 99)).map(sorted)


@given(lines, st.booleans(), st.lists(st.tuples(scores, st.booleans()), max_size=60))
@settings(deadline=None)
def test_openings_and_recoveries_alternate_under_any_lines(lines, rising, history):
    low, high = lines
    fires, clears = (high, low) if rising else (low, high)
    threshold = Threshold(fires=fires, clears=clears, rising=rising)
    policy = AlertPolicy(at_risk=threshold)
    states, changes = {}, []
    for hour, (value, fresh) in enumerate(history):
        as_of = START + timedelta(hours=hour)
        states, decisions = look(states, value=value, as_of=as_of, fresh=fresh, policy=policy)
        changes += [each.change for each in decisions if each.rule is Rule.AT_RISK]
    resolved = [change is Change.RESOLVED for change in changes]
    assert resolved == [turn % 2 == 1 for turn in range(len(resolved))]
