"""Looking an account up in a modal: a menu to type its name into, and below it the card of the one that was picked."""

from typing import Any

from bot.blocks import actions, kit
from bot.blocks.kit import Block, Message
from bot.blocks.notes import add_button
from scoring.accounts import Account

WORK_IN_A_MODAL = frozenset({actions.NOTE_ADD})
"""What answers in a modal: the others answer where a message stands, and a modal stands nowhere."""


def render_look_up(account: Account | None = None, card: Message | None = None) -> dict[str, Any]:
    """The modal's view: nothing but the menu at first, then with the card."""
    picker = kit.external_select("Type a name", actions.ACCOUNT_FIND)
    blocks: list[Block] = [kit.actions([picker], block_id=actions.ACCOUNT_LOOK_UP)]
    if account is None or card is None:
        blocks.append(kit.section("Which account? Type the first letters of its name."))
    else:
        blocks += _in_a_modal(card.blocks)
        if not _has_note_button(blocks):
            blocks.append(kit.actions([add_button(account)]))
    return kit.modal(
        "Look up account", blocks, callback_id=actions.ACCOUNT_LOOK_UP, close="Close", metadata="{}"
    )


def _in_a_modal(blocks: list[Block]) -> list[Block]:
    """A message's blocks without what cannot be pressed in a modal."""
    kept: list[Block] = []
    for block in blocks:
        if block["type"] == "actions":
            working = [
                each for each in block["elements"] if each.get("action_id") in WORK_IN_A_MODAL
            ]
            kept += [{**block, "elements": working}] if working else []
        elif block.get("accessory", {}).get("type") == "image" or "accessory" not in block:
            kept.append(block)
        else:
            kept.append({name: part for name, part in block.items() if name != "accessory"})
    return kept


def _has_note_button(blocks: list[Block]) -> bool:
    return any(
        each.get("action_id") == actions.NOTE_ADD
        for block in blocks
        if block["type"] == "actions"
        for each in block["elements"]
    )
