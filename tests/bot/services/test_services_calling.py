"""Calling and writing: one call however often the modal is sent, in a calendar that finds it again, and drafts with facts."""

import http.client
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr
from service_world import DANA, ERIN, NOON, TEAM, text_of

from bot.blocks import actions
from bot.blocks.call import Call, CallAudience
from bot.connecting import WebConfig
from bot.services import calling
from bot.services.acting import Press
from bot.services.errors import UserError
from bot.web import Web, routes
from scoring.alerts import AlertId
from scoring.hours import WorkingHours
from scoring.playbooks import PLAYBOOKS
from scoring.rules import Rule
from storage import alerts


@pytest.fixture
def database_url(sqlite_url):
    """What differs between the two is told in tests/storage."""
    return sqlite_url


PUBLIC = "https://bellwether.example.com"
TOMORROW = NOON + timedelta(days=1)


@pytest.fixture
def critical(world):
    """A world in which Acme has just become critical, and a web server can be reached."""
    world.reconfigure(web=WebConfig(public_url=PUBLIC))
    world.begin(acme="neutral")
    world.look(acme="escalated")
    world.said()
    return world


@pytest.fixture
def healthy(world):
    """A world in which Acme has just risen over 80."""
    world.begin(acme="neutral")
    world.look(acme="positive")
    world.look()
    world.said()
    return world


def alert_id(world, rule="critical"):
    return world.alerts("acme")[rule].id


def call(start=TOMORROW, minutes=30, audience=CallAudience.US):
    return Call(start=start, minutes=minutes, audience=audience)


def plan(world, planned=None, *, key="V1", rule="critical", member=DANA):
    press = Press(alert_id=alert_id(world, rule), member=member.id, key=key, at=world.clock.at)
    calling.schedule_call(world.deps, press, planned or call())


def ledger(world, rule="critical"):
    with world.deps.db.read() as session:
        return alerts.actions(session, alert_id(world, rule))


def fields(view):
    found = [block for block in view["blocks"] if block["type"] == "input"]
    return {block["block_id"]: block["element"] for block in found}


def file_path(row):
    """The path of the calendar file in a message."""
    return text_of(row).partition(f"<{PUBLIC}")[2].partition("|")[0]


def file_of(world, row):
    return calling.calendar_file(world.deps, file_path(row).split("/")[-1].removesuffix(".ics"))


def lines_of(file):
    return dict(line.split(":", 1) for line in file.replace("\r\n ", "").split("\r\n") if line)


# The modal.


@pytest.mark.parametrize(
    ("zone", "now", "hours", "starts"),
    [
        ("Europe/Berlin", NOON, {}, "2026-11-17T10:00+01:00"),
        ("America/New_York", NOON, {}, "2026-11-17T10:00-05:00"),
        ("Asia/Tokyo", datetime(2026, 11, 16, 16, tzinfo=UTC), {}, "2026-11-18T10:00+09:00"),
        ("UTC", datetime(2026, 11, 20, 12, tzinfo=UTC), {}, "2026-11-23T10:00+00:00"),
        ("nowhere", NOON, {}, "2026-11-17T10:00+00:00"),
        ("UTC", NOON, {"start": time(13)}, "2026-11-17T13:00+00:00"),
        ("UTC", NOON, {"days": ("sun",)}, "2026-11-22T10:00+00:00"),
        # The night before summer time begins in Berlin.
        ("Europe/Berlin", datetime(2026, 3, 27, 12, tzinfo=UTC), {}, "2026-03-30T10:00+02:00"),
    ],
)
def test_it_proposes_ten_on_the_members_next_working_day(critical, zone, now, hours, starts):
    policy = replace(critical.deps.config.alerts, hours=WorkingHours(**hours))
    critical.reconfigure(alerts=policy)
    view = calling.call_view(critical.deps, alert_id(critical), replace(DANA, tz=zone), now)
    proposed = fields(view)[actions.CALL_START]["initial_date_time"]
    assert datetime.fromtimestamp(proposed, UTC) == datetime.fromisoformat(starts)


def test_it_proposes_the_playbooks_length_and_shows_its_checklist(critical):
    view = calling.call_view(critical.deps, alert_id(critical), DANA, critical.clock.at)
    assert fields(view)[actions.CALL_MINUTES]["initial_option"]["value"] == "30"
    assert PLAYBOOKS[Rule.CRITICAL].checklist[0] in str(view["blocks"])


@pytest.mark.parametrize("open_view", [calling.call_view, calling.draft_view])
def test_an_alert_nobody_keeps_is_told_to_the_one_who_asks(critical, open_view):
    with pytest.raises(UserError, match="no longer kept"):
        open_view(critical.deps, AlertId(999), DANA, critical.clock.at)


# What planning one does.


