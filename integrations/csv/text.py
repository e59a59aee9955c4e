"""CSV text: a file as numbered rows of cells, or one sentence that says where it is no CSV."""

import codecs
import csv
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path

from integrations.base import SourceAuthError, SourceDataError

ROW_MAX = 1_000_000
"""Characters a row may have. A quote that is never closed makes one row of the rest of the file."""

_DELIMITERS = (",", ";", "\t")
_SAVE_AS_UTF8 = "save it as UTF-8 (in Excel: “CSV UTF-8”)"


@dataclass(frozen=True, slots=True)
class Row:
    """A row's cells without the spaces around them, its number as a spreadsheet shows it, and the share of the file read so far."""

    number: int
    cells: list[str]
    share: float


@contextmanager
def opened(path: Path) -> Iterator[tuple[list[str], Iterator[Row]]]:
    """The header and the rows below it; empty rows are passed over, but counted.

    Raises SourceDataError, also while rows are read: a file that is not text as a whole is taken
    for nothing as a whole.
    """
    size = checked(path).st_size
    with _guarded(path), _open(path) as file:
        rows = _Rows(path.name, file, size)
        header = next(iter(rows), None)
        if header is None:
            raise SourceDataError(f"{path.name} is empty: its first row must name its columns.")
        if header.number != 1:
            raise SourceDataError(
                f"{path.name} begins with an empty row: its first row must name its columns."
            )
        yield header.cells, iter(rows)


def checked(path: Path) -> os.stat_result:
    """What the system says of a file. Raises SourceDataError when it is no file that can be read."""
    with _guarded(path):
        told = path.stat()
    if stat.S_ISDIR(told.st_mode):
        raise SourceDataError(f"{path} is a folder, not a file.")
    if not stat.S_ISREG(told.st_mode):
        raise SourceDataError(f"{path} is not a plain file.")
    return told


def digest(path: Path) -> str:
    """The SHA-256 of what stands in a file."""
    with _guarded(path), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _guarded(path: Path) -> Iterator[None]:
    try:
        yield
    except PermissionError as error:
        raise SourceAuthError(f"{path} may not be read: give us the right to read it.") from error
    except UnicodeDecodeError as error:
        raise SourceDataError(f"{path.name} is damaged UTF-16 text: {_SAVE_AS_UTF8}.") from error
    except OSError as error:
        raise SourceDataError(f"{path} cannot be read: {error.strerror}.") from error


def _open(path: Path) -> TextIOWrapper:
    """UTF-16 by its mark, else UTF-8; bytes that are none are found row by row."""
    with path.open("rb") as file:
        mark = file.read(2)
    if mark in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
        return path.open(newline="", encoding="utf-16")
    return path.open(newline="", encoding="utf-8-sig", errors="surrogateescape")


class _Rows:
    """Reads rows of bounded length, by the delimiter the header has most of."""

    def __init__(self, name: str, file: TextIOWrapper, size: int) -> None:
        self._name, self._file, self._size = name, file, size
        self._number = self._length = 0
        first = file.readline(ROW_MAX)
        file.seek(0)
        self._reader = csv.reader(self._lines(), delimiter=_delimiter(first), strict=True)

    def __iter__(self) -> Iterator[Row]:
        while (cells := self._next()) is not None:
            if any(cells):
                yield Row(self._number, cells, self._share())

    def _next(self) -> list[str] | None:
        self._length = 0
        try:
            cells = next(self._reader, None)
        except csv.Error as error:
            raise self._refused(_explained(error)) from error
        self._number += 1
        return None if cells is None else [each.strip() for each in cells]

    def _lines(self) -> Iterator[str]:
        # Not "for line in file": a line without an end would be read whole, however long it is.
        while line := self._file.readline(ROW_MAX):
            self._length += len(line)
            if self._length >= ROW_MAX:
                raise self._refused(
                    f"is longer than {ROW_MAX:,} characters; is a quote opened and never closed?"
                )
            if "\0" in line:
                raise self._refused(
                    f"has NUL bytes in it, so this is no text we know; {_SAVE_AS_UTF8}"
                )
            if not line.isascii() and not _is_unicode(line):
                raise self._refused(f"is not UTF-8 text; {_SAVE_AS_UTF8}")
            yield line

    def _refused(self, problem: str) -> SourceDataError:
        return SourceDataError(f"{self._name}, row {self._number + 1} {problem}.")

    def _share(self) -> float:
        return min(1.0, os.lseek(self._file.fileno(), 0, os.SEEK_CUR) / self._size)


def _delimiter(header: str) -> str:
    """The one that cuts the header into most cells."""
    return max(_DELIMITERS, key=header.count)


def _is_unicode(line: str) -> bool:
    try:
        line.encode()
    except UnicodeEncodeError:
        return False
    return True


def _explained(error: csv.Error) -> str:
    said = str(error)
    if "unexpected end" in said:
        return "opens a quote that is never closed"
    if "field larger" in said:
        return f"has a cell of more than {csv.field_size_limit():,} characters; is a quote never closed?"
    return 'has a quote in the middle of a quoted cell; write it twice ("")'
