"""A trial: messages are queued while processes are killed and frozen and Slack fails; and what came of it.

Real processes, a real database, real HTTP to the sandbox's Slack, real seconds.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from bot.blocks import kit
from bot.services import speaking
from storage import outbox
from storage.engine import Database, open_database
from storage.sql import fetch
from storage.tables import OutboxRow
from tests.bot.worlds import INSTALLED_AT, Outside, key_of
from tests.soak.crews import Crew, Work
from tests.soak.verdicts import WINDOW_S, Script, Seen, Verdict, judge
from tests.soak.workers import PATIENCE, Moment, clock_of, deliver_for_ever, pause

ROOMS, PEOPLE = 18, 2
MESSAGES, KILLS, FREEZES = 400, 60, 12
SEED = 5
_LONGEST_LIFE_S = 0.9  # between two strokes
_FREEZE_S = PATIENCE.lease.total_seconds() + 1
_DRAIN_S = 180  # for what is left when nobody is killed any more
_REPLIES, _CHANGES = 0.2, 0.15  # shares of the messages
_POST, _UPDATE = "chat.postMessage", "chat.update"
_FAULTS: tuple[Mapping[str, Any], ...] = (
    {"kind": "ratelimited", "method": _POST, "retry_after": 1},
    {"kind": "ratelimited", "method": _POST, "retry_after": 2},
    {"kind": "ratelimited", "method": _UPDATE, "retry_after": 2},
    {"kind": "ratelimited", "method": "conversations.history", "retry_after": 1},
    {"kind": "http_500", "method": _POST},
    {"kind": "http_500", "method": "conversations.history"},
    {"kind": "drop", "method": _POST},
    {"kind": "commit_then_drop", "method": _POST},
    {"kind": "commit_then_drop", "method": _POST},
    {"kind": "commit_then_500", "method": _POST},
    {"kind": "commit_then_fatal_error", "method": _POST},
    {"kind": "commit_then_drop", "method": _UPDATE},
    {"kind": "slow", "method": _POST, "seconds": 1.3},  # longer than the client waits
)
_out = OutboxRow.__table__


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """So many processes at `work` on a database while so many messages are queued and so many strokes fall."""

    database: str
    processes: int = 1
    work: Work = deliver_for_ever
    messages: int = MESSAGES
    kills: int = KILLS
    freezes: int = FREEZES
    rooms: int = ROOMS


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a trial. `early`: calls before their Retry-After was over; `fell`: processes that ended by themselves."""

    verdict: Verdict
    messages: int
    kills: int
    freezes: int
    faults: int
    fell: int
    early: int
    tried_again: int
    looks: int
    taken_back: int
    unsent: int
    seconds: float

    @property
    def broken(self) -> Mapping[str, int]:
        """Promises that were not kept, with how often."""
        verdict = self.verdict
        kept = {
            "lost": verdict.lost,
            "doubled": verdict.doubled,
            "out of order": verdict.disordered,
            "without their last change": verdict.outdated,
            "called before Retry-After": self.early,
            "not sent, or given up": self.unsent,
            "processes that fell": self.fell,
            f"more than one a second over {WINDOW_S} s": max(0, verdict.busiest - WINDOW_S),
        }
        return {name: count for name, count in kept.items() if count}


def run(trial: Trial, folder: Path) -> Outcome:
    """Queue, strike and wait until all is out, or for as long as one may wait."""
    options = ("--flowing", "--start", INSTALLED_AT.isoformat())
    sandbox = Outside(folder / "outside", options, accounts=5)
    sandbox.start()
    rooms = [f"C0ROOM{number}" for number in range(trial.rooms)]
    for room in rooms:
        sandbox.do("create", channel=room)
    db = open_database(trial.database)
    db.upgrade()
    try:
        targets = (*rooms, *(f"U0CSM{number}" for number in range(1, PEOPLE + 1)))
        return _Run(trial, sandbox, db, (sandbox.now(), time.monotonic()), targets).play(folder)
    finally:
        db.dispose()
        sandbox.stop()


