"""Lists of accounts: one status page by page, and a book of business at a glance."""

from collections import Counter
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

    `reason` and `plan` are one line of plain text. None: `value` no score, `status` not enough data,
    `change_7d` no score a week ago, `csm_mention` the CSM is no member, `days_in_status` not known,
    `watch` on none. `plan` is told where it matters: what they have, and what comes after it. What to
    do next is `task`, the first that is open, else `next_step` as the playbook says it.
    """

    account: Account
    value: float | None
    status: Status | None
    change_7d: float | None = None
    reason: str = ""
    csm_mention: str | None = None
    days_in_status: int | None = None
    watch: WatchKind | None = None
    plan: str = ""
    task: Task | None = None
    next_step: str = ""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many accounts are in a status, and their MRR: one amount a currency."""

    accounts: int
    mrr: Sequence[Money] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPage:
    """Some rows of the accounts in a status, None: of those ready to expand. `scope` is "mine" or "team"; `offset` counts from 0."""

    status: Status | None
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
    title = _title(page)
    if not page.rows:
        return kit.message(f"{title}: none", [kit.header(title), kit.section(_nobody(page))])
    shown = page.rows[:MOST_ROWS]
    last = page.offset + len(shown)
    turns, common = _turns(page, last), common_step(shown)
    return kit.message(
        f"{title}: {words.count(page.total)}. First: {_spoken(shown[0], rubric)}",
        [
            kit.header(f"{title}: {words.count(page.total)}"),
            kit.section(common_line(common)) if common else None,
            *(
                row_block(row, rubric, page.at, is_mine=page.scope == "mine", common=common)
                for row in shown
            ),
            kit.context(
                f"{words.count(page.offset + 1)}–{words.count(last)} of {words.count(page.total)}"
                if turns
                else ""
            ),
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
            kit.header(f"{title}: {words.count(total)}"),
            kit.section("\n".join(count_lines(overview.counts))),
            kit.lines(due, title="*Tasks*", most=MOST_TASKS),
            *worst_blocks(overview.worst, rubric, overview.at, is_mine=overview.is_mine),
            kit.context(
                f"A list: `/health critical{' mine' if overview.is_mine else ''}` · one account: `/health` and its name"
            ),
        ],
    )


def count_lines(
    counts: Mapping[Status | None, Tally], week_ago: Mapping[Status | None, int] | None = None
) -> list[str]:
    """A line a status, worst first; "not enough data" only where there is some.

    `week_ago` are the counts of seven days before: with them each line says its share, and its change if any.
    """
    total = sum(tally.accounts for tally in counts.values())
    shown = [(status, counts.get(status, Tally(0))) for status in words.STATUSES]
    return [
        f"{words.shape(status)} *{words.count(tally.accounts)}* {words.label(status)}"
        f"{_share(tally, total, week_ago)}{_mrr(tally)}{_since(tally, status, week_ago)}"
        for status, tally in shown
        if status or tally.accounts
    ]


def worst_blocks(
    rows: Sequence[Row], rubric: Rubric, at: datetime | None = None, *, is_mine: bool = False
) -> list[Block | None]:
    """The accounts to look at first, under a title; nothing without any."""
    if not rows:
        return []
    common = common_step(rows) if at else ""
    title = "\n".join(each for each in ("*Look at these first*", common_line(common)) if each)
    return [
        kit.section(title),
        *(row_block(row, rubric, at, is_mine=is_mine, common=common) for row in rows),
    ]


def row_block(
    row: Row,
    rubric: Rubric,
    at: datetime | None = None,
    *,
    is_mine: bool,
    span: str = " in 7 days",
    common: str = "",
) -> Block:
    """Name and number, why, what is at stake, and with `at` what to do next: short lines and a way in.

    `span` is that of the change. `common` is the next step that was said already for several rows.
    """
    lines = [
        head_line(row, rubric, span),
        escape(row.reason, 200),
        stakes_line(row, is_mine=is_mine),
        step_line(row, at, common=common) if at else "",
    ]
    return kit.section("\n".join(line for line in lines if line), accessory=_view(row.account))


