"""A browser before the sandbox's page, and a small app with something of everything behind it."""

import os
import shutil
from pathlib import Path

import pytest

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect
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
MARKS = [
    pytest.mark.slow,
    pytest.mark.skipif(
        CHROMIUM is None, reason="no Chromium: put one on PATH or name it in BELLWETHER_CHROMIUM"
    ),
]
PHONE = {"width": 390, "height": 800}


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


@pytest.fixture(scope="module")
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
    page.locator("[data-channel]").first.wait_for()
    yield page
    page.close()
    assert problems == []


def say(page, text):
    page.fill("#composer", text)
    page.press("#composer", "Enter")


def shoot(page, name):
    """Keep a picture, where somebody asked for pictures."""
    if folder := os.environ.get("BELLWETHER_PICTURES"):
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.screenshot(path=Path(folder) / f"{name}-{scheme}.png")
        page.emulate_media(color_scheme="light")
