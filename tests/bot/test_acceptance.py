"""The bot as a process of its own, against the sandbox's Slack and vendors, by a script of what happens when.

Time is the story's: `go` asks it ahead, and whatever is due in between is lived through.
"""

import sqlite3
from collections import Counter
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from demos import Demo
from worlds import ADMIN, key_of, words_of

from bot.blocks import actions
from scoring.hours import WorkingHours
from scoring.rules import Rule
from scoring.sights import FACTS

pytestmark = pytest.mark.slow

DAY = 86_400


@pytest.fixture
def started(tmp_path):
    """Demos by name, two days after the bot was installed."""
    running = {}

    def start(name, *, accounts=25):
        running[name] = Demo(tmp_path / name, accounts=accounts, days=2)
        return running[name]

    yield start
    for demo in running.values():
        if demo.process.poll() is None:
            demo.end()


def alerts_of(demo, *, since=None):
    """What people were told of, as (account, rule), with the rule's name as a rule."""
    with sqlite3.connect(demo.home / "demo" / "bellwether.db") as database:
        rows = database.execute(
            "SELECT account.name, alert.rule, alert.opened_at FROM alert JOIN account ON account.id = alert.account_id "
            "WHERE alert.announced"
        ).fetchall()
    return {
        (name, Rule(rule))
        for name, rule, at in rows
        if since is None or datetime.fromisoformat(at).replace(tzinfo=UTC) >= since
    }


def of_score_or_usage(told):
    return {(name, rule) for name, rule in told if rule not in FACTS}


def from_operators(demo, start):
    return [each["text"] for each in demo.page.messages(ADMIN) if each["text"].startswith(start)]


def test_three_days_without_mixpanel_alert_nobody_about_a_customer_and_lose_nothing(started):
    calm, broken = started("calm"), started("broken")
    since = broken.page.now()
    broken.page.break_vendor("mixpanel", "down", seconds=3 * DAY)
    for demo in (calm, broken):
        demo.go(days=3)
    assert of_score_or_usage(alerts_of(calm, since=since))  # there was something to tell
    assert of_score_or_usage(alerts_of(broken, since=since)) == set()
    assert len(from_operators(broken, "Mixpanel cannot be read")) == 1
    for demo in (calm, broken):
        demo.go(days=1)
    assert len(from_operators(broken, "Mixpanel answers again")) == 1
    low = {Rule.AT_RISK, Rule.CRITICAL}
    told = {name for name, rule in alerts_of(broken) if rule in low}
    assert told >= {name for name, rule in alerts_of(calm) if rule in low}


def test_a_broken_tracking_release_is_one_message_and_dropping_it_alerts_nobody(started):
    demo = started("lossy")
    demo.page.break_vendor("mixpanel", "lossy", seconds=30 * DAY)
    before = alerts_of(demo)
    demo.go(days=2)
    (held,) = [each for each in demo.page.messages(ADMIN) if "less than usual" in each["text"]]
    opened = datetime.fromtimestamp(float(held["ts"]), UTC)
    demo.go(days=2)
    assert (
        len(
            [
                each
                for each in demo.page.messages(ADMIN)
                if each["text"].startswith("Alerts are held")
            ]
        )
        == 1
    )
    assert of_score_or_usage(alerts_of(demo, since=opened)) == set()
    assert alerts_of(demo) >= before
    assert demo.page.click(held, actions.HOLD_DROP, user="U0OPS") == {"ok": True}
    demo.go(days=1)
    (shown,) = [each for each in demo.page.messages(ADMIN) if each["ts"] == held["ts"]]
    assert "Dropped by <@U0OPS>" in words_of(shown)
    assert of_score_or_usage(alerts_of(demo, since=opened)) == set()


def test_three_weeks_keep_every_promise_of_who_is_told_what_and_when(started):
    """Acme turns critical; somebody takes it; Slack is away for a working day, and comes back."""
    demo = started("weeks", accounts=12)
    demo.go(days=16)
    urgent = next(each for each in everything(demo) if "critical" in rules_of(demo, each))
    assert demo.page.click(urgent, actions.ALERT_ACKNOWLEDGE, user="U0CSM1") == {"ok": True}
    acknowledged_at = demo.page.now()
    demo.page.break_("http_500", method="chat.postMessage", times=100_000)
    demo.go(hours=20)
    silent = everything(demo)
    assert [each for each in silent if at(each) > acknowledged_at] == []
    demo.page.post("/sandbox/faults", clear=True)
    demo.go(days=1)
    said = everything(demo)
    each_key_was_posted_once(said)
    nothing_that_can_wait_was_posted_at_night(demo, said)
    every_recovery_answers_an_alert(said)
    reminders = [each for each in said if "is Critical for day" in each["text"]]
    assert [each for each in reminders if at(each) > acknowledged_at] == []
    assert nothing_is_left(demo)


def everything(demo):
    return sorted(demo.page.get("/sandbox/transcript")["messages"], key=lambda each: each["ts"])


def at(message):
    return datetime.fromtimestamp(float(message["ts"]), UTC)


def rules_of(demo, message):
    """The rules of the alerts that a message told."""
    if "metadata" not in message:
        return set()
    with sqlite3.connect(demo.home / "demo" / "bellwether.db") as database:
        rows = database.execute(
            "SELECT alert.rule FROM alert JOIN notice ON notice.alert_id = alert.id WHERE notice.message_key = ?",
            [key_of(message)],
        ).fetchall()
    return {rule for (rule,) in rows}


def each_key_was_posted_once(said):
    counted = Counter(key_of(each) for each in said if "metadata" in each)
    assert counted
    assert {key: times for key, times in counted.items() if times > 1} == {}


def nothing_that_can_wait_was_posted_at_night(demo, said):
    """A direct message by its reader's clock, the channel by the team's."""
    zones = {each["id"]: each["tz"] for each in demo.page.web().users_list()["members"]}
    hours, waited = WorkingHours(), 0
    for each in said:
        rules = {Rule(rule) for rule in rules_of(demo, each)}
        if not rules or any(rule.is_urgent for rule in rules):
            continue
        member = each["channel"].replace("D", "U", 1)
        zone = ZoneInfo(zones.get(member, "Europe/Berlin"))
        waited += 1
        assert hours.opens_at(at(each), zone) == at(each), (each["text"], at(each).astimezone(zone))
    assert waited


def every_recovery_answers_an_alert(said):
    roots = {each["ts"] for each in said if not each.get("thread_ts")}
    replies = [each for each in said if each.get("thread_ts")]
    assert replies
    assert {each["thread_ts"] for each in replies} <= roots


def nothing_is_left(demo):
    with sqlite3.connect(demo.home / "demo" / "bellwether.db") as database:
        rows = database.execute(
            "SELECT key, state, error FROM outbox WHERE state IN ('pending', 'sending', 'dead') AND not_before IS NULL"
        ).fetchall()
    return rows == []
