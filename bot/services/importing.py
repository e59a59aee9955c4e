"""Importing: a CSV file looked through, shown, and stored as a sync stores what it reads."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from bot.deps import Deps, Progress
from bot.services import syncing
from bot.services.errors import UserError
from integrations.csv.cells import quoted
from integrations.csv.layouts import LAYOUTS, FileKind, Layout, layout_of
from integrations.csv.reading import Contents, MostlyWrongError
from integrations.sources.csv import Csv, Handed
from scoring.identity import Link, domain_of, match
from storage import accounts, links, matches, sources

_EPOCH = date(1970, 1, 1)
ERRORS_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What is in a file, and what storing it would come to.

    `matched` of the accounts it names are known; `made` says that those that are not become accounts
    (the file comes from the system of record), else they wait for a match. `errors` are sentences, the
    first thousand; `error_rows` is how many rows cannot be taken.
    """

    file: Path
    layout: Layout
    rows: int
    taken: int
    error_rows: int
    errors: tuple[str, ...]
    accounts: int
    matched: int
    made: bool
    first_day: date | None
    last_day: date | None
    left_out: dict[str, int]
    unknown_columns: tuple[str, ...]
    is_refused: bool = False  # more than half of it is wrong: nothing of it is taken

    @property
    def is_clean(self) -> bool:
        return not self.errors


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """How an import went. `waits_for`: kinds of which no file was ever read; until then nothing of CSV counts."""

    records: int
    rejected: int
    waits_for: tuple[FileKind, ...]


def preview(deps: Deps, file: Path, as_: str | None) -> Preview:
    """Look through a file and store nothing. Raises UserError or SourceError."""
    source, layout = _source(deps), _layout(file, as_)
    _only_configured(source, layout)
    refused = False
    try:
        with source.reading(file, layout, now=deps.clock.now()) as reading:
            contents = reading.contents
    except MostlyWrongError as error:
        contents, refused = error.contents, True
    return Preview(
        file=file,
        layout=layout,
        rows=contents.rows,
        taken=contents.good,
        error_rows=len(contents.bad),
        errors=(*_of_columns(contents), *map(str, contents.problems)),
        accounts=len(contents.accounts),
        matched=_count_matched(deps, contents),
        made=layout.kind is FileKind.ACCOUNTS and deps.config.general.system_of_record == Csv.name,
        first_day=_EPOCH + timedelta(days=contents.days[0]) if contents.days else None,
        last_day=_EPOCH + timedelta(days=contents.days[-1]) if contents.days else None,
        left_out=dict(contents.left_out),
        unknown_columns=contents.unknown,
        is_refused=refused,
    )


def take(deps: Deps, looked_at: Preview, *, on_progress: Progress) -> Imported:
    """Store what can be taken of a file that was looked through; its bad rows are kept aside."""
    source = _source(deps)
    handed = Handed(source, looked_at.file, looked_at.layout)
    run = syncing.sync(
        replace(deps, sources={**deps.sources, Csv.name: handed}), Csv.name, on_progress=on_progress
    )
    with deps.db.read() as session:
        missing = source.missing(sources.cursor(session, Csv.name))
    # While another kind was never read the run ends with that as its error; this file is stored by then.
    if run.error and not (missing and run.records):
        raise UserError(run.error)
    return Imported(records=run.records, rejected=run.rejected, waits_for=tuple(missing))


def describe(found: Preview) -> Iterator[str]:
    """What would be stored, a line each, the numbers in a column."""
    yield f"{found.file.name}, read as {found.layout.name}:"
    yield f"  {'rows':<26}{found.rows:>12,}"
    yield f"  {'that can be stored':<26}{found.taken:>12,}"
    yield f"  {'with errors':<26}{found.error_rows:>12,}"
    for word, number in sorted(found.left_out.items()):
        yield f"  {f'left out: {quoted(word)}':<26}{number:>12,}"
    yield f"  {'accounts named':<26}{found.accounts:>12,}"
    yield f"  {'known already':<26}{found.matched:>12,}"
    become = "will be made" if found.made else "match none, would wait"
    yield f"  {become:<26}{found.accounts - found.matched:>12,}"
    if found.first_day and found.last_day:
        yield f"  {'days':<16}{found.first_day} to {found.last_day}"
    if found.unknown_columns:
        yield f"  columns left out: {', '.join(map(quoted, found.unknown_columns))}"


