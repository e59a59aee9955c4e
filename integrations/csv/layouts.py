"""Layouts: which columns a file of each kind has, what may stand in them, and how its header is understood."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any

from integrations.base import SourceDataError
from integrations.csv import cells, records
from scoring.metrics.mrr import Interval
from scoring.records import Kind, Rating, SurveyKind

SUFFIX = ".csv"


class FileKind(StrEnum):
    """What a file tells of; the names a configuration uses."""

    ACCOUNTS = "accounts"
    USAGE = "usage"
    TICKETS = "tickets"
    SUBSCRIPTIONS = "subscriptions"
    SURVEYS = "surveys"


TELLS: Mapping[FileKind, Kind] = MappingProxyType(
    {
        FileKind.ACCOUNTS: Kind.ACCOUNTS,
        FileKind.USAGE: Kind.USAGE,
        FileKind.TICKETS: Kind.TICKETS,
        FileKind.SUBSCRIPTIONS: Kind.BILLING,
        FileKind.SURVEYS: Kind.SURVEYS,
    }
)


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `past`: an instant or day that cannot lie ahead. `also`: other headers it goes by."""

    name: str
    read: cells.Cell
    required: bool = True
    past: bool = False
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How one kind of file looks.

    `key` is the column in which nothing stands twice, `build` makes a row's record; usage has neither,
    its rows add up. `one_of`: columns of which a header needs one. `only`: the words of a column that
    are taken; a row with another is counted and passed over. `may_be_empty`: that there is no row may be true. `for_good`: nothing newer can
    come, so it never grows old. Other columns than these are normal where it is `wide`.
    """

    name: str
    kind: FileKind
    columns: tuple[Column, ...]
    key: str | None = None
    build: records.Build | None = None
    one_of: tuple[str, ...] = ()
    only: tuple[str, frozenset[str]] | None = None
    may_be_empty: bool = False
    for_good: bool = False
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """A header understood: where each column stands, how wide a row is, and what is left out."""

    places: tuple[tuple[int, Column], ...]
    width: int
    unknown: tuple[str, ...]
    mistyped: tuple[tuple[str, str], ...]  # (as it is written, the column it may mean)


def _optional(name: str, read: cells.Cell, *also: str, past: bool = False) -> Column:
    return Column(name, read, required=False, past=past, also=also)


_SURVEYS = cells.word({each.value: each for each in SurveyKind})
_STATUS = cells.word({"open": True, "pending": True, "solved": False, "closed": False})

LAYOUTS: Mapping[str, Layout] = MappingProxyType(
    {
        each.name: each
        for each in (
            Layout(
                name="accounts",
                kind=FileKind.ACCOUNTS,
                key="account_id",
                build=records.organisation,
                columns=(
                    Column("account_id", cells.ident),
                    Column("name", cells.text),
                    _optional("domains", cells.domains, "domain"),
                    _optional("csm_email", cells.email),
                    _optional("renews_on", cells.day),
                    _optional("parent_id", cells.ident),
                    _optional("churned", cells.yes_or_no),
                ),
            ),
            Layout(
                name="usage",
                kind=FileKind.USAGE,
                columns=(
                    Column("account_id", cells.ident),
                    Column("day", cells.day, past=True, also=("date",)),
                    Column("feature", cells.text),
                    Column("count", cells.count),
                    _optional("user", cells.ident),
                ),
            ),
            Layout(
                name="tickets",
                kind=FileKind.TICKETS,
                key="id",
                build=records.ticket,
                may_be_empty=True,
                columns=(
                    Column("id", cells.ident),
                    Column("account_id", cells.ident),
                    Column("created_at", cells.instant, past=True),
                    _optional("updated_at", cells.instant, past=True),
                    Column("status", _STATUS),
                    _optional("rating", cells.word({each.value: each for each in Rating})),
                    _optional("escalated", cells.yes_or_no),
                ),
            ),
            Layout(
                name="subscriptions",
                kind=FileKind.SUBSCRIPTIONS,
                key="id",
                build=records.subscription,
                columns=(
                    Column("id", cells.ident),
                    Column("account_id", cells.ident),
                    Column("status", cells.word(records.STATES)),
                    _optional("plan", cells.text),
                    Column("amount", cells.amount),
                    Column("currency", cells.currency),
                    Column("interval", cells.word({each.value: each for each in Interval})),
                    _optional("interval_count", cells.at_least_one),
                    Column("started_on", cells.day),
                    _optional("renews_on", cells.day),
                    _optional("cancel_requested_on", cells.day, past=True),
                    _optional("ended_on", cells.day, past=True),
                ),
            ),
            Layout(
                name="surveys",
                kind=FileKind.SURVEYS,
                key="id",
                build=records.survey,
                one_of=("account_id", "email"),
                may_be_empty=True,
                columns=(
                    Column("id", cells.ident),
                    _optional("account_id", cells.ident),
                    _optional("email", cells.email),
                    Column("kind", _SURVEYS),
                    Column("score", cells.score),
                    _optional("scale", cells.scale),
                    Column("answered_at", cells.instant, past=True),
                    _optional("comment", cells.long_text),
                ),
            ),
            Layout(
                name="delighted",
                kind=FileKind.SURVEYS,
                key="id",
                build=records.survey,
                one_of=("account_id", "email"),
                # Employees and products are not accounts; the other scales are not ours.
                only=("kind", frozenset({"nps", "csat"})),
                may_be_empty=True,
                for_good=True,
                wide=True,  # whatever properties people were given
                columns=(
                    Column("id", cells.ident, also=("response_id", "survey_response_id")),
                    _optional("account_id", cells.ident),
                    _optional("email", cells.email, "person_email", "email_address"),
                    _optional("person", cells.ident, "person_id"),
                    Column("kind", _SURVEYS, also=("survey_type", "type")),
                    Column("score", cells.score, also=("response_score",)),
                    Column(
                        "answered_at",
                        cells.instant_or_unix,
                        past=True,
                        also=("created_at", "response_date", "responded_at", "timestamp"),
                    ),
                    _optional("updated_at", cells.instant_or_unix, past=True),
                    _optional("comment", cells.long_text, "response_comment"),
                ),
            ),
        )
    }
)


def layout_of(path: Path) -> Layout | None:
    """The layout a file's name asks for: accounts.csv, usage-2026-11.csv; None when it asks for none."""
    name = path.name.lower()
    if not name.endswith(SUFFIX):
        return None
    return next((each for each in LAYOUTS.values() if name.startswith(each.name)), None)


