"""Pictures: which file in Slack shows what."""

from datetime import UTC, datetime, timedelta

from storage import pictures
from storage.pictures import Picture

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


def test_a_file_can_be_shown_once_it_is_ready(session):
    assert pictures.get(session, "acme") is None
    pictures.remember(session, "acme", "F1", at=NOW)
    assert pictures.get(session, "acme") == Picture("F1", is_ready=False)
    pictures.mark_ready(session, "acme", "F1", at=NOW)
    assert pictures.get(session, "acme") == Picture("F1", is_ready=True)
    assert pictures.get(session, "globex") is None


def test_a_second_upload_takes_the_place_of_the_first_and_has_to_be_ready_itself(session):
    pictures.remember(session, "acme", "F1", at=NOW)
    pictures.mark_ready(session, "acme", "F1", at=NOW)
    pictures.remember(session, "acme", "F2", at=NOW)
    assert pictures.get(session, "acme") == Picture("F2", is_ready=False)


def test_what_is_said_of_a_file_that_was_replaced_changes_nothing(session):
    pictures.remember(session, "acme", "F2", at=NOW)
    pictures.mark_ready(session, "acme", "F1", at=NOW)
    pictures.forget(session, "acme", "F1")
    assert pictures.get(session, "acme") == Picture("F2", is_ready=False)
    pictures.forget(session, "acme", "F2")
    assert pictures.get(session, "acme") is None


def test_old_ones_are_forgotten(session):
    pictures.remember(session, "old", "F1", at=NOW - timedelta(days=31))
    pictures.remember(session, "new", "F2", at=NOW - timedelta(days=30))
    assert pictures.prune(session, before=NOW - timedelta(days=30)) == 1
    assert pictures.get(session, "old") is None
    assert pictures.get(session, "new") == Picture("F2", is_ready=False)
