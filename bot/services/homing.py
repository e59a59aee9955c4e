"""Homing: what each member's Home shows, published when they open it and whenever it changed.

"Mine" are the accounts that name the member as their CSM; "team" is everybody's, the same for all. There
is no third scope: Bellwether knows one team, and "all" would show the same accounts again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlmodel import Session

from bot.blocks.found import render_denied
from bot.blocks.home import (
    MOST_AT_RISK,
    MOST_CRITICAL,
    MOST_READY,
    Book,
    HomeView,
    View,
    as_home,
    as_view,
    digest_of,
    render_home,
    standing_option,
)
from bot.blocks.kit import Element
from bot.blocks.lists import Row
from bot.blocks.sources import SourceView
from bot.deps import Deps
from bot.services import admitting, listing, overseeing, routing, tasking
from bot.services.addressing import to_member
from bot.services.looking_up import suggestions
from scoring.members import Member
from scoring.readings import day_number
from scoring.rubric import Status
from storage import accounts, homes, members, openings, outcomes, scores

log = structlog.get_logger(__name__)

MOST_OFFERED = 20
LOOKED_AT_FOR = timedelta(days=7)
"""So long after somebody opened their Home it is kept up to date."""


class HomeChangedError(Exception):
    """The Home is not what it was when it was pressed: somebody published in between."""


class HomeRefusedError(Exception):
    """Slack does not take this Home. The words are Slack's."""


class HomesClosedError(Exception):
    """Slack takes no Home now: it is not reached, or asks to wait."""


@dataclass(slots=True)
class Shelf:
    """What several Homes of one run show alike, worked out once. `at` is now."""

    deps: Deps
    at: datetime
    books: dict[str | None, Book] = field(default_factory=dict)
    sources: Sequence[SourceView] | None = None

    def book(self, session: Session, csm_email: str | None) -> Book:
        if csm_email not in self.books:
            self.books[csm_email] = _book(session, self.deps, csm_email, at=self.at)
        return self.books[csm_email]

    def freshness(self, session: Session) -> Sequence[SourceView]:
        if self.sources is None:
            self.sources = overseeing.oversee(session, self.deps)
        return self.sources


@dataclass(frozen=True, slots=True)
class Shown:
    """A Home ready to be published, and what tells it from another."""

    view: View
    digest: str


def opened(deps: Deps, member: Member, *, view_hash: str = "") -> None:
    """Somebody opened their Home. It begins with their own accounts, or where they have none with the team's."""
    at = deps.clock.now()
    with deps.db.write() as session:
        owns = bool(member.email and accounts.owned_by(session, member.email))
        homes.opened(session, member.id, scope="mine" if owns else "team", at=at)
    publish(deps, member, view_hash=view_hash)


def choose(deps: Deps, member: Member, scope: str) -> None:
    """Show a member other accounts from the next time on that their Home is published."""
    with deps.db.write() as session:
        homes.choose(session, member.id, scope, at=deps.clock.now())


def publish(deps: Deps, member: Member, *, view_hash: str = "") -> None:
    """Publish a member's Home as everything stands now. `view_hash` is that of the Home it takes the place of.

    Where another came between, it is drawn anew: the last word is the newest. Raises HomesClosedError
    and HomeRefusedError; then the next run does it.
    """
    try:
        _publish(deps, member, view_hash=view_hash)
    except HomeChangedError:
        _publish(deps, member)


def refresh(deps: Deps) -> int:
    """Bring every Home up to date that shows something else than it would now. Returns how many were published.

    Whoever was not reached is first in the next run.
    """
    at = deps.clock.now()
    with deps.db.write() as session:
        homes.prune(session, before=at - LOOKED_AT_FOR)
        due = homes.opened_since(session, at - LOOKED_AT_FOR)
    shelf, count = Shelf(deps, at), 0
    for home in due:
        try:
            count += _refresh(deps, shelf, home)
        except HomeRefusedError as error:
            log.warning("a Home is refused", member=home.member, error=str(error))
        except HomesClosedError as error:
            log.warning("Homes wait for the next run", error=str(error))
            break
    return count


def suggest(deps: Deps, typed: str) -> list[Element]:
    """The accounts somebody may mean by the letters typed so far, as options."""
    with deps.db.read() as session:
        found = suggestions(session, typed, limit=MOST_OFFERED)
        standing = outcomes.scores_now(session, [each.id for each in found])
    return [
        standing_option(each, *standing.get(each.id, (None, None)), deps.config.rubric)
        for each in found
    ]


def _refresh(deps: Deps, shelf: Shelf, home: homes.Home) -> bool:
    """Whether a Home had to be published. Who somebody is, is asked again only where it has."""
    with deps.db.read() as session:
        known = members.by_id(session, home.member)
    if known and _show(deps, known, home.scope, shelf).digest == home.digest:
        return False
    member = admitting.who_is(deps, home.member)
    shown = _show(deps, member, home.scope, shelf)
    with deps.db.read() as session:
        if shown.digest == home.digest or homes.get(session, home.member) != home:
            return False  # somebody pressed something on it meanwhile, which publishes it
    deps.homes.publish(home.member, shown.view)
    with deps.db.write() as session:
        homes.published(session, home.member, digest=shown.digest, at=shelf.at)
    return True


def _publish(deps: Deps, member: Member, *, view_hash: str = "") -> None:
    at = deps.clock.now()
    with deps.db.read() as session:
        home = homes.get(session, member.id)
    shown = _show(deps, member, home.scope if home else "mine", Shelf(deps, at))
    deps.homes.publish(member.id, shown.view, view_hash=view_hash)
    with deps.db.write() as session:
        homes.published(session, member.id, digest=shown.digest, at=at)


def _show(deps: Deps, member: Member, scope: str, shelf: Shelf) -> Shown:
    """A member's Home by what they may see now."""
    if not admitting.may_see_accounts(deps, member):
        denied = as_home(render_denied())
        return Shown(denied, digest_of("", denied["blocks"]))
    with deps.db.read() as session:
        view = _view(session, deps, member, scope, shelf)
    blocks = to_member(deps, member, render_home, view, rubric=deps.config.rubric)
    return Shown(as_view(blocks, scope=scope, at=shelf.at), digest_of(scope, blocks))


def _view(session: Session, deps: Deps, member: Member, scope: str, shelf: Shelf) -> HomeView:
    return HomeView(
        scope=scope,
        book=shelf.book(session, listing.email_of(member, scope)),
        tasks=tasking.page(session, deps, member, scope="mine", offset=0, at=shelf.at),
        sources=shelf.freshness(session),
        at=shelf.at.astimezone(routing.zone_of(member)),
    )


def _book(session: Session, deps: Deps, csm_email: str | None, *, at: datetime) -> Book:
    config = deps.config
    then = scores.distribution(session, day_number(at) - 7, csm_email)

    def slipping(status: Status, most: int) -> list[Row]:
        return listing.of_status(session, csm_email, status, config=config, at=at, limit=most)

    return Book(
        counts=listing.tally(session, csm_email, rates=config.rates, on=at.date()),
        week_ago=then or None,
        critical=slipping(Status.CRITICAL, MOST_CRITICAL),
        at_risk=slipping(Status.AT_RISK, MOST_AT_RISK),
        ready=listing.ready(session, csm_email, config=config, at=at, limit=MOST_READY),
        ready_total=openings.count_ready(session, csm_email),
    )