def test_a_call_is_kept_with_the_score_then_and_shown_and_sent_to_who_planned_it(critical):
    plan(critical, member=ERIN)
    (kept,) = ledger(critical)
    assert (kept.kind, kept.member) == ("call", ERIN.id)
    assert kept.detail == {
        "start": TOMORROW.isoformat(),
        "minutes": 30,
        "audience": "us",
        "value": 30.0,
    }
    said = critical.said()
    assert [(kind, target) for kind, target, _ in said] == [
        ("update", TEAM),
        ("update", DANA.id),
        ("post", ERIN.id),
    ]
    assert "📅 Call 17 Nov 2026, 12:00 UTC, planned by @U0ERIN" in said[0][2]
    assert "Call with Acme" in said[2][2]


def test_a_modal_that_is_sent_three_times_plans_one_call(critical):
    for _ in range(3):
        plan(critical)
    assert len(ledger(critical)) == 1
    assert len(critical.said()) == 3


@pytest.mark.parametrize(
    ("start", "told"),
    [
        (timedelta(0), "has passed"),
        (timedelta(seconds=-1), "has passed"),
        (timedelta(days=366), "more than a year ahead"),
    ],
)
def test_a_time_that_cannot_be_meant_is_refused(critical, start, told):
    with pytest.raises(UserError, match=told):
        plan(critical, call(critical.clock.at + start))
    assert ledger(critical) == []
    assert critical.said() == []


def test_what_is_not_filled_in_is_asked_for(critical):
    press = Press(alert_id=alert_id(critical), member=DANA.id, key="V1", at=NOON)
    with pytest.raises(UserError, match="Say when"):
        calling.schedule_call(critical.deps, press, None)


def test_a_review_call_in_the_calendar_is_the_review_that_was_to_be_scheduled(healthy):
    assert [each.title for each in healthy.tasks()] == ["Schedule a review call"]
    plan(healthy, rule="expansion")
    assert healthy.tasks() == []


def test_a_call_that_is_only_planned_is_no_outreach_yet(critical):
    plan(critical)
    assert [each.title for each in critical.tasks()] == ["Urgent outreach"]
    assert critical.alerts("acme")["critical"].outreach_by is None


def test_a_call_can_be_planned_after_the_alert_is_over(critical):
    over = alert_id(critical)
    critical.look(acme="neutral")
    critical.look()
    press = Press(alert_id=over, member=DANA.id, key="V1", at=critical.clock.at)
    calling.schedule_call(critical.deps, press, call())
    with critical.deps.db.read() as session:
        assert [each.kind for each in alerts.actions(session, over)] == ["call"]


# The calendar file.


def test_the_file_has_the_call_and_its_address_says_nothing_of_the_account(critical):
    plan(critical)
    row = critical.outbox()[-1]
    assert "acme" not in file_path(row).lower()
    event = lines_of(file_of(critical, row))
    assert event["UID"] == f"alert-{alert_id(critical)}-0@bellwether.example.com"
    assert (event["DTSTART"], event["DTEND"]) == ("20261117T120000Z", "20261117T123000Z")
    assert event["SUMMARY"] == "Acme: review call"
    assert "score 30" in event["DESCRIPTION"]


def test_what_a_customer_is_invited_with_tells_no_score_and_no_money(critical):
    plan(critical, call(audience=CallAudience.CUSTOMER))
    row = critical.outbox()[-1]
    said = (file_of(critical, row) + text_of(row)).lower()
    assert not any(word in said for word in ("score", "mrr", "critical", "$100"))


def test_a_call_planned_anew_moves_the_one_that_is_still_to_come(critical):
    plan(critical)
    critical.clock.wait(60)
    plan(critical, call(TOMORROW + timedelta(hours=2)), key="V2")
    first, second = (
        lines_of(file_of(critical, row)) for row in critical.outbox() if row.key.startswith("call:")
    )
    assert first["UID"] == second["UID"]
    assert (first["SEQUENCE"], second["SEQUENCE"]) == ("0", "1")
    assert (first["DTSTART"], second["DTSTART"]) == ("20261117T120000Z", "20261117T140000Z")


def test_a_call_planned_after_one_was_held_is_another_one(critical):
    plan(critical)
    critical.clock.at = TOMORROW + timedelta(hours=1)
    plan(critical, call(TOMORROW + timedelta(days=7)), key="V2")
    first, second = (
        lines_of(file_of(critical, row)) for row in critical.outbox() if row.key.startswith("call:")
    )
    assert first["UID"] != second["UID"]
    assert second["SEQUENCE"] == "0"


def test_without_a_web_server_the_file_stands_in_the_message(critical):
    critical.reconfigure(web=None)
    plan(critical)
    assert "BEGIN:VCALENDAR" in text_of(critical.outbox()[-1])
    assert "(.ics)" not in text_of(critical.outbox()[-1])


