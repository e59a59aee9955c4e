"""Home: the dashboard a member opens Bellwether on. How all stand, who needs somebody, who is ready for more, my tasks."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.blocks import actions, kit, limits, words
from bot.blocks.kit import Block, Element, Message
from bot.blocks.lists import Row, Tally, common_line, common_step, count_lines, row_block
from bot.blocks.sources import SourceView
from bot.blocks.tasks import TasksPage
from bot.blocks.text import clip, escape, length, plain
from scoring.accounts import Account
from scoring.rubric import Rubric, Status

MOST_CRITICAL, MOST_AT_RISK, MOST_READY, MOST_TASKS, MOST_ILL = 8, 6, 6, 8, 5

View = dict[str, Any]

_SCOPES = {"mine": "My accounts", "team": "Team"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """What a Home shows of accounts: the same for everybody who looks at these.

    `week_ago` are the counts of seven days before, None: nothing was scored then. `ready_total` is how
    many there are besides those shown.
    """

    counts: Mapping[Status | None, Tally]
    week_ago: Mapping[Status | None, int] | None
    critical: Sequence[Row]
    at_risk: Sequence[Row]
    ready: Sequence[Row]
    ready_total: int

    @property
    def total(self) -> int:
        return sum(tally.accounts for tally in self.counts.values())

    def count(self, status: Status) -> int:
        return self.counts[status].accounts if status in self.counts else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeView:
    """One member's Home. `scope` is "mine" or "team"; `at` is now, in the member's zone."""

    scope: str
    book: Book
    tasks: TasksPage
    sources: Sequence[SourceView]
    at: datetime


def render_home(view: HomeView, *, rubric: Rubric) -> list[Block]:
    """Everything but when it was published, so that equal Homes are equal."""
    book = view.book
    return [
        kit.header(_title(view)),
        kit.section(_overview(view)),
        *([kit.actions(_lists(view))] if book.total else []),
        *_slipping(view, rubric),
        *_tasks(view),
        *_sources(view.sources),
    ]


def as_view(blocks: Sequence[Block], *, scope: str, at: datetime) -> View:
    """The Home as it is published, with its switch, the search, and when that was.

    The search has another block_id each time: Slack would go on showing what was picked in it, and
    whoever picks the same again would wait in vain.
    """
    switch = kit.actions(
        [
            *(_scope_button(each, is_chosen=each == scope) for each in _SCOPES),
            kit.external_select("Look up an account…", actions.HOME_LOOK_UP),
        ],
        block_id=f"home:{int(at.timestamp())}",
    )
    told = kit.context(
        f"Brought up to date {words.moment(at)}. This page changes by itself when something moved."
    )
    shown = [blocks[0], switch, *blocks[1:], *([told] if told else [])]
    return kit.home(shown)


def as_home(message: Message) -> View:
    """A message in the place of a Home, for who may not see accounts."""
    return kit.home(message.blocks)


def digest_of(scope: str, blocks: Sequence[Block]) -> str:
    """Equal for what looks the same."""
    told = json.dumps([scope, blocks], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()


def in_modal(message: Message, title: str) -> View:
    """An answer in a modal: what can be pressed in it goes on in the modal."""
    shown = [_reworked(block) for block in message.blocks]
    return kit.modal(plain(title, limits.VIEW_TITLE), shown, close="Close")


def standing_option(
    account: Account, value: float | None, status: Status | None, rubric: Rubric
) -> Element:
    """What is offered while somebody types: the name, and how it stands."""
    score = f"{words.score_text(value, status, rubric)} " if status else ""
    stands = f" · {score}{words.label(status)}"
    name = clip(plain(account.name, words.NAME) or "(no name)", limits.OPTION - length(stands))
    return {"text": kit.words(f"{name}{stands}", limits.OPTION), "value": str(account.id)}


_IN_MODAL = {
    actions.ACCOUNT_VIEW: actions.HOME_ACCOUNT,
    actions.LIST_NEXT: actions.HOME_NEXT,
    actions.LIST_PREVIOUS: actions.HOME_PREVIOUS,
}


def _reworked(block: Block) -> Block:
    """Its buttons under the names that are heard where there is no conversation to answer in."""
    changed = dict(block)
    if "accessory" in block:
        changed["accessory"] = _renamed(block["accessory"])
    if block["type"] == "actions":
        changed["elements"] = [_renamed(each) for each in block["elements"]]
    return changed


def _renamed(element: Element) -> Element:
    name = str(element.get("action_id", ""))
    return {**element, "action_id": _IN_MODAL[name]} if name in _IN_MODAL else element


def _title(view: HomeView) -> str:
    return "Customer health: your accounts" if view.scope == "mine" else "Customer health: the team"


def _scope_button(scope: str, *, is_chosen: bool) -> Element:
    label = f"✓ {_SCOPES[scope]}" if is_chosen else _SCOPES[scope]
    return kit.button(
        label,
        f"home.scope.{scope}",
        scope,
        style="primary" if is_chosen else "",
        about=f"Show {_SCOPES[scope].lower()}{', chosen' if is_chosen else ''}",
    )


def _overview(view: HomeView) -> str:
    book = view.book
    if not book.total:
        return _nobody(view)
    low = book.count(Status.CRITICAL) + book.count(Status.AT_RISK)
    change = ""
    if book.week_ago:
        then = sum(book.week_ago.get(each, 0) for each in (Status.CRITICAL, Status.AT_RISK))
        change = f" {words.arrow(low - then)} in 7 days"
    need = f"*{words.count(low)}* of {words.plural(book.total, 'account')} At-risk or Critical"
    lines = count_lines(book.counts, book.week_ago or {})
    return "\n".join([f"{need}{change}", *lines])


def _lists(view: HomeView) -> list[Element]:
    book = view.book
    counts = [(status, status.label, book.count(status)) for status in Status]
    found = [
        _list_button(f"{label} {words.count(count)}", status, view.scope)
        for status, label, count in counts
        if count
    ]
    return [
        *found,
        _list_button(f"Ready to expand {words.count(book.ready_total)}", None, view.scope),
    ]


def _list_button(label: str, status: Status | None, scope: str) -> Element:
    which = status.name.lower() if status else "expansion"
    return kit.button(
        label, f"home.list.{which}", actions.page(status, scope, 0), about=f"List: {label}"
    )


def _slipping(view: HomeView, rubric: Rubric) -> list[Block]:
    book = view.book
    return [
        *_accounts(view, rubric, book.critical, Status.CRITICAL),
        *_accounts(view, rubric, book.at_risk, Status.AT_RISK),
        *_accounts(view, rubric, book.ready, None),
    ]


def _accounts(
    view: HomeView, rubric: Rubric, rows: Sequence[Row], status: Status | None
) -> list[Block]:
    """Some accounts in a status, None: of those ready to expand; and how many are not shown."""
    total = view.book.count(status) if status else view.book.ready_total
    if not total:
        return []
    title = f"{words.shape(status)} *{status.label}*" if status else "🌱 *Ready to expand*"
    left, common = total - len(rows), common_step(rows)
    said = "\n".join(
        each for each in (f"{title}: {words.count(total)}", common_line(common)) if each
    )
    more = kit.section(
        f"… and {words.count(left)} more", accessory=_list_button("See all", status, view.scope)
    )
    return [
        kit.divider(),
        kit.section(said),
        *(_row(row, view, rubric, common) for row in rows),
        *([more] if left > 0 else []),
    ]


def _row(row: Row, view: HomeView, rubric: Rubric, common: str) -> Block:
    # The span of the changes stands above: said in each row, it takes a line of its own on a phone.
    is_mine = view.scope == "mine"
    shown = row_block(row, rubric, view.at, is_mine=is_mine, span="", common=common)
    return _reworked(shown)


def _tasks(view: HomeView) -> list[Block]:
    page = view.tasks
    if not page.total:
        none = "☑ *My tasks*: nothing is left to be done by you."
        return [kit.divider(), kit.section(none)]
    late = f", {words.count(page.overdue)} overdue" if page.overdue else ""
    shown = page.items[:MOST_TASKS]
    left = page.total - len(shown)
    rest = kit.context(
        f"… and {words.count(left)} more: `/health tasks` has them all" if left > 0 else ""
    )
    return [
        kit.divider(),
        kit.section(f"☑ *My tasks*: {words.count(page.total)}{late}"),
        *(
            kit.section(
                words.task_line(item.task, view.at, of=words.name_of(item.account)),
                accessory=kit.button(
                    "Done",
                    actions.HOME_TASK_DONE,
                    str(item.task.id),
                    about=f"Done: {plain(item.task.title)}",
                ),
            )
            for item in shown
        ),
        *([rest] if rest else []),
    ]


def _sources(sources: Sequence[SourceView]) -> list[Block]:
    """Those that are not well first; of the others only that they are, or each of their answers would change the page."""
    if not sources:
        return []
    ill = [each for each in sources if not each.is_well]
    well = [escape(each.title, 40) for each in sources if each.is_well]
    lines = [_ill(each) for each in ill[:MOST_ILL]]
    if len(ill) > MOST_ILL:
        lines.append(f"… and {words.count(len(ill) - MOST_ILL)} more: `/health sources`")
    if well:
        lines.append(f"✅ {'All' if not ill else 'Others'} answer in time: {', '.join(well)}")
    freeze = "Scores keep what it last told. `/health sources` says how to mend it." if ill else ""
    said = kit.context(freeze)
    return [
        kit.divider(),
        kit.section("\n".join(["*Sources*", *lines])),
        *([said] if said else []),
    ]


def _ill(source: SourceView) -> str:
    last = f", last answered {words.moment(source.last_ok_at)}" if source.last_ok_at else ""
    if source.failing_since:
        told = f"fails since {words.moment(source.failing_since)}"
    elif source.last_ok_at is None:
        told = "has not answered yet"
    else:
        told = "is late"
    return f"⚠ *{escape(source.title, 40)}* {told}{last}"


def _nobody(view: HomeView) -> str:
    if view.scope == "mine":
        return (
            "No account is yours yet. An account is yours when the CRM names you, by the e-mail you have in Slack, "
            "as its owner. Press *Team* to see everybody's."
        )
    return "There are no accounts yet. They come with the first sync: `bellwether sync` starts one."
