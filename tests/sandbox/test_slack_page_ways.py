"""The page on a phone, in the dark and by keyboard alone; its menus, and what it shows while somebody waits."""

import base64
import threading

import pytest
from page_world import (
    MARKS,
    PHONE,
    account_card,
    answering,
    browser,
    expect,
    page,
    plain,
    say,
    shoot,
)

__all__ = ["answering", "browser", "page"]  # fixtures
pytestmark = MARKS
MANIFEST = """
features:
  app_home:
    home_tab_enabled: true
  shortcuts:
    - name: Find an account
      type: global
      callback_id: find
    - name: Log an outreach
      type: message
      callback_id: log_this
  slash_commands:
    - command: /health
  unfurl_domains:
    - crm.example.com
oauth_config:
  scopes:
    bot:
      - chat:write
      - channels:read
      - files:read
      - files:write
      - links:read
      - links:write
settings:
  event_subscriptions:
    bot_events:
      - app_home_opened
      - link_shared
"""
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)


@pytest.fixture
def sandbox(sandbox, tmp_path):
    """One that holds the app to a manifest, and so knows its shortcuts."""
    sandbox.stop()
    (tmp_path / "manifest.yml").write_text(MANIFEST)
    sandbox.options = ("--manifest", str(tmp_path / "manifest.yml"))
    sandbox.start()
    return sandbox


def option(name):
    return {"text": plain(name), "value": name.lower()}


def account_menu(**more):
    return {"type": "external_select", "action_id": "account", "min_query_length": 1, **more}


def form():
    field = {
        "type": "input",
        "block_id": "which",
        "label": plain("Account"),
        "element": account_menu(),
    }
    return {"type": "modal", "callback_id": "find", "title": plain("Find an account"), "submit": plain("Show"), "blocks": [field]}  # fmt: skip


@pytest.fixture
def finding(app, connect):
    """An app with shortcuts, and a form with a menu that it fills."""
    done = []

    @app.shortcut("find")
    def find(ack, body, client):
        client.views_open(trigger_id=body["trigger_id"], view=form())
        ack()

    @app.options("account")
    def accounts(ack, payload):
        names = [
            name for name in ("Acme", "Acorn", "Bolt") if name.lower().startswith(payload["value"])
        ]
        ack(options=[option(name) for name in names])

    @app.view("find")
    def show(ack, view):
        done.append(view["state"]["values"]["which"]["account"]["selected_option"]["value"])
        ack()

    @app.shortcut("log_this")
    def log_this(ack, body):
        done.append(body["message"]["text"])
        ack()

    @app.action("account")
    def choose(ack, action):
        done.append(action["selected_option"]["value"])
        ack()

    connect()
    return done


def background(page):
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


def overflow(page):
    """By how many pixels the page scrolls sideways."""
    return page.evaluate("document.documentElement.scrollWidth - innerWidth")


def focused(page, name="data-action-id"):
    return page.evaluate(
        f"document.activeElement.getAttribute('{name}') ?? document.activeElement.id"
    )


def test_dark_is_as_the_system_says_until_somebody_chooses(page):
    white = "rgb(255, 255, 255)"
    assert background(page) == white
    page.emulate_media(color_scheme="dark")
    assert background(page) != white
    page.get_by_role("button", name="Dark mode").click()
    assert background(page) == white
    page.reload()
    expect(page.get_by_role("heading", name="# customer-success")).to_be_visible()
    assert background(page) == white
    page.click("#theme")
    assert background(page) != white