def test_two_installations_never_share_an_event(critical):
    critical.reconfigure(web=None)
    plan(critical)
    mine = text_of(critical.outbox()[-1]).partition("UID:")[2].partition("\\n")[0]
    assert mine.endswith(".bellwether")
    other = {"hash_key": SecretStr("another")}
    general = critical.deps.config.general.model_copy(update=other)
    critical.reconfigure(general=general)
    critical.clock.wait(60)
    plan(critical, key="V2")
    assert mine not in text_of(critical.outbox()[-1])


@pytest.fixture
def web(critical):
    running = Web(routes(critical.deps), listen="127.0.0.1:0")
    running.start()
    yield running
    running.stop()


def fetch(web, path, method="GET"):
    line = http.client.HTTPConnection(urlsplit(web.url).netloc, timeout=20)
    try:
        line.request(method, path)
        answer = line.getresponse()
        return answer.status, answer.read().decode(), answer.headers
    finally:
        line.close()


def test_the_file_is_fetched_over_http(critical, web):
    plan(critical)
    status, file, headers = fetch(web, file_path(critical.outbox()[-1]))
    assert status == 200
    assert headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert headers["Content-Disposition"] == 'attachment; filename="call.ics"'
    assert "no-store" in headers["Cache-Control"]
    assert file == file_of(critical, critical.outbox()[-1])


def test_whoever_guesses_an_address_finds_nothing(critical, web):
    plan(critical)
    path = file_path(critical.outbox()[-1])
    token = path.split("/")[-1].removesuffix(".ics")
    alert, number, signed = token.split("-")
    other = "0" if signed[0] != "0" else "1"
    guesses = [
        f"/calendar/{alert}-{number}-{other}{signed[1:]}.ics",
        f"/calendar/{int(alert) + 1}-{number}-{signed}.ics",
        f"/calendar/{alert}-{int(number) + 1}-{signed}.ics",
        f"/calendar/{alert}-0{number}-{signed}.ics",
        f"/calendar/{alert}-{number}-{signed[:-1]}.ics",
        f"/calendar/{alert}-{number}-.ics",
        f"/calendar/{token}",
        f"/calendar/{token}.txt",
        f"/calendar/x/{token}.ics",
        "/calendar/.ics",
        "/calendar/",
        "/calendar",
        "/calendar/%C3%A9-1-%00.ics",
        f"/calendar/{'9' * 5000}-0-{signed}.ics",
    ]
    assert [fetch(web, guess)[0] for guess in guesses] == [404] * len(guesses)
    assert fetch(web, path)[0] == 200
    assert fetch(web, path, "POST")[0] == 405


def test_the_file_of_an_erased_account_is_gone(critical, web):
    plan(critical)
    path = file_path(critical.outbox()[-1])
    with critical.deps.db.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM alert_action")
    assert fetch(web, path)[0] == 404


# Drafts.


def draft(world, template=None, *, rule="critical", member=DANA):
    if template is not None:
        books = dict(world.deps.config.playbooks)
        books[Rule(rule)] = replace(books[Rule(rule)], draft=template)
        world.reconfigure(playbooks=books)
    view = calling.draft_view(world.deps, alert_id(world, rule), member, world.clock.at)
    shown = fields(view)
    return (
        shown[actions.DRAFT_SUBJECT].get("initial_value", ""),
        shown[actions.DRAFT_TEXT].get("initial_value", ""),
    )


def test_a_draft_is_the_playbooks_with_the_accounts_facts(critical):
    subject, text = draft(critical)
    assert subject == "Acme: can we talk today?"
    assert "for 30 minutes?" in text
    assert text.endswith("Best,\nDana")


def test_a_draft_tells_score_and_money_only_where_its_template_asks(critical):
    assert not any(each in "".join(draft(critical)) for each in ("30.", "$", "Critical"))
    asked = "{account} {score}\n{mrr}; {plan}; {csm}; {me}; {reason}; {next_step}; {renewal}"
    subject, text = draft(critical, asked, member=ERIN)
    assert subject == "Acme 30"
    mrr, plan_, csm, me, reason, step, renewal = text.split("; ")
    assert (mrr, plan_, csm, me) == ("$100", "Growth", "Dana", "Erin")
    assert reason.startswith("Held back most by support: 1 open")
    assert step == PLAYBOOKS[Rule.CRITICAL].next_step
    assert renewal == "[renewal date]"


def test_without_a_draft_the_fields_are_empty(critical):
    assert draft(critical, "") == ("", "")


def test_opening_a_draft_is_kept_once_a_day(critical):
    for _ in range(3):
        draft(critical)
    draft(critical, member=ERIN)
    assert [(each.kind, each.member, each.detail) for each in ledger(critical)] == [
        ("draft", DANA.id, {"value": 30.0}),
        ("draft", ERIN.id, {"value": 30.0}),
    ]
    assert critical.said() == []
    critical.clock.wait(24 * 3600)
    draft(critical)
    assert len(ledger(critical)) == 3
