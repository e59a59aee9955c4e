"""What every table shares: its metadata, and short ways to say a column."""

from typing import Any, ClassVar

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from storage.types import CleanText, JsonText, UtcDateTime

# SQLite alters a table by building it anew, for which every constraint needs a name.
NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Table(SQLModel):
    """A table. Rows are never made or validated through it: statements say what goes in, functions what comes out."""

    metadata: ClassVar[sa.MetaData] = sa.MetaData(naming_convention=NAMES)
    __table__: ClassVar[sa.Table]


def text(**options: Any) -> Any:
    return Field(sa_type=CleanText, **options)


def instant(**options: Any) -> Any:
    return Field(sa_type=UtcDateTime, **options)


def json(**options: Any) -> Any:
    return Field(sa_type=JsonText, **options)


def of_account(**options: Any) -> Any:
    return Field(foreign_key="account.id", ondelete="CASCADE", **options)


def of_link(**options: Any) -> Any:
    return Field(foreign_key="link.id", ondelete="CASCADE", **options)


def small(**options: Any) -> Any:
    return Field(sa_type=sa.SmallInteger, **options)
