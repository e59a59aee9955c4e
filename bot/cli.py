"""The command line: `bellwether`. Heavy modules are imported by the commands that need them."""

import json
import shutil
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bot.deps import Deps, Progress

FAILED, WRONG_USE = 1, 2

app = typer.Typer(
    help="Tells customer success teams which accounts are slipping, and why.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
db_app = typer.Typer(help="The database.", no_args_is_help=True)
app.add_typer(db_app, name="db")

ConfigOption = Annotated[Path, typer.Option("--config", "-c", help="The configuration file.")]
DEFAULT_CONFIG = Path("bellwether.toml")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; what a person can mend is one sentence on stderr, not a traceback."""
    try:
        app(arguments)
    except Exception as error:
        verdict = _verdict(error)
        if verdict is None:
            raise
        _fail(*verdict)


def _verdict(error: Exception) -> tuple[str, int] | None:
    """What to say of an error, and the exit code; None: nobody but us can mend it."""
    from sqlalchemy.exc import DatabaseError, OperationalError

    from bot.config import ConfigError
    from bot.services.errors import UserError
    from integrations.base import SourceError
    from storage.engine import SchemaError

    match error:
        case ConfigError():
            return str(error), WRONG_USE
        case UserError() | SourceError() | SchemaError():
            return str(error), FAILED
        case DatabaseError(orig=cause) if type(error) in {DatabaseError, OperationalError}:
            return f"The database cannot be used: {str(cause).splitlines()[0]}.", FAILED
        case OSError(strerror=str() as why, filename=str() as file):
            return f"{file}: {why}.", FAILED
    return None


@app.command()
def demo(
    *,
    accounts: Annotated[int, typer.Option(min=1, help="How many accounts the story has.")] = 200,
    days: Annotated[
        int | None,
        typer.Option(min=0, help="How many days to live through after the installation."),
    ] = None,
    headless: Annotated[
        bool, typer.Option("--headless", help="No page: play the days at full speed and end.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="With --headless: one JSON object as the last line.")
    ] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Forget the story played before and begin anew.")
    ] = False,
    port: Annotated[int, typer.Option(help="The page's port; 0: any free one.")] = 8787,
) -> None:
    """Play with Bellwether: a stand-in Slack and stand-in vendors, no account anywhere."""
    from bot.config import home_folder
    from bot.logs import configure_logs

    if as_json and not headless:
        _fail("--json says what came of a headless story: add --headless.", WRONG_USE)
    configure_logs(level="WARNING")
    home = home_folder() / (f"headless-{accounts}" if headless else "demo")
    if fresh:
        shutil.rmtree(home, ignore_errors=True)
    if headless:
        outcome = _play_headless(home, accounts=accounts, days=30 if days is None else days)
        typer.echo(json.dumps(outcome) if as_json else _describe(outcome))
    else:
        _play_with_page(home, accounts=accounts, days=14 if days is None else days, port=port)


HEADLESS_START = datetime(2026, 8, 31, 6, tzinfo=UTC)
"""A Monday: a headless story is the same whenever it is played."""


def _play_headless(home: Path, *, accounts: int, days: int) -> dict[str, object]:
    from bot.demo import remember, run_headless

    story = remember(home, accounts=accounts, installed_at=HEADLESS_START, flowing=False)
    with _progress() as on_progress:
        return run_headless(story, days=days, on_progress=on_progress)


def _play_with_page(home: Path, *, accounts: int, days: int, port: int) -> None:
    from bot.clock import SystemClock
    from bot.demo import remember, run_with_page

    # Lived through so many days, the story has come to the Monday of this week.
    installed_at = _last_monday(SystemClock().now()) - timedelta(days=days)
    story = remember(home, accounts=accounts, installed_at=installed_at, flowing=True, port=port)
    with _progress() as on_progress:
        run_with_page(
            story, days=days, on_progress=on_progress, ready=_announce, wait=_until_stopped
        )


@app.command()
def run(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Run the bot: Slack over Socket Mode, and every source on its schedule."""
    from bot.app import build

    with _open(config, log_level="INFO") as deps:
        program = build(deps)
        program.start()
        try:
            _until_stopped()
        finally:
            program.stop()


@app.command()
def sync(
    names: Annotated[
        list[str] | None, typer.Argument(help="Which sources; all when none is named.")
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Read sources now, and score what they changed."""
    from bot.services.rescoring import rescore_dirty
    from bot.services.syncing import sync as sync_source

    with _open(config) as deps:
        for name in names or []:
            if name not in deps.sources:
                known = ", ".join(deps.sources)
                _fail(f"No source called {name} is configured. Configured are: {known}.", WRONG_USE)
        with _progress() as on_progress:
            runs = [
                sync_source(deps, each, on_progress=on_progress) for each in names or deps.sources
            ]
        for each in runs:
            typer.echo(f"{each.source}: {each.error or _read(each.records, each.requests)}")
            if each.rejected:
                typer.echo(f"  could not be read and kept aside: {each.rejected:,}")
        typer.echo(f"{rescore_dirty(deps):,} accounts scored")
    if any(each.error for each in runs):
        raise typer.Exit(FAILED)


@app.command()
def score(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Score every account anew, from what is stored."""
    from bot.services.rescoring import rescore_dirty
    from storage import dirty

    with _open(config) as deps:
        with deps.db.write() as session:
            dirty.mark_all(session, at=deps.clock.now())
        typer.echo(f"{rescore_dirty(deps):,} accounts scored")


@app.command()
def health(
    name: Annotated[str, typer.Argument(help="An account's name.")],
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Say how an account does, as /health NAME does in Slack."""
    from bot.blocks.kit import as_text
    from bot.services.answering import account

    with _open(config) as deps:
        typer.echo(as_text(account(deps, name)))


@app.command()
def doctor(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Prove each source with one cheap request, and list what waits for a match or could not be read."""
    from bot.services.diagnosing import diagnose

    with _open(config) as deps:
        findings = [diagnose(deps, name) for name in deps.sources]
    for each in findings:
        typer.echo(f"{'✓' if each.is_well else '✗'} {each.source}: {each.told}")
        typer.echo(f"  last complete answer: {each.last_ok_at or 'none yet'}")
        if each.rejected:
            typer.echo(f"  could not be read and kept aside: {each.rejected:,}")
        if each.unmatched:
            typer.echo(f"  match no account and wait: {each.unmatched:,}")
        for waiting in each.waiting:
            typer.echo(f"    {waiting.name or '(no name)'} ({waiting.ref})")
    if not all(each.is_well for each in findings):
        raise typer.Exit(FAILED)


@db_app.command()
def upgrade(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Bring the database's tables up to this version."""
    with _open(config, any_schema=True) as deps:
        deps.db.upgrade()
    typer.echo("The database is up to date.")


@db_app.command()
def backup(
    to: Annotated[Path, typer.Argument(help="The file to write; it must not exist.")],
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Copy a SQLite database while it is in use. (PostgreSQL: use pg_dump.)"""
    with _open(config, any_schema=True) as deps:
        try:
            deps.db.backup(to)
        except (FileExistsError, ValueError) as error:
            _fail(f"{error}.", FAILED)
    typer.echo(f"Copied to {to}.")


@contextmanager
def _open(config: Path, *, log_level: str = "ERROR", any_schema: bool = False) -> Iterator["Deps"]:
    """Everything the use cases need, over a database this version knows unless `any_schema`.

    A command that ends says itself what went wrong, so its log is short.
    """
    from bot.app import open_deps
    from bot.clock import SystemClock
    from bot.config import home_folder, load_config
    from bot.logs import configure_logs

    configure_logs(level=log_level)
    deps = open_deps(load_config(config, home=home_folder()), clock=SystemClock())
    try:
        if not any_schema:
            deps.db.check_schema()
        yield deps
    finally:
        deps.db.dispose()


def _read(records: int, requests: int) -> str:
    return f"{records:,} records in {requests:,} requests"


@contextmanager
def _progress() -> Iterator["Progress"]:
    """Bars on a terminal, silence elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _source, _share, _records: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskID, TextColumn

    columns = (
        TextColumn("{task.description:<10}"),
        BarColumn(),
        TextColumn("{task.fields[records]:>9,} records"),
    )
    bars: dict[str, TaskID] = {}
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:

        def on_progress(source: str, share: float | None, records: int) -> None:
            if source not in bars:
                bars[source] = shown.add_task(source, total=1.0, records=0)
            shown.update(bars[source], completed=1.0 if share is None else share, records=records)

        yield on_progress


def _announce(url: str) -> None:
    typer.echo(
        f"\nBellwether's demo is up: {url}\nType /health acme there. Ctrl-C ends it; it goes on where it stopped."
    )


def _until_stopped() -> None:
    """Return on Ctrl-C or a request to end."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stopped.set())
    stopped.wait()


def _last_monday(now: datetime) -> datetime:
    return (now - timedelta(days=now.weekday())).replace(hour=6, minute=0, second=0, microsecond=0)


def _describe(outcome: dict[str, object]) -> str:
    return "\n".join(f"{name}: {value}" for name, value in outcome.items())


def _fail(sentence: str, code: int) -> None:
    typer.echo(sentence, err=True)
    sys.stderr.flush()
    raise SystemExit(code)
