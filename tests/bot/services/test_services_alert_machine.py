"""What holds of alerts in the database whatever happens: news, silence, presses, crashes, other rubrics, odd clocks."""

import shutil
import tempfile
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from service_world import ERIN, HOUR, MOODS, World, ticket

from bot.services import acting, alerting, rescoring
from bot.services.acting import Press
from bot.services.errors import UserError
from scoring.rubric import Rubric
from storage import dirty, notices
from storage.engine import open_database
from storage.tables import AlertActionRow, NoticeRow

KEYS = ("acme", "globex", "initech")
moods = st.fixed_dictionaries({key: st.sampled_from(sorted(MOODS)) for key in KEYS})
waits = st.sampled_from([HOUR, 5 * HOUR, timedelta(hours=25), timedelta(days=8)])


class Book(RuleBasedStateMachine):
    """Three accounts of one CSM, on a database of their own."""

    template: Path

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        home = Path(self.folder.name)
        shutil.copyfile(self.template, home / "bellwether.db")
        self.world = World(open_database(f"sqlite:///{home / 'bellwether.db'}"), home)
        self.presses = 0
        self.is_whole = True  # everything that was scored was looked at and told

    def teardown(self):
        self.world.deps.db.dispose()
        self.folder.cleanup()

    @initialize(found=moods)
    def the_first_look(self, found):
        self.world.begin(**found)
        assert not any(each.announced for each in self.world.every_alert())

    @rule(found=moods, after=waits)
    def news(self, found, after):
        self.world.look(after=after, **found)
        self.is_whole = True

    @rule(found=moods)
    def news_that_comes_twice(self, found):
        self.world.look(**found)
        told = self._told()
        for key, mood in found.items():
            self.world.sync("zendesk", ticket(key, mood, at=self.world.clock.at))
        self.world.rescore()
        assert self._told() == told
        self.is_whole = True

    @rule(found=moods, after=waits)
    def a_source_that_stays_away(self, found, after):
        """Zendesk tells of trouble while Stripe does not answer: nobody hears of a score."""
        before = {each.id for each in self.world.every_alert()}
        self.world.clock.at += after + timedelta(hours=4)
        self.world.fail("stripe")
        for key, mood in found.items():
            self.world.sync("zendesk", ticket(key, mood, at=self.world.clock.at))
        self.world.rescore()
        assert {each.id for each in self.world.every_alert()} == before
        self.is_whole = True

    @rule(found=moods)
    def a_crash_after_scoring(self, found):
        self._told_by(found)
        while rescoring._rescore_chunk(self.world.deps):
            pass
        self.is_whole = False

    @rule(found=moods)
    def a_crash_after_looking(self, found):
        self._told_by(found)
        while rescoring._rescore_chunk(self.world.deps):
            pass
        alerting.look(self.world.deps)
        self.is_whole = False

    @rule()
    def a_restart(self):
        self.world.rescore()
        self.is_whole = True

    @rule(points=st.integers(25, 75))
    def another_rubric(self, points):
        told = self._announced()
        scale = dict(
            zip(
                ("positive", "neutral", "negative", "escalated"),
                (100, points, points, 0),
                strict=True,
            )
        )
        rubric = self.world.deps.config.rubric
        self.world.reconfigure(rubric=Rubric(points={**rubric.points, "support": scale}))
        with self.world.deps.db.write() as session:
            dirty.mark_all(session, at=self.world.clock.at)
        waiting = not self.is_whole
        self.world.rescore()
        self.is_whole = True
        assert waiting or self._announced() <= told

    @rule(ahead=st.timedeltas(timedelta(days=1), timedelta(days=400)))
    def a_clock_that_jumps_and_comes_back(self, ahead):
        here = self.world.clock.at
        self.world.clock.at = here + ahead
        self.world.rescore()
        self.world.clock.at = here

    @rule(data=st.data(), what=st.sampled_from([acting.acknowledge, acting.snooze]))
    def a_press_that_arrives_twice(self, data, what):
        found = [each for each in self.world.every_alert() if each.announced]
        if not found:
            return
        alert = data.draw(st.sampled_from(found), label="alert")
        self.presses += 1
        made = Press(
            alert_id=alert.id, member=ERIN.id, key=f"p{self.presses}", at=self.world.clock.at
        )
        more = {"days": 7} if what is acting.snooze else {}
        for _ in range(2):
            try:
                what(self.world.deps, made, **more)
            except UserError:
                return

    def _told_by(self, found):
        self.world.clock.at += HOUR
        for name in self.world.shelves:
            told = [ticket(key, mood, at=self.world.clock.at) for key, mood in found.items()]
            self.world.sync(name, *(told if name == "zendesk" else ()))

    def _told(self):
        return [row.key for row in self.world.outbox()]

    def _announced(self):
        return {(each.id, each.opened_at) for each in self.world.every_alert() if each.announced}

    @invariant()
    def one_episode_of_a_rule_and_account_is_open_at_most(self):
        is_open = [
            (each.account_id, each.rule) for each in self.world.every_alert() if not each.closed_at
        ]
        assert max(Counter(is_open).values(), default=1) == 1

    @invariant()
    def what_is_announced_was_queued_and_what_is_to_be_told_is(self):
        queued = set(self._told())
        with self.world.deps.db.read() as session:
            for alert in self.world.every_alert():
                told = {each.message_key for each in notices.of_alert(session, alert.id)}
                assert told <= queued
                assert bool(told) >= alert.announced
                if self.is_whole and alert.closed_at is None and alert.quiet is None:
                    assert alert.announced

    @invariant()
    def nobody_waits_for_a_message_when_all_is_done(self):
        with self.world.deps.db.read() as session:
            waiting = session.execute(
                sa.select(NoticeRow.__table__).where(NoticeRow.message_key.is_(None))
            ).all()
        assert not (self.is_whole and waiting)

    @invariant()
    def every_press_is_kept_once(self):
        with self.world.deps.db.read() as session:
            rows = session.execute(sa.select(AlertActionRow.__table__)).all()
        assert max(Counter(row.key for row in rows).values(), default=1) == 1

    @invariant()
    def every_reply_hangs_on_a_post(self):
        rows = {row.key: row for row in self.world.outbox()}
        for row in rows.values():
            if row.kind == "reply":
                assert rows[row.of].kind == "post"


@pytest.mark.timeout(180)
def test_whatever_happens_to_a_book_its_alerts_stay_true(sqlite_template):
    Book.template = sqlite_template
    run_state_machine_as_test(
        Book,
        settings=settings(
            max_examples=12,
            stateful_step_count=14,
            deadline=None,
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