def test_on_a_phone_the_sidebar_is_a_drawer_and_a_thread_fills_the_screen(page, answering, sandbox):
    page.set_viewport_size(PHONE)
    expect(page.locator("#sidebar")).to_be_hidden()
    page.get_by_role("button", name="Channels and messages").click()
    expect(page.locator("#sidebar")).to_be_visible()
    shoot(page, "phone-drawer")
    page.keyboard.press("Escape")
    expect(page.locator("#sidebar")).to_be_hidden()
    assert focused(page) == "drawer-open"
    page.click("#drawer-open")
    page.click("[data-channel=C0GENERAL]")
    expect(page.locator("#sidebar")).to_be_hidden()
    expect(page.get_by_role("heading", name="# general")).to_be_visible()
    say(page, "/health acme")
    expect(page.get_by_text("Acme: 58, At-risk")).to_be_visible()
    shoot(page, "phone")
    assert overflow(page) == 0
    page.click("[data-action-id=log]")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    shoot(page, "phone-modal")
    assert dialog.bounding_box()["width"] == PHONE["width"]
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    said = sandbox.do("message", user="U0CSM1", channel="C0GENERAL", text="A question")
    sandbox.do(
        "message", user="U0CSM2", channel="C0GENERAL", text="An answer", thread_ts=said["ts"]
    )
    page.get_by_text("1 reply").click()
    assert page.locator("#thread").bounding_box()["width"] == PHONE["width"]
    assert overflow(page) == 0


def test_a_command_and_a_press_need_no_mouse(page, answering):
    page.keyboard.press("Control+k")
    page.keyboard.type("general")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="# general")).to_be_visible()
    page.keyboard.type("/health acme")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Acme: 58, At-risk")).to_be_visible()
    for _ in range(10):
        page.keyboard.press("Shift+Tab")
        if focused(page) == "ack":
            break
    shoot(page, "keyboard")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Acknowledged by @Maya Lindqvist")).to_be_visible()
    # The button is gone with what it stood in; the focus is on what came in its place.
    assert page.evaluate("document.activeElement.matches('[data-ts]')")


def test_a_menu_is_walked_with_arrows_and_gives_the_focus_back(page, sandbox, app, connect):
    chosen = []

    @app.action("more")
    def more(ack, action):
        chosen.append(action["selected_option"]["value"])
        ack()

    connect()
    sandbox.web().chat_postMessage(channel="C0TEAM", text="Acme", blocks=account_card("Acme"))
    menu = page.locator("[data-action-id=more]")
    menu.focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("menuitem", name="Snooze 7 days")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("menu")).to_be_hidden()
    expect(menu).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("menuitem", name="Mark as noise")).to_be_focused()
    page.keyboard.press("Enter")
    expect(menu).to_be_focused()
    expect(menu).not_to_have_attribute("aria-busy", "true")
    assert chosen == ["noise"]


def test_somebody_is_jumped_to_as_a_channel_is(page):
    page.keyboard.press("Control+k")
    shoot(page, "jump")
    page.keyboard.type("helen")
    expect(page.get_by_role("listbox").get_by_role("option")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator("#person")).to_have_value("U0HEAD")


def test_a_message_has_its_shortcuts_in_its_menu(page, sandbox, finding):
    sandbox.web().chat_postMessage(channel="C0TEAM", text="They called.")
    page.get_by_text("They called.").hover()
    page.get_by_role("button", name="More message shortcuts").click()
    shoot(page, "message-menu")
    page.get_by_role("menuitem", name="Log an outreach").click()
    expect(page.get_by_role("menu")).to_be_hidden()
    sandbox.web().chat_postMessage(channel="C0TEAM", text="Afterwards.")
    expect(page.get_by_text("Afterwards.")).to_be_visible()
    assert finding == ["They called."]


def test_a_menu_that_the_app_fills_offers_what_fits_the_letters(page, finding):
    page.get_by_role("button", name="Shortcuts", exact=True).click()
    page.get_by_role("menuitem", name="Find an account").click()
    field = page.get_by_role("combobox", name="Account")
    expect(field).to_be_focused()
    page.keyboard.type("ac")
    expect(page.get_by_role("listbox").get_by_role("option")).to_have_text(["Acme", "Acorn"])
    shoot(page, "typing")
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("listbox").get_by_role("option")).to_have_count(2)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(field).to_have_value("Acorn")
    page.click("#modal-submit")
    expect(page.locator("#modal")).to_be_hidden()
    assert finding == ["acorn"]


