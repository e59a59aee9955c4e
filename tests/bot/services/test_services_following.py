"""Following the playbook: the tasks, lists and steps are those of the configuration, and a list is left when it should be."""

from dataclasses import replace
from datetime import timedelta

import pytest
from service_world import TEAM, text_of

from scoring.playbooks import PLAYBOOKS
from scoring.rules import Rule


@pytest.fixture
def database_url(sqlite_url):
    """What differs between the two is told in tests/storage."""
    return sqlite_url


@pytest.fixture
def critical(world):
    """A world in which Acme has just become critical."""
    world.begin(acme="neutral")
    world.look(acme="escalated")
    return world


def test_a_configured_playbook_makes_the_tasks_lists_and_steps(world):
    books = {
        **PLAYBOOKS,
        Rule.CRITICAL: replace(
            PLAYBOOKS[Rule.CRITICAL],
            next_step="Ring <!channel> up.",
            checklist=("One", "Two", "Three", "Four", "Five", "Six"),
            task="Ring up",
            task_due_days=2,
            watch=None,
        ),
    }
    world.reconfigure(playbooks=books)
    world.begin(acme="neutral")
    world.look(acme="escalated")
    assert world.watches("acme") == set()
    (task,) = world.tasks()
    assert (task.title, task.due_on) == ("Ring up", world.clock.at.date() + timedelta(days=2))
    *_, words = [words for _, target, words in world.said() if target == TEAM]
    assert "Next: Ring <!channel> up.\n☐ Ring up, due in 2 days\n☐ One\n" in words
    assert "☐ Four\n… and 2 more steps" in words
    assert "<!channel>" not in "".join(map(text_of, world.outbox()))


def test_a_list_the_playbook_no_longer_names_is_left_when_the_alert_ends(critical):
    assert critical.watches("acme") == {"daily_monitoring"}
    books = {each: replace(playbook, watch=None) for each, playbook in PLAYBOOKS.items()}
    critical.reconfigure(playbooks=books)
    critical.look(acme="neutral")
    critical.look()
    assert critical.watches("acme") == set()


def test_an_account_stays_on_a_list_while_another_alert_keeps_it_there(critical):
    weekly = PLAYBOOKS[Rule.AT_RISK].watch
    books = {**PLAYBOOKS, Rule.CRITICAL: replace(PLAYBOOKS[Rule.CRITICAL], watch=weekly)}
    critical.reconfigure(playbooks=books)
    critical.look(acme="negative")
    critical.look()
    assert set(critical.alerts("acme")) == {"at_risk"}
    assert critical.watches("acme") == {"weekly_review"}
