"""Money in messages: as many decimals as the billing counts in, for every currency alike."""

from decimal import Decimal

import pytest

from bot.blocks import words
from scoring.accounts import Money


@pytest.mark.parametrize(
    ("minor", "currency", "shown"),
    [
        (120_000, "usd", "$1,200"),
        (6_333, "usd", "$63.33"),
        (120_000, "jpy", "¥120,000"),
        (120_000, "ugx", "UGX\u00a01,200"),  # two decimals at the API, though it has no cents
        (1_200_000, "kwd", "KWD\u00a01,200"),
    ],
)
def test_an_amount_has_the_decimals_its_minor_units_stand_for(minor, currency, shown):
    assert words.money(Money(Decimal(minor), currency)) == shown
