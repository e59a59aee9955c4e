"""The command line for what is kept: `bellwether export`, `erase`, `readmit` and `db vacuum`."""

from pathlib import Path
from typing import Annotated

import typer

from bot.opening import opened

FAILED = 1

ConfigOption = Annotated[Path, typer.Option("--config", "-c", help="The configuration file.")]
DEFAULT_CONFIG = Path("bellwether.toml")


def export(
    file: Annotated[Path, typer.Argument(help="The CSV file to write; it must not exist.")],
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Write every account with its score, its parts and its change into a CSV file."""
    from bot.services import exporting
    from bot.services.addressing import to_operator
    from bot.services.erasing import OPERATOR
    from bot.services.errors import UserError

    with opened(config) as deps, to_operator():
        at = deps.clock.now().astimezone(deps.config.zone)
        try:
            rows = exporting.export_to(deps, file, member=OPERATOR, at=at)
        except FileExistsError as error:
            raise UserError(f"{file} exists already; an export never overwrites.") from error
    typer.echo(f"{rows:,} accounts written to {file}.")


def erase(
    name: Annotated[str, typer.Argument(help="An account's whole name, or account:7 by its id.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Erase without asking.")] = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Erase everything that is kept of an account, for good, and store nothing of it again."""
    from bot.blocks.erase import render_erase
    from bot.blocks.kit import as_text
    from bot.services import erasing

    with opened(config) as deps:
        with deps.db.read() as session:
            account = erasing.the_account(session, name, exactly=True)
            typer.echo(as_text(render_erase(erasing.look(session, account))))
        if not yes and not typer.confirm("Erase it?"):
            raise typer.Exit(FAILED)
        done = erasing.erase(deps, account.id, member=erasing.OPERATOR)
        typer.echo(
            f"Erased: {done.records:,} records; {done.messages:,} messages in Slack to be replaced."
        )
    typer.echo(
        "`bellwether db vacuum` overwrites what was deleted; a copy of the database has it still."
    )


def readmit(
    references: Annotated[
        list[str],
        typer.Argument(help="What is told again: a source and its id, like stripe:cus_1."),
    ],
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Store again what sources tell of an organisation whose account was erased."""
    from bot.services import erasing
    from bot.services.errors import UserError

    with opened(config) as deps:
        for each in references:
            source, _, ref = each.partition(":")
            if source not in deps.config.sources or not ref:
                raise UserError(f"{each} is no id of a configured source, like stripe:cus_1.")
            erasing.readmit(deps, source, ref, member=erasing.OPERATOR)
            typer.echo(f"{each} is stored again from its next reading on.")


def vacuum(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Write the database anew without what was deleted. Stop the bot first: nobody else may use it meanwhile."""
    with opened(config) as deps:
        deps.db.vacuum()
    typer.echo("What was deleted is overwritten.")
