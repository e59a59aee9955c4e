"""Numbers as their reader writes them, and money for who may see it."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.blocks import numbers, words
from bot.blocks.reader import NOBODY, Reader, reader, reading
from scoring.accounts import Money

PRICE = Money(Decimal(123_400), "usd")


@pytest.mark.parametrize(
    ("locale", "count", "points", "price"),
    [
        ("en-US", "12,345", "2.5", "$1,234"),
        ("en-GB", "12,345", "2.5", "US$1,234"),
        ("de-DE", "12.345", "2,5", "1.234\u00a0$"),
        ("fr-FR", "12\u202f345", "2,5", "1\u202f234\u00a0$US"),
        ("xx-YY", "12,345", "2.5", "$1,234"),
        ("", "12,345", "2.5", "$1,234"),
    ],
)
def test_a_number_is_written_as_its_reader_writes_it(locale, count, points, price):
    with reading(Reader(locale, sees_money=True)):
        assert words.count(12_345) == count
        assert words.number(2.5) == points
        assert words.money(PRICE) == price


def test_who_may_see_no_money_sees_none_and_no_hint_of_it():
    with reading(Reader()):
        assert words.mrr(PRICE) == ""
        assert words.mrr([PRICE, PRICE]) == ""
        assert "1" not in words.money(PRICE)
        assert words.sums([PRICE]) == words.HIDDEN


def test_without_a_reader_there_is_no_money():
    with reading(NOBODY):
        assert not words.sees_money()


def test_a_reader_is_one_only_until_the_block_ends():
    before = reader()
    with reading(Reader("de-DE")), reading(Reader("fr-FR")):
        assert reader().locale == "fr-FR"
    assert reader() is before


@given(st.text(max_size=12), st.integers(-(10**15), 10**15))
def test_any_locale_gives_a_number_with_all_its_digits(locale, number):
    with reading(Reader(locale)):
        told = numbers.count(number)
    assert int("".join(each for each in told if each.isdecimal())) == abs(number)
    assert ("−" in told) == (number < 0)