def head_line(row: Row, rubric: Rubric, span: str = " in 7 days") -> str:
    """Who, how many points, which way."""
    change = "" if row.change_7d is None else f" {words.arrow(words.whole(row.change_7d))}{span}"
    score = f"*{words.score_text(row.value, row.status, rubric)}* " if row.status else ""
    return f"*{words.name_of(row.account)}* · {words.shape(row.status)} {score}{words.label(row.status)}{change}"


def stakes_line(row: Row, *, is_mine: bool) -> str:
    """What is paid, for what, who owns it, and for how long it has been so."""
    days = row.days_in_status
    stakes = [
        words.mrr(row.account.mrr),
        escape(row.plan, 80),
        "" if is_mine else words.csm_of(row.account, row.csm_mention),
        f"{words.plural(days, 'day')} {words.label(row.status)}" if days else "",
        words.WATCHES[row.watch] if row.watch else "",
    ]
    return " · ".join(stake for stake in stakes if stake)


def step_line(row: Row, at: datetime, *, common: str = "") -> str:
    """What to do next: the first open task, else what the playbook proposes."""
    if row.task:
        return words.task_line(row.task, at)
    is_said = not row.next_step or row.next_step == common
    return "" if is_said else f"→ {escape(row.next_step, 200)}"


def common_step(rows: Sequence[Row]) -> str:
    """The next step that most of the rows share, to be said once; empty where no two do."""
    counts = Counter(row.next_step for row in rows if row.next_step and not row.task)
    step, count = counts.most_common(1)[0] if counts else ("", 0)
    return step if count > 1 else ""


def common_line(step: str) -> str:
    """The shared step above several rows; a row that says its own goes its own way."""
    return f"→ Next: {escape(step, 200)}" if step else ""


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
        f"{words.count(counts[status].accounts)} {words.label(status)}"
        for status in words.STATUSES
        if status in counts and counts[status].accounts
    )


def _mrr(tally: Tally) -> str:
    told = words.mrr(tally.mrr)
    return f" · {told}" if told else ""


def _share(tally: Tally, total: int, week_ago: Mapping[Status | None, int] | None) -> str:
    if week_ago is None or not total:
        return ""
    return f" · {words.percent(tally.accounts / total)}"


def _since(
    tally: Tally, status: Status | None, week_ago: Mapping[Status | None, int] | None
) -> str:
    """The change over seven days; nothing where nothing was counted then."""
    if not week_ago or status is None:
        return ""
    change = tally.accounts - week_ago.get(status, 0)
    return f" · {words.arrow(change)}" if change else ""


def _title(page: ListPage) -> str:
    if page.status is None:
        return f"{'Your accounts' if page.scope == 'mine' else 'Accounts'} ready to expand"
    return f"{page.status.label} accounts{' of yours' if page.scope == 'mine' else ''}"


def _nobody(page: ListPage) -> str:
    word = page.status.label.lower() if page.status else "expansion"
    if page.offset:
        return f"There are no more. See them from the start: `/health {word} {page.scope}`"
    what = page.status.label if page.status else "ready to expand now"
    if page.scope == "mine":
        return f"No account of yours is {what}. See everybody's: `/health {word} team`"
    if page.status is None:
        return (
            f"No account is {what}. One is when its score rises to Healthy, or while it is well and grows, "
            "takes up an advanced feature or outgrows its plan. See how all stand: `/health`"
        )
    return f"No account is {what}. See how all stand: `/health`"


def _no_book(overview: Overview) -> str:
    if overview.is_mine:
        return (
            "No account is yours yet. An account is yours when the CRM names you, by the e-mail you have "
            "in Slack, as its owner. See everybody's: `/health at-risk team`"
        )
    return "There are no accounts yet. They come with the first sync: `bellwether sync` starts one."
