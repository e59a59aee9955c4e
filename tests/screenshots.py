"""Draws docs/*.png from the running demo: python -m tests.screenshots. Needs Chromium."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import BrowserType, Page, ViewportSize, sync_playwright

DOCS = Path(__file__).parents[1] / "docs"
CHROMIUM = os.environ.get("BELLWETHER_CHROMIUM") or shutil.which("chromium")
QUIET = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()


DAYS = 45  # enough of a past for a line
ACCOUNTS = 60
WIDE: ViewportSize = {"width": 1180, "height": 860}
TALL: ViewportSize = {
    "width": 1180,
    "height": 2400,
}  # a message is drawn as far as it is on the screen


def main() -> None:
    with tempfile.TemporaryDirectory() as home:
        demo = subprocess.Popen(
            [
                *(Path(sys.executable).with_name("bellwether"), "demo", "--port", "0"),
                *("--days", str(DAYS), "--accounts", str(ACCOUNTS)),
            ],
            env={**os.environ, "BELLWETHER_HOME": home},
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            draw(address(demo))
        finally:
            demo.send_signal(signal.SIGINT)
            demo.wait(timeout=30)


def address(demo: subprocess.Popen[str]) -> str:
    for line in demo.stdout or ():
        if found := re.search(r"http://\S+", line):
            return found[0]
    raise SystemExit("the demo did not come up")


def draw(url: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        page = browser.new_page(viewport=WIDE, device_scale_factor=1.5)
        page.goto(url)
        page.click("[data-channel=C0TEAM]")
        draw_alert(page)
        page.set_viewport_size(TALL)
        name = draw_card(page)
        for text, shows, file in (
            ("/health matches", "Waiting for a match", "matches.png"),
            ("/health review team", "The week to", "review.png"),
        ):
            say(page, text)
            answer = page.locator("[data-ts]", has_text=shows).last
            answer.wait_for()
            answer.screenshot(path=DOCS / file)
        page.set_viewport_size(WIDE)
        page.screenshot(path=DOCS / "page.png")
        draw_home(page)
        browser.close()
        draw_phone(playwright.chromium, url, name)


def draw_alert(page: Page) -> None:
    """The last alert somebody can still take care of, and the form of an outreach over it."""
    unanswered = page.locator("[data-ts]:has([data-action-id='alert.acknowledge'])").last
    alert = page.locator(f"[data-ts='{unanswered.get_attribute('data-ts')}']")
    alert.locator("[data-action-id='alert.acknowledge']").click()
    alert.get_by_text("Acknowledged by").wait_for()
    page.mouse.move(0, 0)
    alert.screenshot(path=DOCS / "alert.png")
    alert.locator("[data-action-id='alert.outreach']").click()
    modal = page.locator("dialog#modal[open]")
    modal.wait_for()
    modal.screenshot(path=DOCS / "modal.png")
    page.keyboard.press("Escape")


def draw_card(page: Page) -> str:
    """The card of the account at the head of the critical ones, asked for twice: the second has its picture inside."""
    say(page, "/health critical")
    worst = page.locator("[data-ts]", has_text="Critical accounts").last
    worst.wait_for()
    name = worst.locator(".section strong").first.inner_text()
    say(page, f"/health {name}")
    page.locator("[data-ts] figure.image img").last.wait_for()
    say(page, f"/health {name}")
    card = page.locator("[data-ts]:has(figure.image):has([data-action-id='note.add'])").last
    card.wait_for()
    card.screenshot(path=DOCS / "card.png")
    return name


def draw_home(page: Page) -> None:
    page.click("[data-channel=home]")
    home = page.locator(".home")
    home.get_by_text("Critical").first.wait_for()
    page.screenshot(path=DOCS / "home.png")


def draw_phone(chromium: BrowserType, url: str, name: str) -> None:
    """The same card as it is on a phone, at night."""
    browser = chromium.launch(executable_path=CHROMIUM, args=QUIET)
    page = browser.new_page(
        viewport={"width": 390, "height": 844}, device_scale_factor=2, color_scheme="dark"
    )
    page.goto(url)
    say(page, f"/health {name}")
    card = page.locator("[data-ts]:has(figure.image):has([data-action-id='note.add'])").last
    card.wait_for()
    card.evaluate("card => card.scrollIntoView()")
    page.screenshot(path=DOCS / "phone.png")
    browser.close()


def say(page: Page, text: str) -> None:
    page.fill("#composer", text)
    page.press("#composer", "Enter")


if __name__ == "__main__":
    main()
