"""Surveys: stored once, changed only by what is newer, found by account or by the ticket they rate."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from scoring.identity import MatchedBy
from scoring.records import (
    Organisation,
    Rating,
    SurveyKind,
    SurveyResponse,
    Ticket,
    rating_of_csat,
)
from storage import accounts, dirty, links, surveys, tickets
from storage.types import clean

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

NPS = SurveyResponse(
    id="r1:q1",
    account_ref="acme",
    kind=SurveyKind.NPS,
    score=9,
    answered_at=NOW - DAY,
    updated_at=NOW - DAY,
    person="5e1f",
    has_comment=True,
)
CSAT = SurveyResponse(
    id="s1",
    account_ref=None,
    kind=SurveyKind.CSAT,
    score=1,
    answered_at=NOW - HOUR,
    updated_at=NOW - HOUR,
    ticket_id="1",
)
TICKET = Ticket(id="1", account_ref="acme", is_open=True, created_at=NOW, updated_at=NOW, version=5)


@pytest.fixture
def ids(session):
    """Two accounts, which Typeform and Zendesk call "acme" and "globex"."""
    names = ("acme", "globex")
    told = [Organisation(ref=each, name=each.title(), account_key=each) for each in names]
    accounts.create_or_update(session, told, source="stripe", at=NOW)
    by_key = accounts.by_key(session)
    for source in ("typeform", "zendesk"):
        for ref, link_id in links.ids(session, source, names, at=NOW).items():
            links.join(session, link_id, by_key[ref], by=MatchedBy.ID, at=NOW)
    return by_key["acme"], by_key["globex"]


def link_of(session, source, ref):
    return links.ids(session, source, [ref], at=NOW)[ref]


def answered(session, ids):
    return surveys.of_accounts(session, ids, since=NOW - 90 * DAY)


def ratings(session, ids):
    found = tickets.of_accounts(session, ids, since=NOW - DAY)
    return {account: [each.rating for each in told] for account, told in found.items()}


def test_responses_come_back_as_they_went_in_the_latest_first(session, ids):
    acme, globex = ids
    later = replace(NPS, id="r2:q1", score=3, answered_at=NOW, comment="Slow.", person=None)
    other = replace(NPS, id="r3:q2", account_ref="globex", kind=SurveyKind.CSAT, score=2.5)
    assert len(surveys.upsert(session, "typeform", [NPS, later, other], at=NOW)) == 2
    assert surveys.upsert(session, "typeform", [other, later, NPS], at=NOW) == frozenset()
    assert answered(session, ids) == {acme: [later, NPS], globex: [other]}


def test_what_was_answered_before_is_left_out(session, ids):
    surveys.upsert(session, "typeform", [NPS], at=NOW)
    assert surveys.of_accounts(session, ids, since=NPS.answered_at) != {}
    assert surveys.of_accounts(session, ids, since=NPS.answered_at + HOUR) == {}


def test_an_older_reading_never_overwrites_a_newer(session, ids):
    acme, _ = ids
    edited = replace(NPS, score=4, updated_at=NOW)
    surveys.upsert(session, "typeform", [edited], at=NOW)
    assert surveys.upsert(session, "typeform", [NPS], at=NOW) == frozenset()
    assert answered(session, ids) == {acme: [edited]}


def test_a_deleted_response_is_not_found(session, ids):
    surveys.upsert(session, "typeform", [NPS], at=NOW)
    gone = replace(NPS, deleted=True, updated_at=NOW)
    assert len(surveys.upsert(session, "typeform", [gone], at=NOW)) == 1
    assert answered(session, ids) == {}


def test_a_response_that_moves_touches_both_accounts(session, ids):
    _, globex = ids
    surveys.upsert(session, "typeform", [NPS], at=NOW)
    moved = replace(NPS, account_ref="globex", updated_at=NOW)
    changed = surveys.upsert(session, "typeform", [moved], at=NOW)
    assert dirty.mark_links(session, changed, at=NOW) == 2
    assert answered(session, ids) == {globex: [moved]}


def test_a_response_of_nobody_is_kept_until_it_is_somebodys(session, ids):
    acme, _ = ids
    stray = replace(NPS, account_ref=None)
    assert surveys.upsert(session, "typeform", [stray], at=NOW) == frozenset()
    assert answered(session, ids) == {}
    surveys.upsert(session, "typeform", [NPS], at=NOW)
    assert answered(session, ids) == {acme: [NPS]}


def test_a_text_no_engine_can_store_is_cleaned(session, ids):
    acme, _ = ids
    odd = replace(NPS, comment="so\x00 \ud800 so")
    surveys.upsert(session, "typeform", [odd], at=NOW)
    assert answered(session, ids)[acme][0].comment == clean("so\x00 \ud800 so")


def test_a_rated_ticket_gives_the_response_its_account(session, ids):
    acme, _ = ids
    tickets.upsert(session, "zendesk", [TICKET], at=NOW)
    changed = surveys.upsert(session, "zendesk", [CSAT], at=NOW)
    assert changed == {link_of(session, "zendesk", "acme")}
    assert surveys.upsert(session, "zendesk", [CSAT], at=NOW) == frozenset()
    assert answered(session, ids) == {acme: [CSAT]}
    assert ratings(session, ids) == {acme: [Rating.BAD]}


def test_a_ticket_that_arrives_after_its_survey_finds_it(session, ids):
    acme, _ = ids
    assert surveys.upsert(session, "zendesk", [CSAT], at=NOW) == frozenset()
    assert answered(session, ids) == {}
    changed = tickets.upsert(session, "zendesk", [TICKET], at=NOW)
    assert changed == {link_of(session, "zendesk", "acme")}
    assert answered(session, ids) == {acme: [CSAT]}
    assert ratings(session, ids) == {acme: [Rating.BAD]}


def test_a_response_moves_with_its_ticket(session, ids):
    _, globex = ids
    tickets.upsert(session, "zendesk", [TICKET], at=NOW)
    surveys.upsert(session, "zendesk", [CSAT], at=NOW)
    moved = replace(TICKET, version=6, account_ref="globex")
    assert len(tickets.upsert(session, "zendesk", [moved], at=NOW)) == 2
    assert answered(session, ids) == {globex: [CSAT]}
    assert ratings(session, ids) == {globex: [Rating.BAD]}


def test_a_changed_answer_about_a_ticket_touches_its_account(session, ids):
    acme, _ = ids
    tickets.upsert(session, "zendesk", [TICKET], at=NOW)
    surveys.upsert(session, "zendesk", [CSAT], at=NOW)
    better = replace(CSAT, score=4, updated_at=NOW)
    assert surveys.upsert(session, "zendesk", [better], at=NOW) == {
        link_of(session, "zendesk", "acme")
    }
    assert ratings(session, ids) == {acme: [Rating.GOOD]}
    taken_back = replace(better, deleted=True, updated_at=NOW + HOUR)
    assert len(surveys.upsert(session, "zendesk", [taken_back], at=NOW)) == 1
    assert ratings(session, ids) == {acme: [None]}


def test_a_survey_goes_before_the_tickets_own_rating(session, ids):
    acme, _ = ids
    rated = replace(TICKET, rating=Rating.GOOD)
    unasked = replace(rated, id="2")
    tickets.upsert(session, "zendesk", [rated, unasked], at=NOW)
    surveys.upsert(session, "zendesk", [CSAT], at=NOW)
    assert ratings(session, ids) == {acme: [Rating.BAD, Rating.GOOD]}


def test_of_several_surveys_about_a_ticket_the_newest_counts_and_the_ticket_is_one(session, ids):
    acme, _ = ids
    tickets.upsert(session, "zendesk", [TICKET], at=NOW)
    newer = replace(CSAT, id="s0", score=5, answered_at=NOW)
    asked_else = replace(CSAT, id="s9", kind=SurveyKind.NPS, score=0, answered_at=NOW)
    surveys.upsert(session, "zendesk", [CSAT, newer, asked_else], at=NOW)
    assert ratings(session, ids) == {acme: [Rating.GOOD]}


def test_another_sources_ticket_of_the_same_id_is_not_rated(session, ids):
    acme, _ = ids
    tickets.upsert(session, "zendesk", [TICKET], at=NOW)
    assert surveys.upsert(session, "typeform", [CSAT], at=NOW) == frozenset()
    assert answered(session, ids) == {}
    assert ratings(session, ids) == {acme: [None]}


def test_a_deleted_ticket_takes_its_survey_along(session, ids):
    tickets.upsert(session, "zendesk", [replace(TICKET, deleted=True)], at=NOW)
    surveys.upsert(session, "zendesk", [CSAT], at=NOW)
    assert answered(session, ids) == {}


@pytest.mark.parametrize(
    ("score", "rating"),
    [
        (1, Rating.BAD),
        (2, Rating.BAD),
        (2.1, Rating.NEUTRAL),
        (3.9, Rating.NEUTRAL),
        (4, Rating.GOOD),
        (5, Rating.GOOD),
    ],
)
def test_a_csat_score_is_good_from_four_and_bad_up_to_two(score, rating):
    assert rating_of_csat(score) is rating
