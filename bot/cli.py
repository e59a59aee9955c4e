"""The command line: `bellwether`. Heavy modules are imported by the commands that need them."""

import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from bot.data_cli import erase, export, readmit, vacuum
from bot.opening import opened as _open
from bot.rubric_cli import rubric_app

FAILED, WRONG_USE = 1, 2

app = typer.Typer(
    help="Tells customer success teams which accounts are slipping, and why.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
db_app = typer.Typer(help="The database.", no_args_is_help=True)
app.add_typer(db_app, name="db")
app.add_typer(rubric_app, name="rubric")
for command in (export, erase, readmit):
    app.command()(command)
db_app.command()(vacuum)

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

    from bot.services.errors import UserError
    from bot.variables import ConfigError
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
    sources: Annotated[
        str,
        typer.Option(help="The sources to read, with commas between; all: every one there is."),
    ] = "",
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Forget the story played before and begin anew.")
    ] = False,
    port: Annotated[int, typer.Option(help="The page's port; 0: any free one.")] = 8787,
) -> None:
    """Play with Bellwether: a stand-in Slack and stand-in vendors, no account anywhere."""
    from bot.config import home_folder
    from bot.logs import configure_logs
    from bot.playing import play_headless, play_with_page

    if as_json and not headless:
        _fail("--json says what came of a headless story: add --headless.", WRONG_USE)
    configure_logs(level="WARNING")
    home = home_folder() / (f"headless-{accounts}" if headless else "demo")
    if fresh:
        shutil.rmtree(home, ignore_errors=True)
    if headless:
        outcome = play_headless(
            home, accounts=accounts, days=30 if days is None else days, sources=sources
        )
        told = "\n".join(f"{name}: {value}" for name, value in outcome.items())
        typer.echo(json.dumps(outcome) if as_json else told)
    else:
        play_with_page(
            home,
            accounts=accounts,
            days=14 if days is None else days,
            sources=sources,
            port=port,
        )


@app.command()
def init(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Ask for what is needed, prove each credential as it is given, and write the configuration."""
    from bot.init import initialise

    initialise(config)


@app.command()
def run(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Run the bot: Slack over Socket Mode or HTTP, and every source on its schedule."""
    from bot.app import build
    from bot.terminal import until_stopped

    with _open(config, log_level="INFO") as deps:
        program = build(deps)
        program.start()
        try:
            until_stopped()
        finally:
            program.stop()


@app.command()
def sync(
    names: Annotated[
        list[str] | None, typer.Argument(help="Which sources; all when none is named.")
    ] = None,
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Read again what happened from this day (UTC) on."),
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Read sources now, and score what they changed."""
    from bot.services.rescoring import rescore_dirty
    from bot.services.syncing import sync as sync_source
    from bot.terminal import progress

    with _open(config) as deps:
        for name in names or []:
            if name not in deps.sources:
                known = ", ".join(deps.sources)
                _fail(f"No source called {name} is configured. Configured are: {known}.", WRONG_USE)
        with progress() as on_progress:
            runs = [
                sync_source(
                    deps,
                    each,
                    since=since.replace(tzinfo=UTC) if since else None,
                    on_progress=on_progress,
                )
                for each in names or deps.sources
            ]
        for each in runs:
            typer.echo(f"{each.source}: {each.error or _read(each.records, each.requests)}")
            if each.rejected:
                typer.echo(f"  could not be read and kept aside: {each.rejected:,}")
        typer.echo(f"{rescore_dirty(deps):,} accounts scored")
    if any(each.error for each in runs):
        raise typer.Exit(FAILED)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A CSV file; docs/csv.md says what stands in it.")],
    as_: Annotated[
        str | None,
        typer.Option("--as", help="What is in it, where its name does not say so."),
    ] = None,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be stored, and store nothing.")
    ] = False,
    skip_errors: Annotated[
        bool, typer.Option("--skip-errors", help="Take the rows that can be read.")
    ] = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Read a CSV file of accounts, usage, tickets, subscriptions or surveys, and score what it changed."""
    from bot.services import importing
    from bot.services.rescoring import rescore_dirty
    from bot.terminal import progress

    with _open(config) as deps:
        looked_at = importing.preview(deps, file, as_)
        typer.echo("\n".join(importing.describe(looked_at)))
        if not looked_at.is_clean and (dry_run or not skip_errors):
            _fail("\n".join(importing.describe_errors(looked_at, is_dry=dry_run)), FAILED)
        if dry_run:
            return
        with progress() as on_progress:
            done = importing.take(deps, looked_at, on_progress=on_progress)
        typer.echo("\n".join(importing.describe_done(done)))
        typer.echo(f"{rescore_dirty(deps):,} accounts scored")


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
    from bot.commands.account import named
    from bot.services.addressing import to_operator

    with _open(config) as deps, to_operator():
        at = deps.clock.now().astimezone(deps.config.zone)
        typer.echo(as_text(named(deps, name, at=at)))


@app.command()
def doctor(
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object: what was looked at, and how it is.")
    ] = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Prove Slack and every source, and say what is missing and how to mend it."""
    from bot.app import reading_client
    from bot.clock import SystemClock
    from bot.proving import diagnose_slack
    from bot.services.diagnosing import Verdict, diagnose_delivery, diagnose_source
    from bot.terminal import report

    with _open(config) as deps:
        now = SystemClock().now()
        findings = diagnose_slack(reading_client(deps.config), deps.config.slack, machine_now=now)
        findings += diagnose_delivery(deps)
        for name in deps.sources:
            findings += diagnose_source(deps, name)
    broken = sum(each.verdict is Verdict.BROKEN for each in findings)
    if as_json:
        told = {"broken": broken, "findings": [asdict(each) for each in findings]}
        typer.echo(json.dumps(told))
    else:
        typer.echo("\n".join(report(findings)))
    if broken:
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


def _read(records: int, requests: int) -> str:
    return f"{records:,} records in {requests:,} requests"


def _fail(sentence: str, code: int) -> None:
    typer.echo(sentence, err=True)
    sys.stderr.flush()
    raise SystemExit(code)
