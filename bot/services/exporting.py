"""Exporting: accounts with how they stand, as a CSV file that a spreadsheet opens as it is meant."""

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import IO

from sqlmodel import Session

from bot.blocks import words
from bot.blocks.alert_words import RULES
from bot.blocks.kit import File
from bot.deps import Deps
from scoring.metrics.mrr import major
from scoring.readings import day_number
from scoring.rubric import Component, Status
from storage import audit, inventory
from storage.inventory import LONGEST_STAY, Entry

Cell = str | int | float | Decimal | None

# A cell that begins so is a formula to a spreadsheet, and in some the text after a separator is a cell of its
# own (owasp.org/www-community/attacks/CSV_Injection). The wide twins are read as the narrow ones in Japan.
_FORMULA = re.compile(r"(^|[,;|\"])(\s*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which accounts. `status` None: in any; `csm_email` None: everybody's, empty: nobody's."""

    status: Status | None = None
    csm_email: str | None = None

    @property
    def name(self) -> str:
        """In the name of the file."""
        of = self.status.label.lower() if self.status else "accounts"
        return f"{of}-mine" if self.csm_email is not None else of


def export(deps: Deps, wanted: Wanted, *, member: str, at: datetime) -> tuple[File, int]:
    """The file, and how many accounts are in it. It has money in it where the reader may see money."""
    written = io.BytesIO()
    rows = write(deps, wanted, written, member=member, at=at)
    return File(f"bellwether-{wanted.name}-{at:%Y-%m-%d}.csv", written.getvalue()), rows


def export_to(deps: Deps, path: Path, *, member: str, at: datetime) -> int:
    """Everybody's accounts into a file. Returns how many. Raises FileExistsError rather than overwrite."""
    with path.open("xb") as file:
        path.chmod(0o600)
        return write(deps, Wanted(), file, member=member, at=at)


def write(deps: Deps, wanted: Wanted, file: IO[bytes], *, member: str, at: datetime) -> int:
    """Write the CSV, and note in the audit trail who took how many accounts away. Returns how many."""
    # With a byte-order mark Excel takes it for UTF-8, and nobody else minds.
    text = io.TextIOWrapper(file, "utf-8-sig", newline="", write_through=True)
    with deps.db.read() as session:
        rows = _write(session, wanted, text, at=at)
    text.detach()
    with deps.db.write() as session:
        detail = {"rows": rows, "of": wanted.name, "money": words.sees_money()}
        audit.write(session, member=member, what="export", allowed=True, at=at, detail=detail)
    return rows


def _write(session: Session, wanted: Wanted, text: IO[str], *, at: datetime) -> int:
    columns = {
        title: read for title, read in _COLUMNS.items() if title not in _MONEY or words.sees_money()
    }
    writer = csv.writer(text, quoting=csv.QUOTE_MINIMAL)
    writer.writerow(columns)
    rows = 0
    for each in inventory.entries(
        session,
        day=day_number(at),
        on=at.date(),
        status=wanted.status,
        csm_email=wanted.csm_email,
    ):
        writer.writerow([harmless(read(each)) for read in columns.values()])
        rows += 1
    return rows


def harmless(cell: Cell) -> Cell:
    """What a spreadsheet shows and never computes: a text in one line, with an apostrophe before what could be a formula."""
    if not isinstance(cell, str):
        return cell
    if not cell.isprintable():
        cell = "".join(filter(_is_seen, cell))
    return _FORMULA.sub(r"\1\2'", " ".join(cell.split()))


def _is_seen(char: str) -> bool:
    return char.isspace() or unicodedata.category(char) not in {"Cc", "Cs"}


def _part(component: Component, place: int) -> Callable[[Entry], Cell]:
    """The level (0) or the points (1) of a component."""

    def read(entry: Entry) -> Cell:
        part = entry.score.parts.get(component) if entry.score else None
        return None if part is None else (part[0], round(part[1], 1))[place]

    return read


def _score(entry: Entry) -> float | None:
    """To a tenth, rounded down: 59.97 is below 60 here too."""
    value = entry.score.value if entry.score else None
    return None if value is None else int(value * 10 + 1e-6) / 10


def _change(before: Callable[[Entry], float | None]) -> Callable[[Entry], Cell]:
    def read(entry: Entry) -> Cell:
        now, then = _score(entry), before(entry)
        return None if now is None or then is None else round(now - then, 1)

    return read


def _flags(entry: Entry) -> Cell:
    return _listed(RULES[each] for each in (entry.score.flags if entry.score else ()))


def _mood(entry: Entry) -> Cell:
    return entry.sentiment.mood.value if entry.sentiment else None


def _status(entry: Entry) -> Cell:
    return words.label(entry.score.status if entry.score else None)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


_PARTS: Mapping[str, Callable[[Entry], Cell]] = {
    title: read
    for each in Component
    for title, read in (
        (words.COMPONENTS[each], _part(each, 0)),
        (f"{words.COMPONENTS[each]} points", _part(each, 1)),
    )
}
_COLUMNS: Mapping[str, Callable[[Entry], Cell]] = {
    "Account": lambda each: each.account.name,
    "Account id": lambda each: each.account.key,
    "Status": _status,
    "Score": _score,
    "Change in 7 days": _change(lambda each: each.week_ago),
    "Change in 30 days": _change(lambda each: each.month_ago),
    f"Days in status (at most {LONGEST_STAY})": lambda each: each.days_in_status,
    **_PARTS,
    "Coverage": lambda each: round(each.score.coverage, 2) if each.score else None,
    "Flags": _flags,
    "Open alerts": lambda each: _listed(RULES[rule] for rule in each.alerts),
    "Sentiment": _mood,
    "Sentiment because": lambda each: each.sentiment.reason if each.sentiment else None,
    "CSM": lambda each: each.account.csm_email,
    "Plan": lambda each: each.account.plan,
    "MRR": lambda each: major(each.account.mrr) if each.account.mrr else None,
    "Currency": lambda each: each.account.mrr.currency.upper() if each.account.mrr else None,
    "Renews on": lambda each: (
        each.account.renews_on.isoformat() if each.account.renews_on else None
    ),
}
_MONEY = frozenset({"MRR", "Currency"})
