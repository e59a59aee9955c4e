"""Warehouse usage: one day at a time, read row by row as it is stored; what cannot be read is told afterwards."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar

from pydantic import ValidationError

from integrations.base import Rejected, SourceDataError
from integrations.payload import RAW_MAX
from integrations.warehouse.databases import Reader
from integrations.warehouse.queries import Query
from integrations.warehouse.rows import UsageRow, UserRow, check_columns
from scoring.records import ActiveUser, FeatureCount, UsageDays

_EPOCH = date(1970, 1, 1)
_FEW = 10  # so many bad rows may be most of a quiet day and still be chance

Row = TypeVar("Row", UsageRow, UserRow)
Told = TypeVar("Told")


@dataclass(slots=True)
class _Tally:
    """How many rows a query returned, how many of them were of nobody, and what was wrong with others."""

    rows: int = 0
    unplaced: int = 0
    bad: dict[str, list[Any]] = field(default_factory=dict)  # by problem: how many, and the first

    def note(self, problem: str, row: Mapping[str, Any]) -> None:
        self.bad.setdefault(problem, [0, row])[0] += 1

    def refuse_if_mostly_bad(self, name: str, day: date) -> None:
        total = sum(count for count, _ in self.bad.values())
        if total > _FEW and total * 2 > self.rows:
            raise SourceDataError(
                f"The query {name} returned {total:,} of {self.rows:,} rows for {day} that cannot be "
                f"read: {next(iter(self.bad))}."
            )

    def rejected(self, name: str, day: date) -> Iterator[Rejected]:
        for problem, (count, first) in self.bad.items():
            many = f" ({count:,} rows)" if count > 1 else ""
            raw = str({key: str(value) for key, value in first.items()})[:RAW_MAX]
            yield Rejected(what=f"row of {name} on {day}", problem=f"{problem}{many}", raw=raw)
        # Some always lack it (visitors, jobs); when most do, the query is wrong.
        if self.unplaced > _FEW and self.unplaced * 2 > self.rows:
            problem = f"{self.unplaced:,} of {self.rows:,} rows have no account_id"
            yield Rejected(what=f"{name} on {day}", problem=problem, raw="")


class DayOfUsage:
    """One day's usage. `rejected` is complete once the usage has been read."""

    def __init__(
        self, reader: Reader, usage: Query, users: Query | None, day: date, hash_key: bytes
    ) -> None:
        self._reader, self._day, self._number = reader, day, (day - _EPOCH).days
        self._key = hash_key.hex().encode()
        self._tallies: dict[str, _Tally] = {}
        self.usage = UsageDays(
            days=(self._number,),
            counts=self._read(usage, UsageRow, self._count),
            users=self._read(users, UserRow, self._user) if users else iter(()),
        )

    def rejected(self) -> tuple[Rejected, ...]:
        found = self._tallies.items()
        return tuple(each for name, tally in found for each in tally.rejected(name, self._day))

    def _read(
        self, query: Query, model: type[Row], tell: Callable[[str, Row], Told | None]
    ) -> Iterator[Sequence[Told]]:
        rows = self._reader.read(query, {"since": self._day, "until": self._day})
        check_columns(query.name, rows.columns)
        tally = self._tallies[query.name] = _Tally()
        for batch in rows.batches:
            tally.rows += len(batch)
            said = (dict(zip(rows.columns, each, strict=True)) for each in batch)
            told = [one for each in said if (one := self._one(each, model, tell, tally))]
            if told:
                yield told
        tally.refuse_if_mostly_bad(query.name, self._day)

    def _one(
        self,
        row: Mapping[str, Any],
        model: type[Row],
        tell: Callable[[str, Row], Told | None],
        tally: _Tally,
    ) -> Told | None:
        try:
            read = model.model_validate(row)
        except ValidationError as error:
            tally.note(_problem(error), row)
            return None
        if read.day != self._day:
            tally.note(f"day: {read.day} is not between :since and :until", row)
            return None
        if read.account_id is None:
            tally.unplaced += 1
            return None
        return tell(read.account_id, read)

    def _count(self, account_ref: str, row: UsageRow) -> FeatureCount | None:
        """Nothing for no times: a feature is used on the days that have a row of it."""
        if row.times == 0:
            return None
        return FeatureCount(self._number, account_ref, row.feature, row.times)

    def _user(self, account_ref: str, row: UserRow) -> ActiveUser | None:
        """The hash is the one `integrations.events.reducer` makes: the same person, whichever source tells of them."""
        if row.user_id is None:
            return None
        digest = hashlib.sha256(self._key + b":" + row.user_id.encode("utf-8", "replace")).digest()
        return ActiveUser(self._number, account_ref, int.from_bytes(digest[:8], "big") - 2**63)


def _problem(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{first['loc'][0] if first['loc'] else 'the row'}: {first['msg']}"
