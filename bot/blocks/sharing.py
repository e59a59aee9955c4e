"""Sharing: the button that shows an answer to the channel, and what it then looks like."""

from dataclasses import replace

from bot.blocks import actions, kit, limits, words
from bot.blocks.kit import Block, Message
from bot.blocks.text import escape
from scoring.members import MemberId


def with_share(message: Message) -> Message:
    """The answer with a Share button at its end, where it may be shared."""
    if not message.again:
        return message
    share = kit.button("Share to channel", actions.SHARE, message.again)
    return replace(message, blocks=limits.fit([*_with(message.blocks, share)], "message"))


def as_shared(message: Message, *, by: MemberId) -> Message:
    """An answer for everybody in a channel: who shared it, how it is asked for, and nothing that only moves a list."""
    # A card is asked for again by the account's id, which nobody types.
    is_typed = message.again and ":" not in message.again
    how = f" · `/health {escape(message.again, 100)}` shows it to you" if is_typed else ""
    told = kit.context(f"Shared by {words.mention(by)}{how}")
    kept = [each for each in message.blocks if not _turns(each)]
    return kit.message(message.text, [*kept, told])


def _with(blocks: list[Block], share: kit.Element) -> list[Block]:
    last = blocks[-1] if blocks else {}
    if last.get("type") == "actions" and len(last["elements"]) < limits.ACTION_ELEMENTS:
        return [*blocks[:-1], {**last, "elements": [*last["elements"], share]}]
    return [*blocks, kit.actions([share])]


def _turns(block: Block) -> bool:
    """Whether a row only turns pages: its buttons answer one person."""
    return block["type"] == "actions" and all(
        ".page." in str(each.get("action_id")) for each in block["elements"]
    )
