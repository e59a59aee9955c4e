"""Admitting: who may do what, asked anew on every command, click and modal. Denied by default."""

from contextlib import suppress
from datetime import timedelta

from bot.deps import Deps
from bot.services.errors import DeniedError
from scoring.members import Member, MemberId, Right
from storage import audit, members, user_groups
from storage.engine import BusyError

# A person may become a guest, leave, or be put out of a group: what Slack said holds for so long.
KNOWN_FOR = timedelta(minutes=5)
AT_ONCE_S = 0.1


def admit(
    deps: Deps, member_id: MemberId, *, what: str, needs: Right = Right.ACCOUNTS, team_id: str = ""
) -> Member:
    """The member who acts. Raises DeniedError for anybody without the right to, and keeps a note of it.

    `team_id` is what Slack says with the press; somebody of another team is denied whoever they say they are.
    """
    member = who_is(deps, member_id)
    is_ours = team_id in {"", deps.directory.team_id}
    given = rights(deps, member) if is_ours else frozenset()
    if needs in given:
        return member
    with deps.db.write() as session:
        audit.write(session, member=member.id, what=what, allowed=False, at=deps.clock.now())
    raise DeniedError(member.id, needs if Right.ACCOUNTS in given else Right.ACCOUNTS)


def rights(deps: Deps, member: Member) -> frozenset[Right]:
    """What a member may do now."""
    team_id = deps.directory.team_id
    if not member.is_full_member(team_id):
        return frozenset()
    return deps.config.access.rights(member, _groups_of(deps, member.id), team_id=team_id)


def may_see_accounts(deps: Deps, member: Member) -> bool:
    return Right.ACCOUNTS in rights(deps, member)


def who_is(deps: Deps, member_id: MemberId) -> Member:
    """Who somebody is, as Slack said within the last minutes."""
    now = deps.clock.now()
    with deps.db.read() as session:
        known = members.by_id(session, member_id, seen_since=now - KNOWN_FOR)
    if known:
        return known
    member = deps.directory.person(member_id)
    # Whoever asks does not wait for it: while a source is stored, Slack is asked again.
    with suppress(BusyError), deps.db.write(patience_s=AT_ONCE_S) as session:
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


def _groups_of(deps: Deps, member_id: MemberId) -> set[str]:
    """The groups that the configuration names and a member is in, as Slack said within the last minutes."""
    named, now = deps.config.access.groups, deps.clock.now()
    if not named:
        return set()
    with deps.db.read() as session:
        known = user_groups.seen_since(session, now - KNOWN_FOR)
    for group in sorted(named - known.keys()):
        known[group] = frozenset(deps.directory.group(group))
        with suppress(BusyError), deps.db.write(patience_s=AT_ONCE_S) as session:
            user_groups.keep(session, group, known[group], at=now)
    return {group for group in named if member_id in known[group]}