def test_such_a_menu_stands_in_home_too(page, sandbox, finding):
    section = {"type": "section", "text": plain("Look one up"), "accessory": account_menu()}
    view = {"type": "home", "blocks": [section]}
    sandbox.web().views_publish(user_id="U0CSM1", view=view)
    page.click("[data-channel=home]")
    page.locator("[data-action-id=account]").click()
    expect(page.get_by_text("Type 1 letters or more")).to_be_visible()
    page.keyboard.type("x")
    expect(page.get_by_text("Nothing found")).to_be_visible()
    page.keyboard.press("Backspace")
    page.keyboard.type("b")
    page.get_by_role("option", name="Bolt").click()
    expect(page.locator("[data-action-id=account]")).to_have_value("Bolt")
    expect(page.locator("[aria-busy]")).to_have_count(0)
    assert finding == ["bolt"]


def test_a_link_is_shown_with_its_preview(page, app, connect):
    url = "https://crm.example.com/42"

    @app.event("link_shared")
    def show(event, client):
        unfurls = {url: {"blocks": account_card("Acme")[:2]}}
        client.chat_unfurl(channel=event["channel"], ts=event["message_ts"], unfurls=unfurls)

    connect()
    say(page, f"Have a look: {url}")
    preview = page.locator(f"[data-url='{url}']")
    expect(preview.get_by_text("Acme: 58, At-risk")).to_be_visible()
    shoot(page, "preview")


def test_whoever_waits_sees_that_it_is_under_way(page, app, connect):
    may_answer, may_ack = threading.Event(), threading.Event()

    @app.command("/health")
    def health(ack, respond):
        ack()
        may_answer.wait(10)
        respond(text="Acme", blocks=account_card("Acme"))

    @app.action("ack")
    def press(ack):
        may_ack.wait(2)
        ack()

    connect()
    say(page, "/health acme")
    thinking = page.get_by_text("Bellwether is thinking …")
    expect(thinking).to_be_visible()
    shoot(page, "thinking")
    may_answer.set()
    expect(page.get_by_text("Acme: 58, At-risk")).to_be_visible()
    expect(thinking).to_be_hidden()
    page.click("[data-action-id=ack]")
    busy = page.locator("[data-action-id=ack][aria-busy]")
    expect(busy).to_be_visible()
    may_ack.set()
    expect(busy).to_have_count(0)


def test_a_command_nobody_takes_is_not_waited_for(page, sandbox):
    say(page, "/health acme")
    expect(page.get_by_text("/health failed: dispatch_failed")).to_be_visible()
    expect(page.get_by_text("Bellwether is thinking …")).to_be_hidden()


def test_a_permalink_leads_to_its_message(page, sandbox):
    web = sandbox.web()
    first = web.chat_postMessage(channel="C0SHARED", text="first")["ts"]
    reply = web.chat_postMessage(channel="C0SHARED", text="reply", thread_ts=first)["ts"]
    page.goto(web.chat_getPermalink(channel="C0SHARED", message_ts=reply)["permalink"])
    expect(page.locator(f"#thread [data-ts='{reply}'].found")).to_be_visible()
    link = web.chat_getPermalink(channel="C0SHARED", message_ts=first)["permalink"]
    web.chat_postMessage(channel="C0TEAM", text=f"<{link}|There>")
    page.click("[data-channel=C0TEAM]")
    page.get_by_role("link", name="There").click()
    expect(page.locator(f"#log [data-ts='{first}'].found")).to_be_visible()


def test_a_file_of_the_apps_shows_in_an_image_block(page, sandbox):
    web = sandbox.web()
    file_id = web.files_upload_v2(content=PIXEL, filename="chart.png", title="Chart")["file"]["id"]
    while not web.files_info(file=file_id)["file"]["mimetype"]:
        pass
    image = {"type": "image", "slack_file": {"id": file_id}, "alt_text": "Health, six weeks"}
    web.chat_postMessage(channel="C0TEAM", text="x", blocks=[image])
    shown = page.get_by_role("img", name="Health, six weeks")
    expect(shown).to_be_visible()
    page.wait_for_function("document.querySelector('#log img').naturalWidth > 0")
