"""What holds for every history of an account's alerts, whatever the scores do."""

from dataclasses import replace
from datetime import timedelta

from alert_watch import HOUR, Watched, scored
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from scoring.alerts import Change, Phase
from scoring.policy import AlertPolicy, Threshold
from scoring.rules import FLAGS, Quiet, Rule
from scoring.sights import hush, signals

POLICY = AlertPolicy()
LINES = (Rule.CRITICAL, Rule.AT_RISK, Rule.EXPANSION)

# Most scores lie near a line: that is where alerts go wrong.
near = st.sampled_from([0, 39.9, 40, 44.9, 45, 59.9, 60, 64.9, 65, 74.9, 75, 79.9, 80, 100])
scores = st.one_of(near, st.floats(0, 100))
waits = st.timedeltas(timedelta(seconds=1), timedelta(days=3))
highs = st.none() | st.floats(0, 100)
some_flags = st.sets(st.sampled_from([Rule.DECLINING_USAGE, Rule.PAYMENT_ISSUE, Rule.GROWING]))


class OneAccount(RuleBasedStateMachine):
    """An account whose scores rise, fall, go stale and come again, and the messages it gives."""

    def __init__(self):
        super().__init__()
        self.watched = Watched()
        self.last = None
        self.told = []  # every decision, with the instant of the data behind it

    @initialize(value=scores, flags=some_flags)
    def first_score(self, value, flags):
        found = self._see(value, flags=flags, quiet=Quiet.BASELINE)
        assert all(each.quiet is Quiet.BASELINE for each in found)

    @rule(value=scores, wait=waits, high=highs, flags=some_flags)
    def new_score(self, value, wait, high, flags):
        self._wait(wait)
        self._see(value, high=high, flags=flags)

    @rule(value=scores, wait=waits, flags=some_flags)
    def score_by_a_changed_rubric(self, value, wait, flags):
        self._wait(wait)
        found = self._see(value, flags=flags, quiet=Quiet.REBASED)
        assert not any(each.quiet is None for each in found)

    @rule(value=st.none() | scores, wait=waits)
    def stale_source(self, value, wait):
        self._wait(wait)
        self._freezes(scored(value, self.watched.as_of, stale=True))

    @rule(wait=waits)
    def not_enough_data(self, wait):
        self._wait(wait)
        self._freezes(scored(None, self.watched.as_of))

    @precondition(lambda self: self.last is not None)
    @rule(ago=st.timedeltas(timedelta(0), timedelta(days=3)))
    def the_same_data_again_or_older(self, ago):
        value, as_of, flags, high = self.last
        before = self._phases()
        score = scored(value, as_of - ago, flags=flags, judged=FLAGS, at=self.watched.now)
        said = signals(score, high, (), POLICY)
        assert [each for each in self.watched.looks(said) if each.opens] == []
        assert self._phases() == before

    @rule(wait=waits)
    def time_passes(self, wait):
        self._wait(wait)

    @rule(ahead=st.timedeltas(timedelta(days=1), timedelta(days=900)))
    def the_clock_jumps_ahead_for_one_look(self, ahead):
        here = self.watched.as_of, self.watched.now
        self._wait(ahead)
        self._freezes(scored(50.0, self.watched.as_of, stale=True))
        self.watched.as_of, self.watched.now = here

    def _wait(self, wait):
        self.watched.as_of += wait
        self.watched.now = self.watched.as_of

    def _phases(self):
        return {each: self.watched.phase(each) for each in Rule}

    def _see(self, value, *, high=None, flags=(), quiet=None):
        before = {each: self.watched.state(each) for each in Rule}
        as_of = self.watched.as_of
        said = signals(scored(value, as_of, flags=flags, judged=FLAGS), high, (), POLICY)
        found = self.watched.looks(hush(said, quiet) if quiet else said)
        self.told += [(each, as_of) for each in found]
        self.last = (value, as_of, flags, high)
        for each in found:
            self._is_justified(each, before[each.rule], value, quiet=quiet)
        return found

    def _is_justified(self, decision, before, value, *, quiet):
        confirmed = quiet is not None or POLICY.confirmations(decision.rule) == 1
        if decision.opens:
            assert confirmed or before.phase is Phase.PENDING
        else:
            assert quiet is not None or before.phase is Phase.RECOVERING
        if decision.rule in LINES:
            sight = POLICY.threshold(decision.rule).sight(value)
            assert sight == ("hit" if decision.opens else "clear")
        if decision.opens and decision.rule in {Rule.AT_RISK, Rule.SHARP_DROP}:
            assert decision.quiet or not self.watched.state(Rule.CRITICAL).is_firing

    def _freezes(self, score):
        """What rests on the score stays where it is, whatever it says."""
        before = self._phases()
        assert self.watched.looks(signals(score, 100.0, (), POLICY)) == []
        assert self._phases() == before

    def _of(self, watched):
        return [each for each in self.told if each[0].rule is watched]

    @invariant()
    def openings_and_recoveries_alternate(self):
        for watched in Rule:
            opened = [each.opens for each, _ in self._of(watched)]
            assert opened == [turn % 2 == 0 for turn in range(len(opened))]

    @invariant()
    def an_alert_is_open_exactly_while_its_rule_fires(self):
        for watched in Rule:
            is_open = len(self._of(watched)) % 2 == 1
            assert self.watched.state(watched).is_firing == is_open

    @invariant()
    def episodes_count_up_and_one_is_reopened_only_within_the_cooldown(self):
        for watched in Rule:
            episode, closed_at = 0, None
            for each, at in self._of(watched):
                if each.change is Change.OPENED:
                    episode += 1
                elif each.change is Change.REOPENED:
                    assert at - closed_at < POLICY.cooldown
                assert each.episode == episode
                closed_at = at

    @invariant()
    def a_recovery_is_told_only_if_its_opening_was_to_be(self):
        for watched in Rule:
            opening = None
            for each, _ in self._of(watched):
                if each.opens:
                    opening = each
                else:
                    assert each.quiet is None or each.quiet == (opening.quiet or each.quiet)
                    assert opening.quiet is None or each.quiet is not None

    @invariant()
    def nobody_hears_of_one_rule_more_than_three_times_in_two_weeks(self):
        for watched in Rule:
            heard = [at for each, at in self._of(watched) if each.opens and each.quiet is None]
            for first, fourth in zip(heard, heard[3:], strict=False):
                assert fourth - first >= POLICY.unstable_window


