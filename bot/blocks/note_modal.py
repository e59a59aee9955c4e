"""The form of a note: on an account that is known, or on one that is picked while its name is typed."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.blocks import actions, forms, kit, limits, words
from bot.blocks.forms import Values
from bot.blocks.kit import Element
from bot.blocks.standing import Standing, standing_line
from scoring.accounts import Account, AccountId
from scoring.notes import LONGEST_NOTE
from scoring.rubric import Rubric

_HINT = "Everybody who may see the account sees it."


@dataclass(frozen=True, slots=True)
class Spot:
    """A message in Slack that a note is made of. `thread_ts` is its thread's first message, empty: it is in none."""

    channel: str
    ts: str
    thread_ts: str = ""


@dataclass(frozen=True, slots=True)
class Filled:
    """The form as it was sent. `account_id` None: no account was picked. `body` is as it was typed: escape it."""

    account_id: AccountId | None
    body: str
    spot: Spot | None


def render_note_form(account: Account) -> dict[str, Any]:
    """The form for a note on this account."""
    body = kit.text_input(actions.FIELD, multiline=True, most=LONGEST_NOTE)
    return _form(
        [
            kit.section(f"*{words.name_of(account)}*"),
            kit.input_of("Note", body, block_id=actions.NOTE_BODY, hint=_HINT),
        ],
        {"account_id": account.id},
    )


def render_message_form(spot: Spot, text: str, *, account: Account | None) -> dict[str, Any]:
    """The form for a message's text, to be made one's own; `account` is whose it seems to be, None: nobody can tell."""
    chosen = account_option(account) if account else None
    picker = kit.external_select("Type a name", actions.ACCOUNT_FIND, chosen=chosen)
    body = kit.text_input(actions.FIELD, multiline=True, most=LONGEST_NOTE, initial=text)
    return _form(
        [
            kit.input_of("Account", picker, block_id=actions.NOTE_ACCOUNT),
            kit.input_of(
                "Note",
                body,
                block_id=actions.NOTE_BODY,
                hint=f"{_HINT} It links back to the message.",
            ),
        ],
        {"channel": spot.channel, "ts": spot.ts, "thread_ts": spot.thread_ts},
    )


def read_note_form(values: Values, metadata: str) -> Filled:
    """The filled-in form, of its `state.values` and `private_metadata`."""
    told = json.loads(metadata)
    picked = ((values.get(actions.NOTE_ACCOUNT) or {}).get(actions.ACCOUNT_FIND) or {}).get(
        "selected_option"
    )
    account_id = told.get("account_id") or (picked or {}).get("value")
    spot = (
        Spot(told["channel"], told["ts"], told.get("thread_ts", ""))
        if told.get("channel")
        else None
    )
    return Filled(
        account_id=AccountId(int(account_id)) if account_id else None,
        body=forms.typed(values, actions.NOTE_BODY),
        spot=spot,
    )


def render_kept(standing: Standing, *, rubric: Rubric) -> dict[str, Any]:
    """What the form becomes once the note is kept, where there is no message to say it in."""
    blocks = [
        kit.section(f"📝 Noted on *{words.name_of(standing.account)}*."),
        kit.section(standing_line(standing, rubric)),
    ]
    return kit.modal("Noted", blocks, callback_id=actions.NOTE_SUBMIT, close="Close", metadata="{}")


def account_options(accounts: Sequence[Account]) -> list[Element]:
    """What a menu of accounts offers."""
    return [account_option(each) for each in accounts[: limits.OPTIONS]]


def account_option(account: Account) -> Element:
    return kit.options([(str(account.id), words.plain_name_of(account))], 1)[0]


def _form(blocks: list[kit.Block], metadata: dict[str, Any]) -> dict[str, Any]:
    return kit.modal(
        "Add a note",
        blocks,
        callback_id=actions.NOTE_SUBMIT,
        submit="Keep it",
        metadata=json.dumps(metadata),
    )
