"""The modals people have open: a stack of at most three views each. A restart closes them, as closing the window does."""

import secrets
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from sandbox.slack import people
from sandbox.slack.errors import SlackError
from sandbox.slack.judge import Surface, judge_view

Json = dict[str, Any]
MOST = 3
KEPT = (
    "type",
    "title",
    "submit",
    "close",
    "blocks",
    "private_metadata",
    "callback_id",
    "external_id",
)
FLAGS = ("clear_on_close", "notify_on_close", "submit_disabled")


def complete(view: Json, *, surface: Surface) -> Json:
    """The view as Slack hands it back: judged, with the ids it gives, and with an empty state."""
    errors = judge_view(view, surface)
    if errors:
        raise SlackError("invalid_arguments", response_metadata={"messages": errors})
    view_id = f"V0{secrets.token_hex(5).upper()}"
    defaults: Json = {
        "private_metadata": "",
        "callback_id": "",
        "external_id": "",
        "close": None,
        "submit": None,
    }
    kept = {name: view[name] for name in KEPT if name in view}
    return {
        "id": view_id,
        "team_id": people.TEAM,
        "app_id": people.APP,
        "app_installed_team_id": people.TEAM,
        "bot_id": people.BOT_ID,
        "root_view_id": view_id,
        "previous_view_id": None,
        "state": {"values": {}},
        "hash": new_hash(),
        **{flag: bool(view.get(flag)) for flag in FLAGS},
        **defaults,
        **kept,
        "blocks": name_blocks(view["blocks"]),
    }


def new_hash() -> str:
    return secrets.token_hex(8)


def name_blocks(blocks: list[Json]) -> list[Json]:
    """Give every block and interactive element the id that Slack gives where the app gave none."""
    return [_name_block(block, at) for at, block in enumerate(blocks)]


def _name_block(block: Json, at: int) -> Json:
    named = {**block, "block_id": block.get("block_id") or f"blk{at}"}
    for slot in ("element", "accessory"):
        if isinstance(block.get(slot), dict):
            named[slot] = _name_element(block[slot], slot)
    if block.get("type") in {"actions", "context_actions"}:
        named["elements"] = [
            _name_element(each, f"act{n}") for n, each in enumerate(block["elements"])
        ]
    return named


def _name_element(element: Json, name: str) -> Json:
    return element if element.get("type") == "image" else {"action_id": name, **element}


@dataclass
class Modals:
    _stacks: defaultdict[str, list[Json]] = field(default_factory=lambda: defaultdict(list))

    def top(self, user: str) -> Json | None:
        """The view a person sees, or None when they have no modal open."""
        return self._stacks[user][-1] if self._stacks[user] else None

    def open(self, user: str, view: Json) -> Json:
        self._stacks[user] = [complete(view, surface=Surface.MODAL)]
        return self._stacks[user][0]

    def push(self, user: str, view: Json) -> Json:
        stack = self._stacks[user]
        if len(stack) >= MOST:
            raise SlackError("push_limit_reached")
        new = complete(view, surface=Surface.MODAL)
        if stack:
            new |= {"previous_view_id": stack[-1]["id"], "root_view_id": stack[0]["id"]}
        stack.append(new)
        return new

    def find(self, view_id: str, external_id: str = "") -> tuple[str, Json]:
        """Whose view it is, and the view."""
        for user, stack in self._stacks.items():
            for view in stack:
                if view["id"] == view_id or (external_id and view["external_id"] == external_id):
                    return user, view
        raise SlackError("not_found")

    def update(self, old: Json, view: Json) -> Json:
        """Change an open view in place; it keeps its id and its place in the stack."""
        kept = {name: old[name] for name in ("id", "root_view_id", "previous_view_id")}
        old.update(complete(view, surface=Surface.MODAL) | kept)
        return old

    def close(self, user: str, *, all_of_them: bool = False) -> None:
        if all_of_them:
            self._stacks[user].clear()
        elif self._stacks[user]:
            self._stacks[user].pop()

    def close_everybodys(self) -> None:
        """As closing every window does."""
        self._stacks.clear()
