"""Warehouse values: what comes out of a column, however the database types it, as what a record holds."""

import math
import re
from datetime import date, datetime, time
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import BeforeValidator, Field

from integrations.payload import plausible
from scoring.identity import FREE_MAIL_DOMAINS, domain_of

_COUNT_MAX = 2**53


def instant_of(value: Any) -> datetime:
    """An instant out of a timestamp, a date (its midnight) or ISO text; without a time zone it is UTC. Raises ValueError."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value.strip())
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    if not isinstance(value, datetime):
        raise ValueError(f"{value!r} is not a timestamp")  # noqa: TRY004 - pydantic takes it for its own
    return plausible(value)


def _day(value: Any) -> date:
    return instant_of(value).date()


def _text(value: Any) -> str | None:
    """An id or a name as text, however the warehouse types it; None for NULL and for nothing but space."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, float | Decimal) and math.isfinite(value) and value == int(value):
        value = int(value)  # an id that went through a column of numbers
    if isinstance(value, int | UUID) and not isinstance(value, bool):
        return str(value)
    if value is None:
        return None
    raise ValueError(f"a {type(value).__name__} is no id or text")


def _account(value: Any) -> str | None:
    """A free-mail domain says nothing of who somebody works for."""
    text = _text(value)
    return None if text is not None and text.lower() in FREE_MAIL_DOMAINS else text


def _whole(value: Any) -> Any:
    """A count out of a Decimal or a float without a fraction; pydantic judges the rest."""
    if isinstance(value, bool):
        raise ValueError("a boolean is no count")  # noqa: TRY004 - pydantic takes it for its own
    return value


def _amount(value: Any) -> Any:
    return str(value) if isinstance(value, float) else value  # 99.9, not 99.90000000000000568


def word_of(value: Any) -> Any:
    return value.strip().lower() if isinstance(value, str) else value


def domains_of(value: Any) -> tuple[str, ...]:
    """Domains in a list, or in a text with commas, semicolons or spaces between them."""
    said = re.split(r"[,;\s]+", value) if isinstance(value, str) else value or ()
    found = [host for each in said if isinstance(each, str) and (host := domain_of(each))]
    return tuple(dict.fromkeys(found))


Id = Annotated[str, BeforeValidator(_text)]
Text = Annotated[str | None, BeforeValidator(_text)]
Account = Annotated[str, BeforeValidator(_account)]
MaybeAccount = Annotated[str | None, BeforeValidator(_account)]
At = Annotated[datetime, BeforeValidator(instant_of)]
Day = Annotated[date, BeforeValidator(_day)]
Count = Annotated[int, BeforeValidator(_whole), Field(ge=0, le=_COUNT_MAX)]
Amount = Annotated[Decimal, BeforeValidator(_amount), Field(ge=0, lt=10**12)]
Domains = Annotated[tuple[str, ...], BeforeValidator(domains_of)]
Currency = Annotated[str, BeforeValidator(word_of), Field(pattern=r"^[a-z]{3}$")]
Flag = Annotated[bool, BeforeValidator(lambda value: False if value is None else value)]
