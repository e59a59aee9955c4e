"""Matches: what waits for an account, with the evidence and what can be said of it; and what an account is made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.blocks import actions, kit, words
from bot.blocks.kit import Block, Element, Message
from bot.blocks.text import escape, plain
from scoring.accounts import Account
from scoring.identity import Link, MatchedBy, Waiting

NAME = 60


@dataclass(frozen=True, slots=True)
class Candidate:
    """An account that an organisation could be, and why."""

    account: Account
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """An organisation that waits. `title` is its source's; `is_record`: it could become an account of its own."""

    waiting: Waiting
    title: str
    candidates: Sequence[Candidate]
    is_conflict: bool = False
    is_record: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchQueue:
    """One page of what waits; `quiet` is how many mail domains match no account and are not listed."""

    rows: Sequence[Pending]
    total: int
    quiet: int
    offset: int
    page_size: int


_BY = {
    MatchedBy.RECORD: "makes the account",
    MatchedBy.ID: "same id",
    MatchedBy.DOMAIN: "same domain",
    MatchedBy.PERSON: "said by",
}


def render_queue(queue: MatchQueue, *, done: str = "") -> Message:
    """The queue; `done` says what was just done, in mrkdwn."""
    heading = f"Waiting for a match: {words.count(queue.total)}"
    quiet = (
        f"{words.plural(queue.quiet, 'mail domain')} of people you write to match no account: leads, most likely."
        if queue.quiet
        else ""
    )
    if not queue.rows:
        said = "Everything your tools know is somebody's. There is nothing to do."
        blocks = [_done(done), kit.header(heading), kit.section(said), kit.context(quiet)]
        return kit.message(done or heading, blocks)
    rows = [block for row in queue.rows for block in _row(row, queue.offset)]
    turns = _turns(queue)
    last = queue.offset + len(queue.rows)
    return kit.message(
        done or heading,
        [
            _done(done),
            kit.header(heading),
            kit.context(
                "What your tools tell of these counts for nobody until you say whose it is."
            ),
            *rows,
            kit.context(
                f"{words.count(queue.offset + 1)}–{words.count(last)} of {words.count(queue.total)}"
                if turns
                else "",
                quiet,
            ),
            kit.actions(turns) if turns else None,
        ],
    )


def render_links(account: Account, links: Sequence[tuple[Link, str]], at: datetime) -> Message:
    """What stands for an account; links come with their source's title."""
    name = words.name_of(account)
    said = [_link_line(link, title, at) for link, title in links]
    example = f"`/health link {escape(account.name, NAME)} zendesk:900`"
    step = f"Add one: {example} · take one away: `/health unlink …` · a domain works too."
    return kit.message(
        f"{name}: {words.plural(len(links), 'link')}",
        [
            kit.section(f"*{name}* is known as"),
            kit.lines(said, most=30) or kit.section("nothing yet"),
            kit.context(step),
        ],
    )


def render_said(said: str) -> Message:
    """What was done, in one line of mrkdwn."""
    return kit.message(said, [kit.section(f"✓ {said}")])


def _done(done: str) -> Block | None:
    return kit.section(f"✓ {done}") if done else None


def _row(row: Pending, offset: int) -> list[Block]:
    """Who it is, what speaks for whom, and the buttons."""
    waiting = row.waiting
    called = f"“{escape(waiting.name, NAME)}”" if waiting.name else f"`{escape(waiting.ref, NAME)}`"
    known = ", ".join(escape(each, NAME) for each in waiting.domains[:3])
    facts = [
        f"id {escape(waiting.ref, NAME)}" if waiting.name else "",
        known,
        f"since {words.moment(waiting.first_seen_at)}",
    ]
    lines = [
        f"*{called}* in {escape(row.title, NAME)}",
        " · ".join(each for each in facts if each),
        *_evidence(row),
    ]
    return [
        kit.section("\n".join(lines)),
        kit.actions(_buttons(row, offset), block_id=f"match:{waiting.link_id}"),
    ]


def _evidence(row: Pending) -> list[str]:
    if not row.candidates:
        here = escape(f"{row.waiting.source}:{row.waiting.ref}", NAME)
        return [f"Nothing looks like it. If it is Acme's: `/health link acme {here}`"]
    said = [
        f"• *{words.name_of(each.account)}*: {escape(each.why, 120)}" for each in row.candidates
    ]
    if row.is_conflict:
        return ["⚠ Two accounts claim it, so it is neither's:", *said]
    return said


def _buttons(row: Pending, offset: int) -> list[Element]:
    link_id = row.waiting.link_id
    ids = [each.account.id for each in row.candidates]
    confirms = [
        kit.button(
            f"It is {plain(each.account.name, NAME)}",
            f"match.confirm.{number}",
            actions.match(link_id, [each.account.id], offset),
            style="primary" if len(ids) == 1 else "",
        )
        for number, each in enumerate(row.candidates)
    ]
    other = "A new account" if row.is_record else "Not the same"
    refusing = kit.button(other, actions.MATCH_REFUSE, actions.match(link_id, ids, offset))
    ignoring = kit.button(
        "Ignore",
        actions.MATCH_IGNORE,
        actions.match(link_id, [], offset),
        about=f"Ignore {plain(row.waiting.name or row.waiting.ref, NAME)}",
    )
    return [*confirms, *([refusing] if ids or row.is_record else []), ignoring]


def _turns(queue: MatchQueue) -> list[Element]:
    before, after = max(0, queue.offset - queue.page_size), queue.offset + queue.page_size
    return [
        *([kit.button("Previous", actions.MATCH_PREVIOUS, str(before))] if queue.offset else []),
        *([kit.button("Next", actions.MATCH_NEXT, str(after))] if after < queue.total else []),
    ]


def _link_line(link: Link, title: str, at: datetime) -> str:
    by = f"said by {words.mention(link.linked_by)}" if link.linked_by else _BY[link.matched_by]
    name = f" “{escape(link.name, NAME)}”" if link.name else ""
    when = words.day(link.matched_at.date(), at)
    return f"• {escape(title, NAME)} `{escape(link.ref, NAME)}`{name}: {by}, {when}"
