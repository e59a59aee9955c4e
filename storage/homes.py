"""Homes: who looks at their Home, whose accounts it shows, and what was published there last."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from scoring.members import MemberId
from storage.sql import fetch, first, run, upsert
from storage.tables import HomeRow

_home = HomeRow.__table__


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """One member's Home. `scope` is "mine" or "team". `digest` tells what it shows apart; empty: nothing yet."""

    member: MemberId
    scope: str
    opened_at: datetime
    published_at: datetime | None = None
    digest: str = ""


def get(session: Session, member: MemberId) -> Home | None:
    row = first(session, sa.select(_home).where(_home.c.member == member))
    return _to_home(row) if row else None


def opened(session: Session, member: MemberId, *, scope: str, at: datetime) -> None:
    """Somebody looks at their Home: it is to be published anew. `scope` is what a new one begins with."""
    row = {"member": member, "scope": scope, "opened_at": at, "published_at": None, "digest": ""}
    upsert(session, _home, [row], key=("member",), keep=("scope", "published_at"))


def choose(session: Session, member: MemberId, scope: str, *, at: datetime) -> None:
    """Show other accounts from now on."""
    row = {"member": member, "scope": scope, "opened_at": at, "published_at": None, "digest": ""}
    upsert(session, _home, [row], key=("member",), keep=("published_at",))


def opened_since(session: Session, since: datetime) -> list[Home]:
    """Those looked at since, the one that was brought up to date longest ago first."""
    query = sa.select(_home).where(_home.c.opened_at >= since)
    homes = [_to_home(row) for row in fetch(session, query.order_by(_home.c.member))]
    return sorted(homes, key=lambda each: (each.published_at or each.opened_at, each.member))


def published(session: Session, member: MemberId, *, digest: str, at: datetime) -> None:
    """Note what Slack shows now."""
    values = {"digest": digest, "published_at": at}
    run(session, sa.update(_home).where(_home.c.member == member).values(values))


def prune(session: Session, *, before: datetime) -> int:
    """Forget the Homes nobody looked at since. Returns how many."""
    return run(session, sa.delete(_home).where(_home.c.opened_at < before))


def _to_home(row: sa.Row[Any]) -> Home:
    return Home(**{field.name: getattr(row, field.name) for field in fields(Home)})
