"""What tests in a browser do with a page."""

import os
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

PHONE = {"viewport": {"width": 390, "height": 800}, "has_touch": True, "is_mobile": True}


def wait(page, condition: str) -> None:
    """Wait until a JavaScript expression is true; evaluated from outside, which the page's policy allows."""
    for _ in range(250):
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