def describe_errors(found: Preview, *, is_dry: bool) -> Iterator[str]:
    """The first errors, and what to do about them."""
    yield from (f"  {each}" for each in found.errors[:ERRORS_SHOWN])
    unsaid = max(len(found.errors), found.error_rows) - ERRORS_SHOWN
    if unsaid > 0:
        yield f"  and {unsaid:,} more"
    if found.is_refused:
        yield "More than half of the rows are wrong, so nothing of the file is taken: mend it first."
    elif not is_dry:
        yield "Nothing was stored. Mend the file, or take the rest of it with --skip-errors."


def describe_done(done: Imported) -> Iterator[str]:
    yield f"{done.records:,} rows stored"
    if done.rejected:
        yield f"  could not be read and kept aside: {done.rejected:,}"
    if done.waits_for:
        yield (
            f"  Nothing of CSV files counts until a file of {' and of '.join(done.waits_for)} is read too; "
            "take out of kinds in [sources.csv] what will not come."
        )


def _source(deps: Deps) -> Csv:
    source = deps.sources.get(Csv.name)
    if not isinstance(source, Csv):
        raise UserError(
            'There is no section [sources.csv]. Add it with kinds = ["accounts", "usage"], or whatever your files tell of.'
        )
    return source


def _layout(file: Path, as_: str | None) -> Layout:
    known = ", ".join(LAYOUTS)
    if as_ is not None:
        if as_ not in LAYOUTS:
            raise UserError(f"{as_} is no kind of file. Use one of: {known}.")
        return LAYOUTS[as_]
    if (layout := layout_of(file)) is None:
        raise UserError(
            f"The name {file.name} does not say what is in the file. Add --as with one of: {known}."
        )
    return layout


def _only_configured(source: Csv, layout: Layout) -> None:
    if layout.kind not in source.kinds:
        kinds = ", ".join(f'"{each}"' for each in sorted({*source.kinds, layout.kind}))
        raise UserError(
            f"[sources.csv] does not tell of {layout.kind}. If it shall, write there: kinds = [{kinds}]."
        )


def _of_columns(contents: Contents) -> Iterator[str]:
    for title, column in contents.mistyped:
        yield f"row 1, {title}: there is no such column; did you mean {column}?"


def _count_matched(deps: Deps, contents: Contents) -> int:
    """How many of the accounts a file names are known by their id or domain, or were matched by hand."""
    domains_by_ref = {ref: domains or _as_domain(ref) for ref, domains in contents.accounts.items()}
    if deps.config.general.system_of_record == Csv.name:
        # Its own organisations are matched by no domain: a rule must not say that two customers are one.
        domains_by_ref = dict.fromkeys(domains_by_ref, ())
    with deps.db.read() as session:
        by_key = accounts.by_key(session, domains_by_ref)
        claimed = matches.claims(session, {one for each in domains_by_ref.values() for one in each})
        by_domain = {domain: ids[0] for domain, ids in claimed.items() if len(ids) == 1}
        unknown = [
            ref
            for ref, domains in domains_by_ref.items()
            if not match(
                account_key=ref,
                domains=domains,
                accounts_by_key=by_key,
                accounts_by_domain=by_domain,
            )
        ]
        joined = sum(isinstance(links.one(session, Csv.name, ref), Link) for ref in unknown)
    return len(domains_by_ref) - len(unknown) + joined


def _as_domain(ref: str) -> tuple[str, ...]:
    domain = domain_of(ref)
    return (domain,) if domain else ()
