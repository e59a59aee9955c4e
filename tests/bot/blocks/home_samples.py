"""Homes and weeks of four sizes (none, one, many, absurd) for the block tests."""

from dataclasses import replace
from datetime import timedelta

from block_samples import AT, COUNTS, TASK, named, row, source, task_item, tasks_page

from bot.blocks.home import Book, HomeView
from bot.blocks.review import AlertsOfWeek, MovedRows, ReviewView
from scoring.playbooks import PLAYBOOKS, TaskId
from scoring.rubric import Status
from scoring.rules import Rule

WEEK_AGO = {Status.CRITICAL: 2, Status.AT_RISK: 14, Status.HEALTHY: 4_986}
NO_BOOK = Book(counts={}, week_ago=None, critical=(), at_risk=(), ready=(), ready_total=0)
NO_MOVES = MovedRows(down=(), up=(), downs=0, ups=0, of=0)
NO_ALERTS = AlertsOfWeek(opened={}, recovered=0, acknowledged=0, good=0, judged=0)


def critical(number=1, name="Acme Corp", **changes):
    step = PLAYBOOKS[Rule.CRITICAL].next_step
    return replace(row(number, name), **{"next_step": step, **changes})


def at_risk(number=1, name="Globex", **changes):
    told = {
        "value": 55.0,
        "status": Status.AT_RISK,
        "change_7d": -4.0,
        "reason": "Down mostly on usage: active 1 of the last 7 days, was 5",
        "next_step": PLAYBOOKS[Rule.AT_RISK].next_step,
        "watch": None,
    }
    return critical(number, name, **{**told, **changes})


def ready(number=1, name="Initech", **changes):
    told = {
        "value": 91.0,
        "status": Status.HEALTHY,
        "change_7d": 3.0,
        "reason": "Growing: 17 people active in 28 days, 7 in the 28 before",
        "next_step": PLAYBOOKS[Rule.GROWING].next_step,
        "plan": "Pro → Enterprise",
        "days_in_status": None,
        "watch": None,
    }
    return critical(number, name, **{**told, **changes})


def book(rows=1, *, name="Acme Corp", ready_total=None, **changes):
    told = {
        "counts": COUNTS,
        "week_ago": WEEK_AGO,
        "critical": [critical(n, name) for n in range(1, min(rows, 8) + 1)],
        "at_risk": [at_risk(n, name) for n in range(1, min(rows, 6) + 1)],
        "ready": [ready(n, name) for n in range(1, min(rows, 6) + 1)],
        "ready_total": rows if ready_total is None else ready_total,
    }
    return Book(**{**told, **changes})


def home(*items, book=NO_BOOK, scope="mine", total=None, sources=(), **changes):
    page = tasks_page(*items, total=total)
    return HomeView(scope=scope, book=book, tasks=page, sources=sources, at=AT, **changes)


def task(number=1, name="Acme Corp", **changes):
    return task_item(number, account=named(name), title=f"Call {number}", **changes)


ILL = source("Mixpanel", failing_since=AT - timedelta(hours=9), problem="401: <bad> key")
LATE = source("HubSpot", is_stale=True)
NEW = source("Intercom", is_stale=True, last_ok_at=None)


def review(rows=1, *, name="Acme Corp", **changes):
    told = {
        "counts": COUNTS,
        "week_ago": WEEK_AGO,
        "moved": MovedRows(
            down=[critical(n, name, value=40.0 - n) for n in range(1, min(rows, 5) + 1)],
            up=[ready(n, name) for n in range(1, min(rows, 5) + 1)],
            downs=rows,
            ups=rows,
            of=5_000,
        ),
        "critical": book(rows, name=name).critical,
        "at_risk": book(rows, name=name).at_risk,
        "ready": book(rows, name=name).ready,
        "ready_total": rows,
        "alerts": AlertsOfWeek(
            opened={Rule.AT_RISK: 4, Rule.CRITICAL: 2, Rule.GROWING: 1},
            recovered=3,
            acknowledged=5,
            good=21,
            judged=28,
        ),
        "tasks": [
            (replace(TASK, id=TaskId(n), due_on=AT.date()), named(name))
            for n in range(1, min(rows, 10) + 1)
        ],
        "due": rows,
        "is_mine": False,
        "at": AT,
    }
    return ReviewView(**{**told, **changes})


NO_WEEK = review(
    0,
    counts={},
    week_ago=None,
    moved=NO_MOVES,
    alerts=NO_ALERTS,
)
