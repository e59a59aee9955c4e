"""Column types that behave alike on SQLite and PostgreSQL."""

import json
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

# Money is kept in ten-thousandths of a minor unit, so that a twelfth of a year's price adds up again.
_MINOR_SCALE = 10_000


def clean(text: str) -> str:
    """The text without what one of the engines cannot store: NUL goes, a lone surrogate becomes U+FFFD."""
    return text.replace("\x00", "").encode("utf-8", "surrogatepass").decode("utf-8", "replace")


class CleanText(TypeDecorator[str]):
    """Text of any length, cleaned on its way in."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> str | None:
        return None if value is None else clean(value)


class SortedText(CleanText):
    """Text that is compared by code point on both engines, so that an index can find a prefix as a range."""

    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return sa.Text(collation="C") if dialect.name == "postgresql" else sa.Text()


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: refuses a naive one on its way in, gives aware UTC on its way out (SQLite drops the zone)."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"an instant needs a time zone: {value!r}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class JsonText(TypeDecorator[Any]):
    """JSON in one canonical spelling, so that equal values are equal text; refuses NaN and infinities."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, _dialect: Dialect) -> str | None:
        if value is None:
            return None
        return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)

    def process_result_value(self, value: str | None, _dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)


class MinorUnits(TypeDecorator[Decimal]):
    """An amount in minor units with four decimals, kept as an integer: SQLite has no decimals, and sums stay exact."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, _dialect: Dialect) -> int | None:
        if value is None:
            return None
        return int((value * _MINOR_SCALE).to_integral_value(ROUND_HALF_EVEN))

    def process_result_value(self, value: int | None, _dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value) / _MINOR_SCALE
