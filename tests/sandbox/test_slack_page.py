"""The page in a browser, with a small app answering behind it."""

import os
import shutil
from pathlib import Path

import pytest

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = os.environ.get("BELLWETHER_CHROMIUM") or shutil.which("chromium")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NASTY = "<img src=x onerror=alert(1)> &amp; *Acme*"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        CHROMIUM is None, reason="no Chromium: put one on PATH or name it in BELLWETHER_CHROMIUM"
    ),
]


def plain(text):
    return {"type": "plain_text", "text": text}


def account_card(name):
    def button(action_id, text, **more):
        return {
            "type": "button",
            "action_id": action_id,
            "text": plain(text),
            "value": "42",
            **more,
        }

    people = {"type": "users_select", "action_id": "assign", "placeholder": plain("Assign…")}
    menu = {
        "type": "overflow",
        "action_id": "more",
        "options": [{"text": plain("Snooze 7 days"), "value": "snooze"}, {"text": plain("Mark as noise"), "value": "noise"}],
    }  # fmt: skip
    fields = ["*Product usage*\n10 of 30 · active 3 of the last 7 days, was 6", "*Support*\n15 of 20 · 1 open ticket",
              "*Payment*\n3 of 10 · invoice 9 days overdue", "*MRR*\n$4,200 · renews <!date^1790000000^{date_short}|soon>"]  # fmt: skip
    return [
        {"type": "header", "text": plain(f"{name}: 58, At-risk")},
        {"type": "section", "text": {"type": "mrkdwn", "text": "Down *16 points* in 7 days :small_red_triangle_down: Owner <@U0CSM1> in <#C0TEAM>"},
         "accessory": button("view", "View account")},
        {"type": "section", "fields": [{"type": "mrkdwn", "text": field} for field in fields]},
        {"type": "data_visualization", "title": "Health, last 6 weeks", "chart": {
            "type": "line",
            "series": [{"name": name, "data": [{"label": f"Wk {n}", "value": v} for n, v in enumerate((82, 80, 76, 74, 66, 58))]}],
            "axis_config": {"categories": [f"Wk {n}" for n in range(6)]},
        }},
        {"type": "divider"},
        {"type": "actions", "elements": [
            button("log", "Log outreach", style="primary"), button("ack", "Acknowledge"),
            button("drop", "Drop", style="danger", confirm={"title": plain("Sure?"), "text": plain("It will be gone."), "confirm": plain("Drop it"), "deny": plain("Keep")}),
            people, menu]},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "Rubric v1 · covers 100% · `mixpanel` 5 minutes ago"}]},
    ]  # fmt: skip


def note_modal(**more):
    option = [
        {"text": plain(name), "value": name.lower()} for name in ("Call", "E-mail", "Meeting")
    ]

    def field(block_id, label, element, **facts):
        element = {"action_id": block_id, **element}
        return {
            "type": "input",
            "block_id": block_id,
            "label": plain(label),
            "element": element,
            **facts,
        }

    return {
        "type": "modal", "callback_id": "note", "title": plain("Log outreach"), "submit": plain("Save"), "close": plain("Cancel"),
        "blocks": [
            {"type": "section", "text": {"type": "mrkdwn", "text": "*Acme* · 58, At-risk"}},
            field("kind", "What was it?", {"type": "static_select", "options": option, "initial_option": option[0]}),
            field("who", "With whom?", {"type": "users_select"}, optional=True),
            field("on", "When?", {"type": "datepicker", "initial_date": "2026-08-24"}),
            field("text", "Note", {"type": "plain_text_input", "multiline": True}, hint=plain("Everybody on the team can read it.")),
            field("went", "How did it go?", {"type": "radio_buttons", "options": option[:2]}, optional=True),
            field("also", "Also", {"type": "checkboxes", "options": [{"text": plain("Close the alert"), "value": "close"}]}, optional=True),
        ],
        **more,
    }  # fmt: skip


@pytest.fixture
def answering(app, connect):
    """A bot with a card, a modal and a Home."""
    done = []

    @app.command("/health")
    def health(ack, respond, command):
        ack()
        respond(text=command["text"], blocks=account_card("Acme"))

    @app.action("log")
    def log(ack, body, client):
        ack()
        client.views_open(trigger_id=body["trigger_id"], view=note_modal())

    @app.view("note")
    def note(ack, view, client):
        ack()
        value = {key: next(iter(each.values())) for key, each in view["state"]["values"].items()}
        done.append(
            (
                value["kind"]["selected_option"]["value"],
                value["text"]["value"],
                value["on"]["selected_date"],
            )
        )
        said = client.chat_postMessage(channel="C0TEAM", text=f"Noted: {value['text']['value']}")
        client.chat_postMessage(channel="C0TEAM", text="In the thread.", thread_ts=said["ts"])

    @app.action("ack")
    def acknowledge(ack, respond):
        ack()
        respond(text="Acknowledged by <@U0CSM1> :white_check_mark:", replace_original=True)

    @app.action("drop")
    def drop(ack, respond):
        ack()
        respond(delete_original=True)

    @app.event("app_home_opened")
    def home(event, client):
        client.views_publish(
            user_id=event["user"],
            view={
                "type": "home",
                "blocks": [
                    {"type": "header", "text": plain("Your book of business")},
                    *account_card("Acme")[1:3],
                ],
            },
        )

    connect()
    return done


