"""Take the pictures of the README: `python -m docs.pictures`. It needs Chromium and the extra `test`."""

import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.support.browser import PHONE, ask, start_chromium, wait
from tests.support.server import run_server

DOCS = Path(__file__).parent
QUERY = "a red flower opens"
SIZE = {"width": 1200, "height": 760}


def main() -> None:
    """Index the demo library, serve it and take the pictures."""
    with tempfile.TemporaryDirectory() as folder, serve(Path(folder)) as address, sync_playwright() as playwright:
        browser = start_chromium(playwright)
        page = open_page(browser, address, viewport=SIZE)
        ask(page, QUERY)
        take(page, "search")
        page.click(".hit .open >> nth=0")
        wait(page, "document.querySelector('dialog video')?.readyState >= 2")
        take(page, "moment")
        page.keyboard.press("Escape")
        page.click("#filters-toggle")
        take(page, "filters")
        page.goto(f"{address}/library")
        take(page, "library")
        take(open_page(browser, address, **PHONE, color_scheme="dark"), "phone")
        browser.close()


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """Serve a new library of the demo files in a folder, and return its address."""
    home, media = folder / "home", folder / "media"
    for arguments in (["demo", str(media)], ["--home", str(home), "index", str(media)]):
        subprocess.run([sys.executable, "-m", "crossmodal", *arguments], check=True)
    with run_server(home) as address:
        urllib.request.urlopen(f"{address}/api/v1/search?q=a+dog").close()  # noqa: S310 - until the models are loaded
        yield address


def open_page(browser: Browser, address: str, **options: object) -> Page:
    """Return the search page in a new window."""
    page = browser.new_context(bypass_csp=True, **options).new_page()  # type: ignore[arg-type]
    page.goto(address)
    return page


def take(page: Page, name: str) -> None:
    """Write what a page shows, once its images are there."""
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1000)
    page.screenshot(path=DOCS / f"{name}.png")


if __name__ == "__main__":
    main()
