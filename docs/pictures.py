"""Take the pictures of the README: `python -m docs.pictures`. It needs Chromium and the extra `test`."""

import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.support.browser import PHONE, ask, start_chromium, wait

DOCS = Path(__file__).parent
PORT = 8766
URL = f"http://127.0.0.1:{PORT}"
QUERY = "a red flower opens"
SIZE = {"width": 1200, "height": 760}


def main() -> None:
    """Index the demo library, serve it and take the pictures."""
    with tempfile.TemporaryDirectory() as folder, serve(Path(folder)), sync_playwright() as playwright:
        browser = start_chromium(playwright)
        page = open_page(browser, viewport=SIZE)
        ask(page, QUERY)
        take(page, "search")
        page.click(".hit .open >> nth=0")
        wait(page, "document.querySelector('dialog video')?.readyState >= 2")
        take(page, "moment")
        page.keyboard.press("Escape")
        page.click("#filters-toggle")
        take(page, "filters")
        page.goto(f"{URL}/library")
        take(page, "library")
        take(open_page(browser, **PHONE, color_scheme="dark"), "phone")
        browser.close()


@contextmanager
def serve(folder: Path) -> Iterator[None]:
    """Serve a new library of the demo files in a folder."""
    command = [sys.executable, "-m", "crossmodal", "--home", str(folder / "home")]
    subprocess.run([*command, "demo", str(folder / "media")], check=True)
    subprocess.run([*command, "index", str(folder / "media")], check=True)
    server = subprocess.Popen([*command, "serve", "--port", str(PORT)])
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{URL}/api/v1/search?q=a+dog").close()  # noqa: S310
                break
            except OSError:
                time.sleep(0.2)
        yield
    finally:
        server.terminate()
        server.wait()


def open_page(browser: Browser, **options: object) -> Page:
    """Return the search page in a new window."""
    page = browser.new_context(bypass_csp=True, **options).new_page()  # type: ignore[arg-type]
    page.goto(URL)
    return page


def take(page: Page, name: str) -> None:
    """Write what a page shows, once its images are there."""
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1000)
    page.screenshot(path=DOCS / f"{name}.png")


if __name__ == "__main__":
    main()
