"""Draws docs/*.png from the running demo: python -m tests.screenshots. Needs Chromium."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

DOCS = Path(__file__).parents[1] / "docs"
CHROMIUM = os.environ.get("BELLWETHER_CHROMIUM") or shutil.which("chromium")
QUIET = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()


def main() -> None:
    with tempfile.TemporaryDirectory() as home:
        demo = subprocess.Popen(
            [Path(sys.executable).with_name("bellwether"), "demo", "--port", "0", "--days", "8"],
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
        page = browser.new_page(viewport={"width": 1180, "height": 860}, device_scale_factor=2)
        page.goto(url)
        page.click("[data-channel=C0TEAM]")
        alert = page.locator("[data-ts]", has_text="Acme Corporation fell to").last
        alert.locator("[data-action-id='alert.acknowledge']").click()
        alert.get_by_text("Acknowledged by").wait_for()
        page.mouse.move(0, 0)
        alert.screenshot(path=DOCS / "alert.png")
        say(page, "/health acme")
        card = page.locator("[data-ts]", has_text="of 100").last
        card.wait_for()
        card.screenshot(path=DOCS / "card.png")
        page.screenshot(path=DOCS / "page.png")
        say(page, "/health matches")
        queue = page.locator("[data-ts]", has_text="Waiting for a match").last
        queue.wait_for()
        queue.screenshot(path=DOCS / "matches.png")
        browser.close()


def say(page: Page, text: str) -> None:
    page.fill("#composer", text)
    page.press("#composer", "Enter")


if __name__ == "__main__":
    main()