@dataclass
class _Run:
    """A trial on its way. `roots` holds the last message of each target that is no reply."""

    trial: Trial
    sandbox: Outside
    db: Database
    moment: Moment
    targets: tuple[str, ...]
    throws: Random = field(default_factory=lambda: Random(SEED))
    script: Script = field(default_factory=Script)
    roots: dict[str, str] = field(default_factory=dict)
    faults: int = 0

    def play(self, folder: Path) -> Outcome:
        since = time.monotonic()
        config = self.sandbox.config(folder, database=self.trial.database)
        crew = Crew(self.trial.work, (config, self.moment), self.trial.processes, self.throws)
        strokes = ["kill"] * self.trial.kills + ["freeze"] * self.trial.freezes
        self.throws.shuffle(strokes)
        try:
            crew.muster()
            for turn, stroke in enumerate(strokes, start=1):
                self._queue(until=self.trial.messages * turn // len(strokes))
                self._arm()
                pause(self.throws.uniform(0.0, _LONGEST_LIFE_S))
                crew.kill() if stroke == "kill" else crew.freeze(_FREEZE_S)
            crew.rest()
            self._drain(crew)
        finally:
            crew.dismiss()
        return self._outcome(crew, time.monotonic() - since)

    def _queue(self, *, until: int) -> None:
        """Say the next messages: most of them new, some in a thread; and change some that were said before."""
        for number in range(len(self.script.texts), until):
            target = self.targets[number % len(self.targets)]
            with self.db.write() as session:
                self._say(session, f"m{number}", target)
                if self.throws.random() < _CHANGES:
                    self._change(session, f"c{number}", target)

    def _say(self, session: Session, key: str, target: str) -> None:
        root = self.roots.get(target) if self.throws.random() < _REPLIES else None
        at = clock_of(self.moment).now()
        speaking.say(session, _words(key), key=key, target=target, at=at, reply_to=root)
        self.script.say(_room(target), key, key)
        if root is None:
            self.roots[target] = key

    def _change(self, session: Session, key: str, target: str) -> None:
        of, at = self.throws.choice(self.script.lines[_room(target)]), clock_of(self.moment).now()
        self.script.texts[of] = f"{of}, changed by {key}"
        speaking.amend(session, _words(self.script.texts[of]), of=of, target=target, key=key, at=at)

    def _arm(self) -> None:
        """Something goes wrong; and Slack takes its time, so that many die while it still thinks."""
        self.sandbox.break_(**self.throws.choice(_FAULTS))
        self.faults += 1
        slow = self.throws.uniform(0.05, 0.5)
        self.sandbox.break_("slow", method=_POST, seconds=slow)

    def _drain(self, crew: Crew) -> None:
        deadline = time.monotonic() + _DRAIN_S
        while self._waiting() and time.monotonic() < deadline:
            crew.muster()
            pause(0.1)

    def _waiting(self) -> int:
        with self.db.read() as session:
            return outbox.pending_count(session)

    def _outcome(self, crew: Crew, seconds: float) -> Outcome:
        counts = self.sandbox.get("/sandbox/counts")
        calls = counts["calls"]
        with self.db.read() as session:
            unsent = outbox.pending_count(session) + len(outbox.dead(session))
            again = fetch(session, sa.select(_out.c.id).where(_out.c.attempts > 1))
        return Outcome(
            verdict=judge(self.script, _seen(self.sandbox, self.script)),
            messages=len(self.script.texts),
            kills=crew.kills,
            freezes=crew.freezes,
            faults=self.faults,
            fell=crew.fell,
            early=sum(counts["early"].values()),
            tried_again=len(again),
            looks=calls.get("conversations.history", 0) + calls.get("conversations.replies", 0),
            taken_back=calls.get("chat.delete", 0),
            unsent=unsent,
            seconds=seconds,
        )


def _words(text: str) -> kit.Message:
    return kit.message(text, [kit.section(text)])


def _room(target: str) -> str:
    """Where a target's messages stand: the sandbox names a member's direct messages after the member."""
    return f"D{target[1:]}" if target.startswith("U") else target


def _seen(sandbox: Outside, script: Script) -> list[Seen]:
    posted = [each for each in sandbox.get("/sandbox/transcript")["messages"] if "metadata" in each]
    return [
        Seen(key_of(each), each["channel"], float(each["ts"]), each["text"])
        for each in posted
        if key_of(each) in script.texts
    ]
