"""Holding: nobody is told of customers while it looks as if the data were at fault."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from statistics import median

import structlog
from sqlmodel import Session

from bot.blocks.holds import HoldView, render_hold, render_lifted
from bot.deps import Deps
from bot.services import speaking
from bot.services.addressing import to_all
from bot.services.errors import UserError
from integrations.registry import SOURCES
from scoring.accounts import AccountId
from scoring.alerts import Decision
from scoring.guard import (
    Hold,
    HoldId,
    HoldKind,
    MassMove,
    Verdict,
    is_everybodys,
    mass_moves,
    slump,
)
from scoring.members import MemberId
from scoring.readings import day_number
from scoring.records import Kind
from scoring.rules import Rule
from scoring.sights import FACTS
from storage import alerts, audit, due_looks, holds, usage
from storage.due_looks import Due

log = structlog.get_logger(__name__)

Rehearsal = Callable[[Session, Deps, Mapping[AccountId, Due]], list[Decision]]

WEEKS = 4
"""Of how many weeks before the same weekday is what is usual."""
SAMPLE = 2_000
"""Accounts a slump is confirmed by: more make it dearer and hardly truer."""
LATE_DATA = timedelta(hours=6)
"""How long after its end a day is counted: what happened in it still comes in."""
REMEMBERED = timedelta(days=28)
"""For so long a verdict holds on a source that goes on telling less: by then it is what is usual."""


def frozen_rules(session: Session) -> frozenset[Rule]:
    """The rules that stand still while a hold is open: all but facts, and those facts too that moved."""
    current = holds.current(session)
    if not current:
        return frozenset()
    moved = {each.rule for hold in current for each in hold.moves}
    return frozenset(Rule) - FACTS | frozenset(moved)


def guard(deps: Deps, rehearse: Rehearsal, due: Mapping[AccountId, Due]) -> None:
    """Before a look at these: hold when it would move too many accounts at once, and let go when it no longer would."""
    policy = deps.config.alerts.mass_change
    with deps.db.read() as session:
        hold = _open_hold(session, HoldKind.CROSSINGS)
        unsure = {each: mark for each, mark in due.items() if mark.verdict is None}
        watched = alerts.count_watched(session)
        if len(unsure) < policy.least:
            return
        moves = mass_moves(rehearse(session, deps, unsure), accounts=watched, policy=policy)
    # Only a look at most of them can say that all is well again.
    if hold and not moves and len(unsure) * 2 >= watched:
        _lift(deps, hold)
    elif moves and not hold:
        _hold_crossings(deps, moves)


def check_volume(session: Session, deps: Deps, source: str, *, at: datetime) -> None:
    """After a source of usage was read: hold when its last whole day is far under what is usual on that weekday."""
    if Kind.USAGE not in deps.config.sources[source].tells:
        return
    day = day_number(at - LATE_DATA) - 1
    before = [day - 7 * week for week in range(1, WEEKS + 1)]
    totals = usage.totals(session, source, days=[day, *before])
    known = [totals[each] for each in before if totals.get(each)]
    policy = deps.config.alerts.mass_change
    found = slump(totals.get(day, 0), known, policy)
    if found and not is_everybodys(_shares(session, source, day, before), policy):
        found = None
    last = holds.last(session, HoldKind.VOLUME, source)
    if found is None:
        _note_normal(session, deps, last, at=at)
    elif last is None or _may_hold_again(last, at=at):
        detail = {"day": day, "told": found.told, "usual": found.usual}
        _begin(session, deps, HoldKind.VOLUME, source=source, detail=detail, at=at)


def _shares(session: Session, source: str, day: int, before: Sequence[int]) -> list[float]:
    """What some of the accounts told on a day, of what each usually does on that weekday."""
    told = usage.daily_of_some(session, source, days=[day, *before], limit=SAMPLE)
    usual = {each: median(days.get(one, 0) for one in before) for each, days in told.items()}
    return [days.get(day, 0) / usual[each] for each, days in told.items() if usual[each]]


def decide_hold(deps: Deps, hold_id: HoldId, verdict: Verdict, *, member: MemberId) -> None:
    """End a hold as somebody said. Released: what was held is told. Dropped: it is taken as it is, and nobody is told."""
    at = deps.clock.now()
    with deps.db.write() as session:
        hold = holds.get(session, hold_id)
        if hold is None:
            raise UserError("That hold is no longer kept here.")
        if (hold.verdict, hold.closed_by) == (verdict, member):
            return
        if not holds.close(session, hold_id, verdict, by=member, at=at):
            who = f" by <@{hold.closed_by}>" if hold.closed_by else ""
            raise UserError(f"That is decided already{who}.")
        detail = {"hold": hold_id}
        what = f"hold {verdict.value}"
        audit.write(session, member=member, what=what, allowed=True, at=at, detail=detail)
        due_looks.mark_watched(session, verdict, at=at)
        _show(session, deps, hold_id, at=at)


def _hold_crossings(deps: Deps, moves: tuple[MassMove, ...]) -> None:
    at = deps.clock.now()
    told = [
        {"rule": each.rule, "opens": each.opens, "accounts": each.accounts, "of": each.of}
        for each in moves
    ]
    with deps.db.write() as session:
        _begin(session, deps, HoldKind.CROSSINGS, source="", detail={"moves": told}, at=at)


def _begin(
    session: Session,
    deps: Deps,
    kind: HoldKind,
    *,
    source: str,
    detail: Mapping[str, object],
    at: datetime,
) -> None:
    """One message a hold; a second suspicion while one is open adds none."""
    other = holds.current(session)
    hold = holds.open_(session, kind, source=source, detail=detail, at=at)
    if hold is None:
        return
    log.warning("alerts are held", kind=kind, source=source)
    if not other:
        speaking.say(
            session,
            to_all(deps.config, render_hold, _view(hold, deps)),
            key=_key(hold.id),
            target=deps.config.slack.admin_channel,
            at=at,
        )


def _lift(deps: Deps, hold: Hold) -> None:
    at = deps.clock.now()
    with deps.db.write() as session:
        _let_go(session, deps, hold, at=at)


def _let_go(session: Session, deps: Deps, hold: Hold, *, at: datetime) -> None:
    if not holds.close(session, hold.id, Verdict.LIFTED, by=None, at=at):
        return
    log.info("alerts are let go", kind=hold.kind, source=hold.source)
    _show(session, deps, hold.id, at=at)
    lifted = holds.get(session, hold.id)
    if lifted:
        speaking.say(
            session,
            to_all(deps.config, render_lifted, _view(lifted, deps)),
            key=f"{_key(hold.id)}:over",
            target=deps.config.slack.admin_channel,
            at=at,
            reply_to=_key(hold.id),
        )


def _show(session: Session, deps: Deps, hold_id: HoldId, *, at: datetime) -> None:
    hold = holds.get(session, hold_id)
    if hold:
        speaking.amend(
            session,
            to_all(deps.config, render_hold, _view(hold, deps)),
            of=_key(hold_id),
            target=deps.config.slack.admin_channel,
            key=f"{_key(hold_id)}:{hold.verdict}",
            at=at,
        )


def _note_normal(session: Session, deps: Deps, last: Hold | None, *, at: datetime) -> None:
    """The source tells as much as usual: an open hold ends, and the next slump is a new one."""
    if last is None or last.detail.get("normal_since"):
        return
    holds.note_normal(session, last.id, at=at)
    if last.closed_at is None:
        _let_go(session, deps, last, at=at)


def _may_hold_again(last: Hold, *, at: datetime) -> bool:
    if last.closed_at is None:
        return False
    return bool(last.detail.get("normal_since")) or at - last.closed_at > REMEMBERED


def _open_hold(session: Session, kind: HoldKind) -> Hold | None:
    return next((each for each in holds.current(session) if each.kind is kind), None)


def _view(hold: Hold, deps: Deps) -> HoldView:
    title = SOURCES[hold.source].title if hold.source else ""
    return HoldView(
        id=hold.id,
        source=title,
        moves=hold.moves,
        day=hold.detail.get("day"),
        told=hold.detail.get("told", 0),
        usual=hold.detail.get("usual", 0.0),
        opened_at=hold.opened_at,
        closed_at=hold.closed_at,
        verdict=hold.verdict,
        closed_by=hold.closed_by,
        at=deps.clock.now(),
    )


def _key(hold_id: HoldId) -> str:
    return f"hold:{hold_id}"
