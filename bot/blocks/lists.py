"""Lists of accounts: one status page by page, and a book of business at a glance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.blocks import actions, kit, words
from bot.blocks.kit import Block, Element, Message
from bot.blocks.text import escape
from scoring.accounts import Account, Money
from scoring.playbooks import Task, WatchKind
from scoring.rubric import Rubric, Status

MOST_ROWS = 40  # of the 50 blocks a message may have
MOST_TASKS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One account in a list.

    `reason` is one line of plain text. None: `value` no score, `status` not enough data, `change_7d`
    no score a week ago, `csm_mention` the CSM is no member, `days_in_status` not known, `watch` on none.
    """

    account: Account
    value: float | None
    status: Status | None
    change_7d: float | None = None
    reason: str = ""
    csm_mention: str | None = None
    days_in_status: int | None = None
    watch: WatchKind | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """How many accounts are in a status, and their MRR: one amount a currency."""

    accounts: int
    mrr: Sequence[Money] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPage:
    """Some rows of the accounts in a status. `scope` is "mine" or "all"; `offset` counts from 0."""

    status: Status
    scope: str
    rows: Sequence[Row]
    total: int
    offset: int
    page_size: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """A book of business, or with `is_mine` False the whole team's. `worst` are the rows to look at first."""

    counts: Mapping[Status | None, Tally]
    worst: Sequence[Row]
    tasks: Sequence[tuple[Task, Account]]
    is_mine: bool
    at: datetime


def render_list(page: ListPage, *, rubric: Rubric) -> Message:
    title = f"{page.status.label} accounts{' of yours' if page.scope == 'mine' else ''}"
    if not page.rows:
        return kit.message(f"{title}: none", [kit.header(title), kit.section(_nobody(page))])
    shown = page.rows[:MOST_ROWS]
    last = page.offset + len(shown)
    turns = _turns(page, last)
    return kit.message(
        f"{title}: {page.total:,}. First: {_spoken(shown[0], rubric)}",
        [
            kit.header(f"{title}: {page.total:,}"),
            *(_row(row, rubric, is_mine=page.scope == "mine") for row in shown),
            kit.context(f"{page.offset + 1:,}–{last:,} of {page.total:,}" if turns else ""),
            kit.actions(turns) if turns else None,
        ],
    )


def render_overview(overview: Overview, *, rubric: Rubric) -> Message:
    title = "Your accounts" if overview.is_mine else "All accounts"
    total = sum(tally.accounts for tally in overview.counts.values())
    if not total:
        return kit.message(f"{title}: none", [kit.header(title), kit.section(_no_book(overview))])
    due = [words.task_line(task, overview.at, of=words.name_of(of)) for task, of in overview.tasks]
    return kit.message(
        f"{title}: {_counts_spoken(overview.counts)}",
        [
            kit.header(f"{title}: {total:,}"),
            kit.section("\n".join(count_lines(overview.counts))),
            kit.lines(due, title="*Tasks*", most=MOST_TASKS),
            *worst_blocks(overview.worst, rubric, is_mine=overview.is_mine),
            kit.context(
                f"A list: `/health critical{' mine' if overview.is_mine else ''}` · one account: `/health` and its name"
            ),
        ],
    )


def count_lines(counts: Mapping[Status | None, Tally]) -> list[str]:
    """A line a status, worst first; "not enough data" only where there is some."""
    shown = [(status, counts.get(status, Tally(0))) for status in words.STATUSES]
    return [
        f"{words.shape(status)} *{tally.accounts:,}* {words.label(status)}{_mrr(tally)}"
        for status, tally in shown
        if status or tally.accounts
    ]


def worst_blocks(
    rows: Sequence[Row], rubric: Rubric, *, is_mine: bool = False
) -> list[Block | None]:
    """The accounts to look at first, under a title; nothing without any."""
    if not rows:
        return []
    return [
        kit.section("*Look at these first*"),
        *(_row(row, rubric, is_mine=is_mine) for row in rows),
    ]


def _row(row: Row, rubric: Rubric, *, is_mine: bool) -> Block:
    """Name and number, why, and what is at stake: three short lines and a way in."""
    change = (
        "" if row.change_7d is None else f" {words.arrow(words.whole(row.change_7d))} in 7 days"
    )
    score = f"*{words.score_text(row.value, row.status, rubric)}* " if row.status else ""
    days = row.days_in_status
    stakes = [
        f"MRR {words.money(row.account.mrr)}" if row.account.mrr else "",
        "" if is_mine else words.csm_of(row.account, row.csm_mention),
        f"{words.plural(days, 'day')} {words.label(row.status)}" if days else "",
        words.WATCHES[row.watch] if row.watch else "",
    ]
    lines = [
        f"*{words.name_of(row.account)}* · {words.shape(row.status)} {score}{words.label(row.status)}{change}",
        escape(row.reason, 200),
        " · ".join(stake for stake in stakes if stake),
    ]
    return kit.section("\n".join(line for line in lines if line), accessory=_view(row.account))


def _view(account: Account) -> Element:
    return kit.button(
        "View", actions.ACCOUNT_VIEW, str(account.id), about=f"View {words.plain_name_of(account)}"
    )


def _turns(page: ListPage, last: int) -> list[Element]:
    def turn(label: str, action_id: str, offset: int) -> Element:
        return kit.button(label, action_id, actions.page(page.status, page.scope, offset))

    before = max(0, page.offset - page.page_size)
    return [
        *([turn("Previous", actions.LIST_PREVIOUS, before)] if page.offset else []),
        *([turn("Next", actions.LIST_NEXT, last)] if last < page.total else []),
    ]


def _spoken(row: Row, rubric: Rubric) -> str:
    change = words.spoken(None if row.change_7d is None else words.whole(row.change_7d))
    moved = f" ({change} in 7 days)" if change else ""
    return (
        f"{words.name_of(row.account)} at {words.score_text(row.value, row.status, rubric)}{moved}"
    )


def _counts_spoken(counts: Mapping[Status | None, Tally]) -> str:
    return ", ".join(
        f"{counts[status].accounts:,} {words.label(status)}"
        for status in words.STATUSES
        if status in counts and counts[status].accounts
    )


def _mrr(tally: Tally) -> str:
    return f" · MRR {words.sums(tally.mrr)}" if tally.mrr else ""


def _nobody(page: ListPage) -> str:
    word = page.status.label.lower()
    if page.offset:
        return f"There are no more. See them from the start: `/health {word} {page.scope}`"
    if page.scope == "mine":
        return f"No account of yours is {page.status.label}. See everybody's: `/health {word} all`"
    return f"No account is {page.status.label}. See how all stand: `/health`"


def _no_book(overview: Overview) -> str:
    if overview.is_mine:
        return (
            "No account is yours yet. An account is yours when the CRM names you, by the e-mail you have "
            "in Slack, as its owner. See everybody's: `/health at-risk all`"
        )
    return "There are no accounts yet. They come with the first sync: `bellwether sync` starts one."
