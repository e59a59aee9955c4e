"""Tasking: tasks that people make, hand on and finish, each once, and the list of them."""

from datetime import timedelta

import pytest
from service_world import DANA, ERIN, GUEST, NOON

from bot.blocks import actions
from bot.blocks.task_modal import NewTask
from bot.commands import registry
from bot.services import tasking
from bot.services.errors import UserError
from storage import alerts


@pytest.fixture
def database_url(sqlite_url):
    """What differs between the two is told in tests/storage."""
    return sqlite_url


DAY = timedelta(days=1)
TODAY = NOON.date()


@pytest.fixture
def critical(world):
    """A world in which Acme has just become critical, with its playbook's task."""
    world.begin(acme="neutral")
    world.look(acme="escalated")
    world.said()
    return world


def alert_of(world):
    return world.alerts("acme")["critical"]


def create(world, *, key="form 1", by=DANA, **changes):
    new = {"title": "Send the plan", "due_on": TODAY + DAY, "owner": ERIN.id, **changes}
    tasking.create(
        world.deps, alert_of(world).id, NewTask(**new), member=by.id, key=key, at=world.clock.at
    )


def titled(world, title):
    return next(each for each in world.tasks() if each.title == title)


def kinds(world):
    with world.deps.db.read() as session:
        return [each.kind for each in alerts.actions(session, alert_of(world).id)]


def tasks_page(world, member, *, scope="mine", offset=0):
    with world.deps.db.read() as session:
        return tasking.page(
            session, world.deps, member, scope=scope, offset=offset, at=world.clock.at
        )


def test_a_form_that_is_sent_twice_makes_one_task_and_tells_its_owner_once(critical):
    for _ in range(2):
        create(critical)
    task = titled(critical, "Send the plan")
    assert (task.assigned_to, task.created_by) == (ERIN.id, DANA.id)
    assert kinds(critical) == ["task"]
    posts = [(target, words) for kind, target, words in critical.said() if kind == "post"]
    ((target, words),) = posts
    assert target == ERIN.id
    assert "@U0DANA gave you a task" in words


def test_who_makes_a_task_for_themselves_is_not_told_of_it(critical):
    create(critical, owner=DANA.id)
    assert {kind for kind, _, _ in critical.said()} == {"update"}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": ""}, actions.TASK_TITLE),
        ({"due_on": None}, actions.TASK_DUE),
        ({"due_on": TODAY - DAY}, actions.TASK_DUE),
        ({"due_on": TODAY + 400 * DAY}, actions.TASK_DUE),
        ({"owner": ""}, actions.TASK_OWNER),
        ({"owner": GUEST.id}, actions.TASK_OWNER),
    ],
)
def test_a_form_that_makes_no_sense_is_refused_at_its_field(critical, changes, field):
    with pytest.raises(UserError) as refused:
        create(critical, **changes)
    assert refused.value.field == field
    assert kinds(critical) == []


def test_a_task_may_be_due_today(critical):
    create(critical, due_on=TODAY)
    assert titled(critical, "Send the plan").due_on == TODAY


def finish(world, task, *, by=DANA):
    return tasking.finish(world.deps, task.id, member=by.id, at=world.clock.at)


def test_a_task_is_done_once_and_a_second_one_hears_by_whom(critical):
    task = titled(critical, "Urgent outreach")
    assert finish(critical, task) == finish(critical, task) == "☑ Done: Urgent outreach, Acme"
    assert "<@U0DANA> has done that already" in finish(critical, task, by=ERIN)
    assert kinds(critical) == ["task_done"]
    assert critical.tasks() == []
    updates = [words for kind, _, words in critical.said() if kind == "update"]
    assert len(updates) == 2
    assert all("☑ Urgent outreach, done by @U0DANA" in words for words in updates)


def test_a_task_that_was_forgotten_with_its_account_is_answered_politely(critical):
    task = titled(critical, "Urgent outreach")
    with critical.deps.db.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM task")
    with pytest.raises(UserError, match="no longer kept"):
        finish(critical, task)
    with pytest.raises(UserError, match="no longer kept"):
        reassign(critical, task, to=ERIN)


def reassign(world, task, *, to, by=DANA, key="press 1"):
    return tasking.reassign(world.deps, task.id, to=to.id, member=by.id, key=key, at=world.clock.at)


def test_a_task_is_handed_on_and_its_new_owner_hears_of_it_once(critical):
    task = titled(critical, "Urgent outreach")
    for _ in range(2):
        assert reassign(critical, task, to=ERIN).startswith("<@U0ERIN> has it")
    posts = [target for kind, target, _ in critical.said() if kind == "post"]
    assert posts == [ERIN.id]
    assert [tasks_page(critical, each).total for each in (DANA, ERIN)] == [0, 1]


def test_a_task_is_not_handed_to_a_guest_nor_after_it_is_done(critical):
    task = titled(critical, "Urgent outreach")
    with pytest.raises(UserError, match="may not see accounts"):
        reassign(critical, task, to=GUEST)
    finish(critical, task)
    with pytest.raises(UserError, match="done already"):
        reassign(critical, task, to=ERIN)


def test_the_list_counts_what_is_overdue_and_names_the_owners(critical):
    create(critical, due_on=TODAY)
    critical.clock.at += DAY
    page = tasks_page(critical, ERIN, scope="team")
    assert [(each.task.title, each.owner) for each in page.items] == [
        ("Urgent outreach", DANA.id),  # by her address, as the account's CSM
        ("Send the plan", ERIN.id),
    ]
    assert (page.total, page.overdue) == (2, 2)
    assert tasks_page(critical, ERIN).overdue == 1


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("tasks", "Your tasks: none"),
        ("tasks MINE", "Your tasks: none"),
        ("tasks team", "Tasks: 1"),
        ("tasks all", "Tasks: 1"),
    ],
)
def test_the_list_is_asked_for_by_a_word(critical, typed, said):
    assert registry.answer(critical.deps, ERIN, typed).text.startswith(said)


def test_a_list_nobody_knows_is_refused_with_what_to_say(critical):
    with pytest.raises(UserError, match="/health tasks team"):
        registry.answer(critical.deps, ERIN, "tasks of dana")
