"""Alembic, configured from here: no alembic.ini, so that it works from an installed package too."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy.engine import Connection

if TYPE_CHECKING:
    from alembic.config import Config

# The newest revision, said here so that a start need not import Alembic to look.
HEAD = "2026_11_25_people"


def configuration(connection: Connection | None = None) -> "Config":
    from alembic.config import Config  # noqa: PLC0415  # slow to import, seldom needed

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return config


def upgrade(connection: Connection, to: str = "head") -> None:
    """Upgrade in the transaction the connection is in."""
    from alembic import command  # noqa: PLC0415

    command.upgrade(configuration(connection), to)


def knows(revision: str | None) -> bool:
    """Whether this version of the code has that revision."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    scripts = ScriptDirectory.from_config(configuration())
    return revision in {script.revision for script in scripts.walk_revisions()}


def render_item(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Spell our own column types as the plain ones they are, so that an old migration never imports living code."""
    if kind == "type" and type(item).__module__ == "storage.types":
        return {
            "UtcDateTime": "sa.DateTime(timezone=True)",
            "MinorUnits": "sa.BigInteger()",
            "SortedText": 'sa.Text().with_variant(sa.Text(collation="C"), "postgresql")',
        }.get(type(item).__name__, "sa.Text()")
    return False