OneAccount.TestCase.settings = settings(deadline=None, max_examples=60, stateful_step_count=40)
TestOneAccount = OneAccount.TestCase


@given(st.lists(st.floats(40, 64.999), max_size=80))
@settings(deadline=None)
def test_a_score_between_the_lines_alerts_once_at_most(values):
    account = Watched(70)
    told = [each for value in values for each in account.sees(value) if each[3]]
    assert [each[1] for each in told] in ([], [Change.OPENED])


@given(st.lists(scores, min_size=2, max_size=30))
@settings(deadline=None)
def test_every_account_that_stays_low_is_told_of(values):
    account = Watched(70)
    told = [
        each
        for value in [*values, 50, 50]
        for each in account.sees(value, after=timedelta(days=2))
        if each[3]
    ]
    assert any(each[0] in {Rule.AT_RISK, Rule.CRITICAL} for each in told)
    assert account.state(Rule.AT_RISK).is_firing


lines = st.tuples(st.floats(1, 99), st.floats(1, 99)).map(sorted)


@given(lines, st.booleans(), st.lists(st.tuples(scores, st.booleans()), max_size=60))
@settings(deadline=None)
def test_openings_and_recoveries_alternate_under_any_lines(lines, rising, history):
    low, high = lines
    fires, clears = (high, low) if rising else (low, high)
    policy = AlertPolicy(at_risk=Threshold(fires=fires, clears=clears, rising=rising))
    account, changes = Watched(policy=policy), []
    for value, fresh in history:
        changes += [each[1] for each in account.sees(value, fresh=fresh) if each[0] is Rule.AT_RISK]
    resolved = [change is Change.RESOLVED for change in changes]
    assert resolved == [turn % 2 == 1 for turn in range(len(resolved))]


@given(st.lists(st.sampled_from(["a", "b", ""]), max_size=12))
@settings(deadline=None)
def test_what_an_event_is_about_is_told_once_while_it_lasts(subjects):
    """However the answers of two detractors take turns, what was told is no news while one of them stands."""
    account, known = Watched(70), set()
    for subject in subjects:
        account.as_of += HOUR
        account.now = account.as_of
        score = scored(70, account.as_of, flags=[Rule.DETRACTOR] if subject else (), judged=FLAGS)
        said = signals(score, None, (), POLICY)
        said[Rule.DETRACTOR] = replace(said[Rule.DETRACTOR], subject=subject)
        stands = account.state(Rule.DETRACTOR).is_firing
        opened = [each for each in account.looks(said) if each.opens]
        assert bool(opened) == bool(subject and not (stands and subject in known))
        known |= {subject} if subject else set()
