"""What tests in a browser do with a page."""

import os
import shutil
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
]
_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PHONE = {"viewport": {"width": 390, "height": 800}, "has_touch": True, "is_mobile": True}


def start_chromium(playwright, *arguments: str):
    """Start Chromium with a fake microphone and more arguments."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    return playwright.chromium.launch(executable_path=found, args=[*_ARGUMENTS, *arguments])


def check_accessibility(page) -> None:
    """Check that axe-core finds no violation on a page, which must have been opened with `bypass_csp`."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    options = {"runOnly": {"type": "tag", "values": _TAGS}}
    found = axe.Axe().run(page, options=options).response["violations"]
    assert [(one["id"], [node["target"] for node in one["nodes"]][:3]) for one in found] == []


def wait(page, condition: str, seconds: int = 25) -> None:
    """Wait until a JavaScript expression is true; evaluated from outside, which the page's policy allows."""
    for _ in range(10 * seconds):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"never came true: {condition}")


def ask(page, text: str) -> None:
    """Search for a text."""
    page.fill("#text", text)
    page.keyboard.press("Enter")
    wait(page, "document.querySelector('#status').textContent.match(/[0-9] result|relevant/)")


def shoot(page, name: str) -> None:
    """Write a screenshot if SCREENSHOTS names a folder."""
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        page.wait_for_timeout(400)
        page.screenshot(path=str(Path(folder) / f"{name}.png"))


def read_fields(page):
    """Return the fields of the query in the address of a page."""
    return parse_qs(urlsplit(page.url).query)
