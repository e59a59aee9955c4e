"""Viewing: what the card shows of surveys and of the accounts an account belongs to."""

from datetime import timedelta

import pytest
from service_world import DANA, NOON, SETTINGS, World, company, config_of

from bot.blocks.kit import as_text
from bot.commands import registry
from scoring.records import SurveyKind, SurveyResponse
from storage import surveys


@pytest.fixture
def database_url(sqlite_url):
    """What differs between the two is told in tests/storage."""
    return sqlite_url


@pytest.fixture
def world(db, tmp_path):
    return World(db, tmp_path, config=config_of(tmp_path, *SETTINGS))


def answered(ident, kind, score, *, days_ago, **more):
    at = NOON - timedelta(days=days_ago)
    return SurveyResponse(
        id=ident,
        account_ref="cus_acme",
        kind=kind,
        score=score,
        answered_at=at,
        updated_at=at,
        **more,
    )


def test_the_card_shows_the_latest_answer_of_each_kind(world):
    world.sync("stripe", company("acme"))
    told = [
        answered("1", SurveyKind.NPS, 9, days_ago=40),
        answered("2", SurveyKind.NPS, 3, days_ago=10, has_comment=True),
        answered("3", SurveyKind.CSAT, 4.5, days_ago=5),
        answered("4", SurveyKind.NPS, 0, days_ago=400),
    ]
    with world.deps.db.write() as session:
        surveys.upsert(session, "stripe", told, at=NOON)
    shown = as_text(registry.answer(world.deps, DANA, "acme"))
    assert "NPS 3 of 10 on 6 Nov, with a comment · CSAT 4.5 of 5 on 11 Nov" in shown


def test_the_card_shows_what_an_account_is_a_part_of_and_what_its_parts_are(world):
    world.sync("stripe", company("acme"), company("globex"))
    registry.answer(world.deps, DANA, "link acme under globex")
    assert "A part of Globex" in as_text(registry.answer(world.deps, DANA, "acme"))
    assert "Its parts: Acme" in as_text(registry.answer(world.deps, DANA, "globex"))