def understand(header: Sequence[str], layout: Layout, *, file: str) -> Plan:
    """Find the layout's columns in a header. Raises SourceDataError when one is missing or stands twice."""
    written = [*header]
    while written and not written[-1]:
        written.pop()
    names = {name: each for each in layout.columns for name in (each.name, *each.also)}
    places: dict[str, tuple[int, Column]] = {}
    unknown = []
    for place, title in enumerate(written):
        column = names.get(_normal(title))
        if column is None:
            unknown.append(title)
        elif column.name not in places:
            places[column.name] = (place, column)
        elif not layout.wide or _normal(title) in {_normal(each) for each in written[:place]}:
            raise SourceDataError(f"{file}, row 1: the column {column.name} stands there twice.")
    _complain_of_missing(places, unknown, layout, file)
    return Plan(tuple(places.values()), len(written), *_sorted_out(unknown, names, places, layout))


def read_row(
    plan: Plan, row: Sequence[str], *, today: date, now: datetime
) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """A row's values by column, and what is wrong with it as (column, problem). `today` and `now` are the latest there can be."""
    values: dict[str, Any] = {}
    problems: list[tuple[str, str]] = []
    if len(row) != plan.width and (len(row) < plan.width or any(row[plan.width :])):
        return values, [("", f"has {len(row)} cells, the header has {plan.width}")]
    for place, column in plan.places:
        cell = row[place]
        if not cell:
            if column.required:
                problems.append((column.name, "is empty"))
            continue
        try:
            value = column.read(cell)
        except ValueError as error:
            problems.append((column.name, str(error)))
            continue
        if column.past and value > (now if isinstance(value, datetime) else today):
            problems.append((column.name, f"{cells.quoted(cell)} is in the future"))
        values[column.name] = value
    return values, problems


def _normal(title: str) -> str:
    return re.sub(r"[\s_-]+", "_", title.strip().lower())


def _complain_of_missing(
    places: Mapping[str, object], unknown: Sequence[str], layout: Layout, file: str
) -> None:
    missing = [each.name for each in layout.columns if each.required and each.name not in places]
    if layout.one_of and not places.keys() & set(layout.one_of):
        missing.append(" or ".join(layout.one_of))
    if not missing:
        return
    near = {each: _like(each, unknown) for each in missing}
    hints = [
        f" Is {cells.quoted(title)} meant for {each}?" for each, title in near.items() if title
    ]
    raise SourceDataError(
        f"{file}, row 1: there is no column {', '.join(missing)}.{''.join(hints)} "
        f"A {layout.name} file has: {', '.join(each.name for each in layout.columns)}."
    )


def _like(name: str, titles: Sequence[str]) -> str | None:
    by_normal = {_normal(each): each for each in titles}
    near = get_close_matches(name, by_normal, n=1, cutoff=0.7)
    return by_normal[near[0]] if near else None


def _sorted_out(
    unknown: Sequence[str],
    names: Mapping[str, Column],
    places: Mapping[str, object],
    layout: Layout,
) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """The columns that are nobody's business, and those that look like one that is not there."""
    open_names = [name for name, each in names.items() if each.name not in places]
    mistyped = []
    for title in unknown:
        near = get_close_matches(_normal(title), open_names, n=1, cutoff=0.75)
        if near and not layout.wide:
            mistyped.append((title, names[near[0]].name))
    typed = {title for title, _ in mistyped}
    return tuple(each for each in unknown if each and each not in typed), tuple(mistyped)
