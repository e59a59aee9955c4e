"""The notes on an account: the last ones, who wrote them and when, and the way to add one."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.blocks import actions, kit, words
from bot.blocks.kit import Block, Element, Message
from bot.blocks.standing import Standing, spoken_standing, standing_line
from bot.blocks.text import clip, escape
from scoring.accounts import Account
from scoring.notes import Note, NoteId
from scoring.rubric import Rubric

MOST_SHOWN = 1_500  # characters of one note in a list


@dataclass(frozen=True, slots=True, kw_only=True)
class NotesView:
    """An account's last notes, newest first, of `total`. Whoever looks may delete the `deletable` ones."""

    standing: Standing
    notes: Sequence[Note]
    total: int
    deletable: frozenset[NoteId] = frozenset()

    @property
    def account(self) -> Account:
        return self.standing.account


def render_notes(view: NotesView, *, rubric: Rubric, done: str = "") -> Message:
    """The list; `done` is what was done just now, mrkdwn."""
    name = words.name_of(view.account)
    told = f"{done} " if done else ""
    spoken = f"{told}{name}: {_count(view.total)}; {spoken_standing(view.standing, rubric)}"
    left = view.total - len(view.notes)
    return kit.message(
        spoken,
        [
            kit.section(done) if done else None,
            kit.section(f"*{name}*: {_count(view.total)}\n{standing_line(view.standing, rubric)}"),
            *(block for note in view.notes for block in _note(note, view)),
            kit.context(f"… and {words.count(left)} older." if left > 0 else ""),
            None if view.notes else kit.section(_nothing()),
            kit.actions([add_button(view.account)]),
        ],
    )


def render_added(standing: Standing, *, rubric: Rubric) -> Message:
    """What whoever made a note of a message is told."""
    name = words.name_of(standing.account)
    told = f"Noted on {name}."
    return kit.message(
        f"{told} It stands at {spoken_standing(standing, rubric)}.",
        [
            kit.section(f"📝 Noted on *{name}* · {standing_line(standing, rubric)}"),
            kit.actions(
                [
                    kit.button("See the notes", actions.NOTE_LIST, str(standing.account.id)),
                    kit.button("View account", actions.ACCOUNT_VIEW, str(standing.account.id)),
                ]
            ),
        ],
    )


def add_button(account: Account) -> Element:
    """Opens the form; works in a message and in a modal."""
    about = f"Add a note on {words.plain_name_of(account)}"
    return kit.button("Add a note", actions.NOTE_ADD, str(account.id), about=about)


def quoted(text: str, most: int = MOST_SHOWN) -> str:
    """Somebody's text for mrkdwn, line by line, as a quotation."""
    lines = [escape(line, most) for line in text.splitlines()]
    if not any(lines):
        return "> …"
    return clip("\n".join(f"> {line}" if line else ">" for line in lines), most)


def _note(note: Note, view: NotesView) -> list[Block]:
    at = view.standing.at
    day = words.day(note.at.astimezone(at.tzinfo).date(), at)
    source = f" · {words.link(note.permalink, 'the message')}" if note.permalink else ""
    by = f"{words.mention(note.member)} · {day}{source}"
    delete = _delete(note) if note.id in view.deletable else None
    return [kit.section(f"{by}\n{quoted(note.body)}", accessory=delete)]


def _delete(note: Note) -> Element:
    sure = kit.confirm(
        "Delete the note?",
        "It is gone for everybody, and cannot be had back.",
        yes="Delete",
        no="Keep it",
    )
    return kit.button(
        "Delete", actions.NOTE_DELETE, str(note.id), confirm=sure, about="Delete this note"
    )


def _count(total: int) -> str:
    return words.plural(total, "note") if total else "no notes"


def _nothing() -> str:
    return "Nobody has written anything down. A note is what your tools cannot know: who decides, what they said, what they fear."
