"""The command line of the rubric: `bellwether rubric check`, `diff` and `test`."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from datetime import datetime

    from sqlmodel import Session

    from bot.config import Config

FAILED = 1

rubric_app = typer.Typer(
    help="The rubric and the lines of the alerts: check them, try a change, test the rules.",
    no_args_is_help=True,
)

ConfigOption = Annotated[Path, typer.Option("--config", "-c", help="The configuration file.")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object instead of words.")]
DEFAULT_CONFIG = Path("bellwether.toml")


@rubric_app.command()
def check(*, as_json: JsonOption = False, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Read the configuration as `run` does, say what is in force, and what in it may not be meant."""
    from bot import rubric_words
    from bot.services import checking

    loaded = _load(config)
    found, untold = checking.doubts(loaded), ""
    try:
        with _history(loaded) as (session, at):
            found += checking.unseen(session, loaded, at=at)
    except _unusable() as error:
        untold = str(error).splitlines()[0]
    if as_json:
        typer.echo(json.dumps(rubric_words.check_json(loaded, found, database=untold)))
        return
    typer.echo("\n".join([*rubric_words.in_force(loaded), *rubric_words.doubtful(found)]))
    if untold:
        typer.echo(f"Plans and features were not looked up in the database: {untold}")


@rubric_app.command()
def diff(
    new: Annotated[
        Path,
        typer.Argument(help="The changed configuration, or its [rubric] and [alerts] alone."),
    ],
    *,
    days: Annotated[
        int, typer.Option(min=1, max=400, help="How many days of alerts to replay.")
    ] = 90,
    as_json: JsonOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Say what a change would do: who would change status, and which alerts would have been raised."""
    from bot import rubric_words
    from bot.services import rehearsing

    loaded = _load(config)
    now = rehearsing.Setting(rubric=loaded.rubric, alerts=loaded.alerts)
    then = rehearsing.proposed(new, config, home=loaded.home)
    with _history(loaded) as (session, at):
        difference = rehearsing.difference(session, now, then, days=days, at=at)
    if as_json:
        typer.echo(json.dumps(rubric_words.changes_json(difference)))
    else:
        typer.echo("\n".join(rubric_words.changes(difference)))


@rubric_app.command("test")
def try_(
    file: Annotated[
        Path, typer.Argument(help="Series of scores with the alerts you expect, TOML or JSON.")
    ],
    *,
    as_json: JsonOption = False,
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", help="Whose lines hold; the default ones without it."),
    ] = None,
) -> None:
    """Put your own series of scores through the alerts, and compare with what you expect."""
    from bot.services import rule_tests
    from scoring.policy import AlertPolicy

    tried = rule_tests.run(file, _load(config).alerts if config else AlertPolicy())
    if as_json:
        typer.echo(json.dumps(rule_tests.as_json(tried)))
    else:
        typer.echo("\n".join(rule_tests.describe(tried)))
    if not all(each.result.is_right for each in tried):
        raise typer.Exit(FAILED)


def _load(config: Path) -> "Config":
    from bot.config import home_folder, load_config

    return load_config(config, home=home_folder())


@contextmanager
def _history(config: "Config") -> Iterator[tuple["Session", "datetime"]]:
    """The database to read from, and the time it is. Raises SchemaError where there is none of this version; makes none."""
    from bot.clock import SystemClock
    from bot.sandboxing import sandbox_clock
    from storage.engine import SchemaError, open_database

    file = config.database_url.removeprefix("sqlite:///")
    if file != config.database_url and not Path(file).exists():
        raise SchemaError("There is no database yet. Run: bellwether db upgrade")
    clock = sandbox_clock(config.sandbox.url) if config.sandbox else SystemClock()
    database = open_database(config.database_url)
    try:
        database.check_schema()
        with database.read() as session:
            yield session, clock.now()
    finally:
        database.dispose()


def _unusable() -> tuple[type[Exception], ...]:
    """What is raised where there is no database of this version."""
    from sqlalchemy.exc import OperationalError

    from storage.engine import SchemaError

    return SchemaError, OperationalError
