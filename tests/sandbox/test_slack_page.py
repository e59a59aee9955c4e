"""The page in a browser, with a small app answering behind it."""

from page_world import MARKS, answering, browser, expect, page, plain, say, shoot

__all__ = ["answering", "browser", "page"]  # fixtures
NASTY = "<img src=x onerror=alert(1)> &amp; *Acme*"
pytestmark = MARKS


def test_a_csm_asks_presses_and_fills_in_a_form(page, answering, sandbox):
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
    expect(page.get_by_text("Acme: 58, At-risk")).to_be_visible()
    page.click("[data-action-id=drop]")
    page.get_by_role("button", name="Drop it").click()
    expect(page.get_by_text("Acme: 58, At-risk")).to_be_hidden()


def test_a_press_replaces_an_answer_and_escape_closes_a_modal(page, answering):
    say(page, "/health acme")
    page.click("[data-action-id=log]")
    expect(page.locator("#modal")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#modal")).to_be_hidden()
    page.click("[data-action-id=ack]")
    expect(page.get_by_text("Acknowledged by @Maya Lindqvist")).to_be_visible()


def test_home_opens(page, answering):
    page.click("[data-channel=home]")
    expect(page.get_by_text("Your book of business")).to_be_visible()
    shoot(page, "home")


def test_time_is_asked_for_and_shown_until_it_has_come(page, sandbox):
    page.click("#advance-1d")
    expect(page.locator("#time-moving")).to_contain_text("moving to Aug 25")
    sandbox.post("/sandbox/clock", now="2026-08-25T06:00:00+00:00")
    expect(page.locator("#time-moving")).to_be_empty()
    expect(page.locator("#time-now")).to_contain_text("Aug 25")


def test_customer_text_is_never_html(page, sandbox):
    web = sandbox.web()
    web.chat_postMessage(channel="C0TEAM", text=NASTY)
    web.chat_postMessage(
        channel="C0TEAM", text="x", blocks=[{"type": "header", "text": plain(NASTY)}]
    )
    web.chat_postMessage(channel="C0TEAM", text="<javascript:alert(1)|click> me")
    expect(
        page.get_by_role("heading", name="<img src=x onerror=alert(1)> & *Acme*")
    ).to_be_visible()
    expect(page.get_by_text("click me")).to_be_visible()
    assert page.locator("#log img, #log a").count() == 0


def test_news_elsewhere_is_counted_and_people_see_their_own(page, sandbox):
    sandbox.web().chat_postMessage(channel="U0CSM1", text="for Maya")
    badge = page.locator("[data-channel=D0CSM1] .badge")
    expect(badge).to_have_text("1")
    page.click("[data-channel=D0CSM1]")
    expect(page.get_by_text("for Maya")).to_be_visible()
    expect(badge).to_be_hidden()
    page.select_option("#person", "U0CSM2")
    expect(page.get_by_text("for Maya")).to_be_hidden()


def test_without_the_bot_the_page_says_so(page):
    expect(page.locator("#offline")).to_be_visible()
    say(page, "/health acme")
    expect(page.get_by_text("/health failed: dispatch_failed")).to_be_visible()
