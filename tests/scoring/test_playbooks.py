"""Playbooks: every rule says what to do next, and a template that cannot be filled in is refused by name."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.drafts import DRAFTS, FIELDS, Draft, check_draft, fill_draft
from scoring.playbooks import CALL_MINUTES, PLAYBOOKS, Playbook, WatchKind
from scoring.rules import Rule

PLAIN = Playbook(next_step="Call them.")
FACTS = {"account": "Acme", "me": "Dana", "minutes": "30", "renewal": "12 Apr"}


@pytest.mark.parametrize("rule", Rule)
def test_every_rule_has_a_next_step_a_checklist_and_a_draft(rule):
    playbook = PLAYBOOKS[rule]
    assert playbook.next_step.endswith((".", "?"))
    assert 1 <= len(playbook.checklist) <= 4
    assert playbook.draft == DRAFTS[rule]


def test_below_60_an_account_joins_the_weekly_review():
    assert PLAYBOOKS[Rule.AT_RISK].watch is WatchKind.WEEKLY_REVIEW


def test_below_40_there_is_urgent_outreach_today_and_daily_monitoring():
    critical = PLAYBOOKS[Rule.CRITICAL]
    assert (critical.task, critical.task_due_days) == ("Urgent outreach", 0)
    assert critical.watch is WatchKind.DAILY_MONITORING


def test_above_80_a_review_is_to_be_scheduled_and_scheduling_it_is_the_task():
    expansion = PLAYBOOKS[Rule.EXPANSION]
    assert (expansion.task, expansion.call_is_task) == ("Schedule a review call", True)


@pytest.mark.parametrize("rule", Rule)
def test_no_usual_draft_tells_a_customer_their_score_or_what_they_pay(rule):
    told = {name: f"<{name}>" for name in FIELDS}
    filled = fill_draft(PLAYBOOKS[rule].draft, told)
    said = filled.subject + filled.text
    assert "<account>" in filled.subject
    assert not any(f"<{each}>" in said for each in ("score", "mrr", "reason", "next_step"))
    assert "{" not in said


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"next_step": " "}, "next_step must say something"),
        ({"checklist": ("a",) * 9}, "checklist has 9 steps, of at most 8"),
        ({"checklist": ("a", " ")}, "each step of checklist has 1 to 150"),
        ({"checklist": ("a" * 151,)}, "each step of checklist has 1 to 150"),
        ({"task": ""}, "task has 1 to 150"),
        ({"task_due_days": -1}, "task_due_days must be 0 to 365"),
        ({"task_due_days": 366}, "task_due_days must be 0 to 365"),
        ({"call_minutes": 20}, "call_minutes must be one of: 15, 30"),
        ({"draft": "Hi\n{acount}"}, r"draft: there is no field \{acount\}; known are: \{account\}"),
        ({"draft": "Hi\n{}"}, r"draft: there is no field \{\}"),
        ({"draft": "Hi\n{account.__class__}"}, r"no field \{account.__class__\}"),
        ({"draft": "Hi\n{account[0]}"}, r"no field \{account\[0\]\}"),
        ({"draft": "Hi\n{account!r}"}, r"write \{account\} without anything behind"),
        ({"draft": "Hi\n{account:>99999}"}, r"write \{account\} without anything behind"),
        ({"draft": "Hi\n{account"}, "a brace too many or too few"),
        ({"draft": "Hi\n}"}, "a brace too many or too few"),
        ({"draft": "Only a subject"}, "a subject in its first line and the text below"),
        ({"draft": "\nOnly a text"}, "a subject in its first line and the text below"),
    ],
)
def test_what_a_playbook_may_not_say_is_refused_by_name(change, told):
    with pytest.raises(ValueError, match=told):
        replace(PLAIN, **change)


@pytest.mark.parametrize("minutes", CALL_MINUTES)
def test_a_call_may_be_of_any_length_the_modal_offers(minutes):
    assert replace(PLAIN, call_minutes=minutes).call_minutes == minutes


def test_a_draft_is_filled_with_the_facts():
    template = "{account}: {renewal}\n\nHi,\n{minutes} minutes?\n{me}"
    assert fill_draft(template, FACTS) == Draft("Acme: 12 Apr", "Hi,\n30 minutes?\nDana")


def test_what_is_not_known_is_a_gap_to_fill_by_hand():
    assert fill_draft("{account}\n{plan}, {csm}", {"plan": ""}) == Draft(
        "[account]", "[plan], [CSM]"
    )


@given(st.text(max_size=40))
def test_a_fact_is_taken_as_it_is_and_never_as_a_template(name):
    filled = fill_draft("For {account}\n>{account}<{{ok}}", {"account": name})
    assert filled.text == f">{name or '[account]'}<{{ok}}".strip()
    assert "\n" not in filled.subject


@given(st.text(alphabet="{}acount.!:[0] \n", max_size=30))
def test_a_template_that_passes_the_check_can_always_be_filled(template):
    try:
        check_draft(template)
    except ValueError:
        return
    fill_draft(template, FACTS)
