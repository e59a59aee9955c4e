"""Admitting: who may see accounts, asked anew on every command, click and modal."""

from datetime import timedelta

from bot.deps import Deps
from bot.services.errors import DeniedError
from scoring.members import Member, MemberId
from storage import audit, members

# A person may become a guest, or leave: what Slack said of them holds for so long.
KNOWN_FOR = timedelta(minutes=5)


def admit(deps: Deps, member_id: MemberId, *, what: str) -> Member:
    """The member who acts. Raises DeniedError for anybody but a full member of our own team, and keeps a note of it."""
    member = who_is(deps, member_id)
    if member.may_see_accounts(deps.directory.team_id):
        return member
    with deps.db.write() as session:
        audit.write(session, member=member.id, what=what, allowed=False, at=deps.clock.now())
    raise DeniedError(member.id)


def who_is(deps: Deps, member_id: MemberId) -> Member:
    """Who somebody is, as Slack said within the last minutes."""
    now = deps.clock.now()
    with deps.db.read() as session:
        known = members.by_id(session, member_id, seen_since=now - KNOWN_FOR)
    if known:
        return known
    member = deps.directory.person(member_id)
    with deps.db.write() as session:
        members.upsert(session, [member], at=now)
    return member


def refresh_members(deps: Deps) -> int:
    """Learn who everybody is, page by page. Returns how many people there are."""
    count = 0
    for page in deps.directory.everybody():
        with deps.db.write() as session:
            members.upsert(session, page, at=deps.clock.now())
        count += len(page)
    return count
