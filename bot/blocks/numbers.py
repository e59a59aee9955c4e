"""Numbers and amounts as the reader's language writes them, by Unicode's CLDR."""

import re
from copy import copy
from decimal import Decimal
from functools import cache

from babel import Locale, UnknownLocaleError
from babel.numbers import NumberPattern

from bot.blocks.reader import reader

_ENGLISH = Locale("en", "US")
_LETTER_AND_DIGIT = re.compile(r"(?<=[A-Z])(?=\d)")


def count(number: int) -> str:
    """1,234 · 1.234 in German."""
    return decimal(number)


def decimal(number: float | Decimal, *, places: int = 0) -> str:
    """With at most so many decimals, none of them needless."""
    return _format(number, kind="number", least=0, most=places)


def amount(number: Decimal, currency: str, *, places: int = 0) -> str:
    """With exactly so many decimals. `currency` is its three letters; its sign is used where it is clear."""
    return _format(number, kind="money", least=places, most=places, currency=currency.upper())


def _format(
    number: float | Decimal, *, kind: str, least: int, most: int, currency: str | None = None
) -> str:
    told = reader().locale
    text = _pattern(told, kind, least, most).apply(
        number, _locale(told), currency=currency, currency_digits=False
    )
    # CLDR keeps letters and digits apart, which Babel leaves out; a hyphen is too short for a minus.
    return _LETTER_AND_DIGIT.sub("\u00a0", text).replace("-", "−")


@cache
def _pattern(told: str, kind: str, least: int, most: int) -> NumberPattern:
    """The language's own pattern, with as many decimals as are wanted."""
    locale = _locale(told)
    usual = (
        locale.decimal_formats[None] if kind == "number" else locale.currency_formats["standard"]
    )
    pattern: NumberPattern = copy(usual)
    pattern.frac_prec = (least, most)
    return pattern


@cache
def _locale(told: str) -> Locale:
    """The reader's locale; what is not known is American English, in which everything else is said."""
    try:
        return Locale.parse(told, sep="-")
    except (ValueError, UnknownLocaleError):
        return _ENGLISH
