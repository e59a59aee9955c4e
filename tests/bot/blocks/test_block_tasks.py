"""The list of tasks at every size, and the forms of an alert: Slack's limits, and what they say."""

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest
from block_samples import AT, NAMES, TASK, named, task_item, tasks_page
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View
from syrupy.extensions.json import JSONSnapshotExtension

from bot.blocks import actions
from bot.blocks.limits import problems
from bot.blocks.snooze import read_snooze, render_snooze
from bot.blocks.task_modal import NewTask, read_task, render_task
from bot.blocks.tasks import render_given, render_tasks
from scoring.alerts import AlertId
from scoring.playbooks import TaskId

DAY = timedelta(days=1)

MESSAGES = {
    "mine": render_tasks(
        tasks_page(
            task_item(1, due_on=AT.date() - 2 * DAY),
            task_item(2, due_on=AT.date(), title="Send the plan", note="With prices"),
        )
    ),
    "of the team in the middle": render_tasks(
        tasks_page(
            *(task_item(n, owner="U0LEE" if n % 2 else None) for n in range(1, 9)),
            scope="team",
            total=25,
            offset=8,
        )
    ),
    "after one was done": render_tasks(tasks_page(task_item(1)), done="☑ Done: Call, Acme Corp"),
    "none of mine": render_tasks(tasks_page()),
    "none of the team": render_tasks(tasks_page(scope="team")),
    "past its end": render_tasks(tasks_page(offset=16)),
    "far too many": render_tasks(tasks_page(*map(task_item, range(1, 500)))),
    "given": render_given(task_item(1, note="Ask for *Dana*"), by="U0DANA", at=AT),
    **{
        f"named {each}": render_tasks(
            tasks_page(task_item(1, title=name or "?", note=name, account=named(name)))
        )
        for each, name in NAMES.items()
    },
}

FORMS = {
    "snooze": lambda name: render_snooze(AlertId(17), name, proposed=AT.date()),
    "task": lambda name: render_task(AlertId(17), name, owner="U0DANA", proposed=AT.date()),
}


@pytest.mark.parametrize("title", MESSAGES)
def test_looks_as_it_did(title, snapshot):
    message = MESSAGES[title]
    seen = {"text": message.text, "blocks": message.blocks}
    assert seen == snapshot(extension_class=JSONSnapshotExtension)


@pytest.mark.parametrize("title", MESSAGES)
def test_slack_takes_it(title):
    message = MESSAGES[title]
    assert problems(message.blocks, "message") == []
    for block in message.blocks:
        Block.parse(block).validate_json()
    assert message.text.strip()
    assert "*" not in message.text


@pytest.mark.parametrize("form", FORMS)
def test_a_form_is_one_slack_takes(form, snapshot):
    for name in ("Acme Corp", *NAMES.values()):
        view = FORMS[form](name)
        assert problems(view["blocks"], "modal") == []
        View(**view).validate_json()
        assert json.loads(view["private_metadata"]) == {"alert_id": 17}
        assert len(view["blocks"]) == {"snooze": 2, "task": 5}[form]
    assert FORMS[form]("Acme Corp") == snapshot(extension_class=JSONSnapshotExtension)


def test_a_form_is_read_as_it_was_filled_in():
    values = {
        actions.TASK_TITLE: {actions.FIELD: {"value": " Send the <plan> "}},
        actions.TASK_DUE: {actions.FIELD: {"selected_date": "2026-03-24"}},
        actions.TASK_OWNER: {actions.FIELD: {"selected_user": "U0LEE"}},
        actions.TASK_NOTE: {actions.FIELD: {"value": None}},
        actions.SNOOZE_UNTIL: {actions.FIELD: {"selected_date": "2026-03-24"}},
    }
    day = date(2026, 3, 24)
    assert read_task(values) == NewTask(title="Send the <plan>", due_on=day, owner="U0LEE")
    assert read_snooze(values) == day
    assert read_task({}) == NewTask(title="", due_on=None, owner="")
    assert read_snooze({}) is None


def test_a_row_says_which_task_it_is_and_where_the_list_stood():
    for scope, offset in (("mine", 0), ("team", 16)):
        block_id = actions.task_block(TaskId(12), scope, offset)
        assert actions.read_task_block(block_id) == (12, scope, offset)
        assert actions.read_task_page(actions.task_page(scope, offset)) == (scope, offset)


def test_what_is_overdue_says_so_in_words():
    late = replace(TASK, due_on=AT.date() - DAY)
    said = str(render_tasks(tasks_page(task_item(1, due_on=late.due_on))).blocks)
    assert "(yesterday) ⚠ overdue" in said
    assert "Your tasks: 1, 1 overdue" in said
