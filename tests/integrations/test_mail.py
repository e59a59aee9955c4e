"""Mail: what one message says of the person it went to."""

from datetime import UTC, datetime, timedelta

import pytest

from integrations.mail import address_in, by_a_person, told_by_mail

SENT_AT = datetime(2026, 11, 1, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("jo@acme.example", "jo@acme.example"),
        ("Jo Doe <jo@acme.example>", "jo@acme.example"),
        ('"Doe, Jo" <jo@acme.example>', "jo@acme.example"),
        ("jo", None),
        ("", None),
        (None, None),
    ],
)
def test_an_address_is_found_with_or_without_a_name(text, address):
    assert address_in(text) == address


@pytest.mark.parametrize(("seconds", "counts"), [(-5, False), (9.9, False), (10, True)])
def test_nobody_clicks_within_ten_seconds_of_the_delivery(seconds, counts):
    clicked_at = SENT_AT + timedelta(seconds=seconds)
    assert by_a_person(clicked_at, SENT_AT) == (clicked_at if counts else None)
    assert by_a_person(clicked_at, None) == clicked_at
    assert by_a_person(None, SENT_AT) is None


def test_a_message_of_which_nothing_came_says_nothing():
    assert not [*told_by_mail("p", "jo@acme.example")]


def test_a_message_moves_only_what_it_has():
    (said,) = told_by_mail("p", "jo@gmail.com", sent_at=SENT_AT)
    assert (said.account_ref, said.updated_at, said.last_opened_at) == (None, SENT_AT, None)
