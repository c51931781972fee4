"""A server in a separate process and a real Chromium."""

import pytest

from tests.support.browser import start_chromium
from tests.support.server import run_server


@pytest.fixture(scope="session")
def server(library):
    """The address of a running `crossmodal serve` over the demo library."""
    with run_server(library.home.root) as address:
        yield address


@pytest.fixture(scope="session")
def playwright():
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as running:
        yield running


@pytest.fixture
def open_browser(playwright):
    """Start Chromium; `voice` is a WAV file that its microphone records."""
    running = []

    def start(voice=None):
        capture = [f"--use-file-for-fake-audio-capture={voice}%noloop"] if voice else []
        running.append(start_chromium(playwright, *capture))
        return running[-1]

    yield start
    for browser in running:
        browser.close()


@pytest.fixture
def open_page(open_browser, server):
    """Open the page; fail on any console error, failed request or error status but the one in `refused`."""
    troubles = []

    def open_at(path="/", voice=None, refused=None, **options):
        context = open_browser(voice).new_context(**options)
        context.grant_permissions(["microphone", "clipboard-read", "clipboard-write"], origin=server)
        page = context.new_page()
        expected = f"status of {refused}"
        page.on("console", lambda one: one.type == "error" and expected not in one.text and troubles.append(one.text))
        page.on("pageerror", lambda one: troubles.append(str(one)))
        page.on("response", lambda one: one.status >= 400 and one.status != refused and troubles.append(one.url))
        page.goto(server + path)
        return page

    yield open_at
    assert troubles == []