@pytest.fixture
def browser():
    with playwright.sync_playwright() as engine:
        yield engine.chromium.launch(executable_path=CHROMIUM, args=QUIET)


@pytest.fixture
def page(browser, sandbox):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    problems = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("dialog", lambda dialog: problems.append(dialog.message))
    page.goto(sandbox.url)
    yield page
    page.close()
    assert problems == []


def say(page, text):
    page.fill("#composer", text)
    page.press("#composer", "Enter")


def test_a_csm_asks_presses_and_fills_in_a_form(page, answering, sandbox):
    expect = playwright.expect
    say(page, "/health acme")
    expect(page.get_by_text("Acme: 58, At-risk")).to_be_visible()
    expect(page.get_by_text("Only visible to you")).to_be_visible()
    shoot(page, "channel")
    page.click("[data-action-id=log]")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.click("#modal-submit")
    expect(page.get_by_text("Please complete this required field.")).to_be_visible()
    page.select_option("#modal [data-action-id=kind]", "meeting")
    page.fill("#modal [data-action-id=text]", "They will stay.")
    shoot(page, "modal")
    page.click("#modal-submit")
    expect(page.locator("#modal")).to_be_hidden()
    expect(page.get_by_text("Noted: They will stay.")).to_be_visible()
    assert answering == [("meeting", "They will stay.", "2026-08-24")]
    page.get_by_text("1 reply").click()
    expect(page.locator("#thread").get_by_text("In the thread.")).to_be_visible()
    page.fill("#thread-composer", "Thanks!")
    page.press("#thread-composer", "Enter")
    expect(page.locator("#thread").get_by_text("Thanks!")).to_be_visible()
    shoot(page, "thread")
    page.keyboard.press("Escape")
    expect(page.locator("#thread")).to_be_hidden()


def test_a_risky_press_is_asked_about_first(page, answering):
    say(page, "/health acme")
    page.click("[data-action-id=drop]")
    page.get_by_role("button", name="Keep").click()
    playwright.expect(page.get_by_text("Acme: 58, At-risk")).to_be_visible()
    page.click("[data-action-id=drop]")
    page.get_by_role("button", name="Drop it").click()
    playwright.expect(page.get_by_text("Acme: 58, At-risk")).to_be_hidden()


def test_a_press_replaces_an_answer_and_escape_closes_a_modal(page, answering):
    say(page, "/health acme")
    page.click("[data-action-id=log]")
    playwright.expect(page.locator("#modal")).to_be_visible()
    page.keyboard.press("Escape")
    playwright.expect(page.locator("#modal")).to_be_hidden()
    page.click("[data-action-id=ack]")
    playwright.expect(page.get_by_text("Acknowledged by @Maya Lindqvist")).to_be_visible()


def test_home_opens(page, answering):
    page.click("[data-channel=home]")
    playwright.expect(page.get_by_text("Your book of business")).to_be_visible()
    shoot(page, "home")


def test_time_is_asked_for_and_shown_until_it_has_come(page, sandbox):
    page.click("#advance-1d")
    playwright.expect(page.locator("#time-moving")).to_contain_text("moving to Aug 25")
    sandbox.post("/sandbox/clock", now="2026-08-25T06:00:00+00:00")
    playwright.expect(page.locator("#time-moving")).to_be_empty()
    playwright.expect(page.locator("#time-now")).to_contain_text("Aug 25")


def test_customer_text_is_never_html(page, sandbox):
    web = sandbox.web()
    web.chat_postMessage(channel="C0TEAM", text=NASTY)
    web.chat_postMessage(
        channel="C0TEAM", text="x", blocks=[{"type": "header", "text": plain(NASTY)}]
    )
    web.chat_postMessage(channel="C0TEAM", text="<javascript:alert(1)|click> me")
    playwright.expect(
        page.get_by_role("heading", name="<img src=x onerror=alert(1)> & *Acme*")
    ).to_be_visible()
    playwright.expect(page.get_by_text("click me")).to_be_visible()
    assert page.locator("#log img, #log a").count() == 0


def test_news_elsewhere_is_counted_and_people_see_their_own(page, sandbox):
    sandbox.web().chat_postMessage(channel="U0CSM1", text="for Maya")
    badge = page.locator("[data-channel=D0CSM1] .badge")
    playwright.expect(badge).to_have_text("1")
    page.click("[data-channel=D0CSM1]")
    playwright.expect(page.get_by_text("for Maya")).to_be_visible()
    playwright.expect(badge).to_be_hidden()
    page.select_option("#person", "U0CSM2")
    playwright.expect(page.get_by_text("for Maya")).to_be_hidden()


def test_without_the_bot_the_page_says_so(page):
    playwright.expect(page.locator("#offline")).to_be_visible()
    say(page, "/health acme")
    playwright.expect(page.get_by_text("/health failed: dispatch_failed")).to_be_visible()


def shoot(page, name):
    """Keep a picture, where somebody asked for pictures."""
    if folder := os.environ.get("BELLWETHER_PICTURES"):
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.screenshot(path=Path(folder) / f"{name}-{scheme}.png")
        page.emulate_media(color_scheme="light")
