"""Cells: one text each, made a value, or refused with what is allowed. What a spreadsheet mangles is named."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from integrations.payload import from_unix, plausible
from scoring.identity import domain_of

Cell = Callable[[str], Any]
"""Makes a value of a cell that is not empty. Raises ValueError with what is wrong and what is allowed."""

COUNT_MAX = 1_000_000_000
_TEXT_MAX, _QUOTED_MAX = 500, 40
_AMOUNT_MAX = Decimal(10) ** 12

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})(?:[ T](?P<time>[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?)"
    r" ?(?P<zone>Z|UTC|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_AMBIGUOUS = re.compile(r"[0-9]{1,4}[./-][0-9]{1,2}[./-][0-9]{1,4}( .*)?")
_SHORTENED = re.compile(r"-?[0-9](?:[.,][0-9]+)?E[+-][0-9]+", re.IGNORECASE)
# What Excel makes of a long number; an id like 1e5 may be meant.
_SHORTENED_ID = re.compile(r"[0-9](?:[.,][0-9]+)?E\+[0-9]+")
_SHEET_ERRORS = frozenset({"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!"})


def quoted(text: str) -> str:
    """A cell as it is shown in a sentence: on one line, and not too long."""
    line = " ".join(text.split())
    return f"“{line if len(line) <= _QUOTED_MAX else line[: _QUOTED_MAX - 1] + '…'}”"


def text(cell: str) -> str:
    if len(cell) > _TEXT_MAX:
        raise ValueError(f"is longer than {_TEXT_MAX} characters")
    if cell in _SHEET_ERRORS:
        raise ValueError(f"{quoted(cell)} is an error of the spreadsheet's; mend its formula")
    return cell


def long_text(cell: str) -> str:
    return cell


def ident(cell: str) -> str:
    if _SHORTENED_ID.fullmatch(cell):
        raise ValueError(
            f"{quoted(cell)} is an id the spreadsheet has shortened; format the column as text"
        )
    return text(cell)


def email(cell: str) -> str:
    """In lower case. The address itself is in no error."""
    if cell.count("@") != 1 or cell.startswith("@") or len(cell) > 320 or not domain_of(cell):
        raise ValueError("is no e-mail address")
    return cell.lower()


def domains(cell: str) -> tuple[str, ...]:
    """Host names, separated by semicolons, commas or spaces."""
    found = {each: domain_of(each) for each in re.split(r"[;,\s]+", cell) if each}
    for written, domain in found.items():
        if domain is None:
            raise ValueError(f"{quoted(written)} is no domain; write them like acme.com; acme.de")
    return tuple(dict.fromkeys(each for each in found.values() if each))


@lru_cache(4096)
def day(cell: str) -> date:
    if not _DAY.fullmatch(cell):
        raise ValueError(_no_date(cell, "2026-11-24"))
    try:
        at = datetime.combine(date.fromisoformat(cell), time(), UTC)
    except ValueError as error:
        raise ValueError(f"{quoted(cell)} is not in the calendar") from error
    return plausible(at).date()


def instant(cell: str) -> datetime:
    """ISO 8601; a day alone is its beginning, and what has no zone is UTC."""
    said = _INSTANT.fullmatch(cell)
    if not said:
        raise ValueError(_no_date(cell, "2026-11-24 or 2026-11-24T09:30:00Z"))
    zone = "+00:00" if said["zone"] in {None, "Z", "UTC"} else said["zone"]
    try:
        at = datetime.fromisoformat(f"{said['day']}T{said['time'] or '00:00'}{zone}")
    except ValueError as error:
        raise ValueError(f"{quoted(cell)} is no time there is") from error
    return plausible(at)


def instant_or_unix(cell: str) -> datetime:
    """The same, or seconds since 1970."""
    return from_unix(int(cell)) if re.fullmatch(r"[0-9]{9,10}", cell) else instant(cell)


def count(cell: str) -> int:
    """A whole number, 0 to a thousand million; "3.0" is 3."""
    if not re.fullmatch(r"[0-9]+(?:\.0+)?", cell):
        raise ValueError(_no_count(cell))
    whole = cell.partition(".")[0]
    if len(whole) > 18 or (value := int(whole)) > COUNT_MAX:
        raise ValueError(f"{quoted(cell)} is more than {COUNT_MAX:,}, which cannot be right")
    return value


def at_least_one(cell: str) -> int:
    if (value := count(cell)) == 0:
        raise ValueError("must be 1 or more")
    return value


def scale(cell: str) -> int:
    """The highest point of a scale that begins at 1."""
    value = count(cell)
    if not 2 <= value <= 100:
        raise ValueError("must be from 2 to 100")
    return value


def amount(cell: str) -> Decimal:
    """An amount of money, 0 or more, with a decimal point and nothing else."""
    if not re.fullmatch(r"[0-9]+(?:\.[0-9]{1,10})?", cell):
        raise ValueError(_no_number(cell, "1234.50", "an amount"))
    if len(cell) > 30 or (value := Decimal(cell)) > _AMOUNT_MAX:
        raise ValueError(f"{quoted(cell)} cannot be right")
    return value


def score(cell: str) -> float:
    if not re.fullmatch(r"[0-9]{1,3}(?:\.[0-9]{1,6})?", cell):
        raise ValueError(_no_number(cell, "9 or 4.5", "a score"))
    return float(cell)


def currency(cell: str) -> str:
    """ISO 4217, in lower case."""
    if not re.fullmatch(r"[A-Za-z]{3}", cell):
        raise ValueError(f"{quoted(cell)} is no currency; write its three letters, like EUR")
    return cell.lower()


def word(meanings: Mapping[str, Any]) -> Cell:
    """One of a few words, in whatever case."""

    def read(cell: str) -> Any:
        said = re.sub(r"[\s_-]+", "_", cell.lower())
        if said not in meanings:
            near = get_close_matches(said, meanings, n=1)
            hint = f" (did you mean {near[0]}?)" if near else ""
            raise ValueError(f"{quoted(cell)} is not one of {', '.join(meanings)}{hint}")
        return meanings[said]

    return read


yes_or_no = word({"yes": True, "no": False, "true": True, "false": False, "1": True, "0": False})


def _no_date(cell: str, like: str) -> str:
    why = "can be read in more than one way" if _AMBIGUOUS.fullmatch(cell) else "is no date"
    return f"{quoted(cell)} {why}; write it like {like}"


def _no_count(cell: str) -> str:
    if re.fullmatch(r"[0-9]{1,3}(?:[,. '][0-9]{3})+", cell):
        return f"{quoted(cell)} has separators in it; write {re.sub('[^0-9]', '', cell)}"
    return _no_number(cell, "42", "a whole number")


def _no_number(cell: str, like: str, kind: str) -> str:
    if _SHORTENED.fullmatch(cell):
        return (
            f"{quoted(cell)} was shortened by the spreadsheet; format the column as a plain number"
        )
    if re.fullmatch(r"-[0-9.,]+", cell):
        return f"{quoted(cell)} is below 0; it must be 0 or more"
    if re.fullmatch(r"[0-9]+,[0-9]{1,2}|[0-9.]+,[0-9]+", cell):
        return f"{quoted(cell)} has a decimal comma; write it with a point, like {like}"
    return f"{quoted(cell)} is not {kind}; write it like {like}"
