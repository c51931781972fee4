"""In a browser: the whole page works under a path of a proxy, and pages of other sites learn nothing."""

import io
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from PIL import Image

from search.open_home import open_home
from search.settings import Settings
from tests.support.accounts import add_admin, make_headers
from tests.support.browser import ask, wait
from tests.support.fake_demo import make_fake_demo
from tests.support.fake_models import choose_fake_models
from tests.support.indexing import index
from tests.support.proxy import Target, run_proxy
from tests.support.real_models import CHOOSER
from tests.support.server import run_fake_server

pytestmark = pytest.mark.slow

PREFIX = "/photos"
RED = (200, 30, 30)
SCRIPT = "document.title = 'run'; fetch('/api/v1/items')"


def make_home(factory):
    """Return a home with the fake demo and two more documents that believes the proxies of this machine."""
    media, home = factory.mktemp("media"), factory.mktemp("proxied") / "home"
    make_fake_demo(media)
    Image.new("RGB", (600, 800), RED).save(media / "red.pdf")
    (media / "page.html").write_text(f"<title>safe</title><p>A lighthouse.<script>{SCRIPT}</script>")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CHOOSER, choose_fake_models)
        with open_home(Settings(home=home), create=True) as library:
            assert index(library, media).failures == {}
            # The server answers forwarded requests only if there are accounts.
            headers = make_headers(library, add_admin(library))
    (home / "settings.toml").write_text('trusted_proxies = ["127.0.0.1"]\n')
    return home, headers


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The port of a running server, and the headers of a key."""
    home, headers = make_home(tmp_path_factory)
    with run_fake_server(home, "--no-worker") as running:
        yield running.port, headers


@pytest.fixture(scope="module")
def server(served):
    return f"http://127.0.0.1:{served[0]}"


@pytest.fixture(scope="module")
def key(served):
    return served[1]


@pytest.fixture(scope="module")
def proxied(server):
    with run_proxy(Target(int(server.rpartition(":")[2]), PREFIX)) as address:
        yield address


@pytest.fixture
def visit(open_browser, key):
    """Open a page; fail on any console error, failed request, error status or address outside the prefix."""
    troubles = []

    def open_at(address):
        page = open_browser().new_context(extra_http_headers=key).new_page()
        page.on("console", lambda one: one.type in {"error", "warning"} and troubles.append(one.text))
        page.on("pageerror", lambda one: troubles.append(str(one)))
        page.on("response", lambda one: one.status >= 400 and troubles.append(one.url))
        page.on("request", lambda one: f"{PREFIX}/" not in one.url and troubles.append(one.url))
        page.goto(address)
        return page

    yield open_at
    assert troubles == []


def test_the_search_page_works_under_a_path(visit, proxied, tmp_path):
    page = visit(f"{proxied}/")
    ask(page, "a cat")
    assert page.url.startswith(f"{proxied}/?q=a")
    page.wait_for_selector("#hits .hit meter")
    page.click(".hit:has([title$='chelsea.jpg']) .open")
    page.wait_for_selector("dialog .facts")
    wait(page, "document.querySelector('dialog .stage img').naturalWidth > 0")
    page.keyboard.press("Escape")
    wait(page, "!document.querySelector('dialog').open")
    page.click("#saved-toggle")
    page.fill("#saved input[required]", "cats")
    page.click("#saved button:not([aria-label])")
    page.wait_for_selector("#saved .rows a")
    page.click("#saved .rows a")
    page.wait_for_selector("#hits .hit meter")
    assert page.url.startswith(f"{proxied}/?q=a")
    page.reload()
    page.wait_for_selector("#hits .hit meter")


def test_the_library_page_works_under_a_path(visit, proxied, tmp_path):
    page = visit(f"{proxied}/")
    page.click("nav a >> nth=2")
    page.wait_for_selector("#ledger tr")
    assert page.url == f"{proxied}/library"
    (tmp_path / "note.txt").write_text("a lighthouse at the end of the path")
    page.set_input_files("#files", str(tmp_path / "note.txt"))
    wait(page, "document.querySelector('#jobs').textContent.includes('note.txt')")
    page.goto(f"{proxied}/docs")
    page.click("nav a >> nth=0")
    assert page.url == f"{proxied}/"
    page.wait_for_selector("#hits .hit")


EVIL = """<!doctype html><body><script>
const shown = (address) => new Promise((resolve) => {
  const image = new Image();
  image.onload = () => resolve(true);
  image.onerror = () => resolve(false);
  image.src = address;
});
const post = (address, options) => fetch(address, { method: "POST", mode: "no-cors", ...options }).catch(() => null);
addEventListener("load", async () => {
  const base = "SERVER";
  const images = await Promise.all([shown(base + "/api/v1/items/1/thumbnail"), shown(base + "/api/v1/items/1/media")]);
  await post(base + "/api/v1/archive", { body: new URLSearchParams({ ids: "1" }) });
  await post(base + "/api/v1/jobs/1/retry");
  const form = new FormData();
  form.append("file", new Blob(["evil"]), "evil.txt");
  await post(base + "/api/v1/uploads", { body: form });
  document.title = JSON.stringify(images);
});
</script>"""


@contextmanager
def run_site(body):
    """Return the address of another site with one page."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        yield f"http://localhost:{site.server_address[1]}/"
        site.shutdown()


def test_a_page_of_another_site_neither_sees_images_nor_changes_anything(open_browser, server, key):
    with run_site(EVIL.replace("SERVER", server)) as address:
        # As if the browser of the attacked person were signed in.
        page = open_browser().new_page(extra_http_headers=key)
        sent = []
        page.on("request", lambda one: one.url.startswith(server) and sent.append(one.method))
        page.goto(address)
        wait(page, "document.title")
        assert page.title() == "[false,false]"
        assert sent == ["GET", "GET", "POST", "POST", "POST"]
        items = page.context.request.get(f"{server}/api/v1/items?path=evil", headers=key).json()["items"]
        assert items == []


def find_media(page, server, name):
    (item,) = page.context.request.get(f"{server}/api/v1/items?path={name}").json()["items"]
    return f"{server}/api/v1/items/{item['id']}/media"


def test_the_browser_shows_a_pdf_of_the_library(open_browser, server, key):
    page = open_browser().new_page(extra_http_headers=key, viewport={"width": 800, "height": 600})
    page.goto(find_media(page, server, "red.pdf"))
    for _ in range(100):
        with Image.open(io.BytesIO(page.screenshot())) as shown:
            red, green, blue = shown.convert("RGB").getpixel((450, 400))
        if red > 150 and green < 60 and blue < 60:
            return
        page.wait_for_timeout(100)
    raise AssertionError("the document was not shown")


def test_a_html_document_of_the_library_is_downloaded(open_browser, server, key, tmp_path):
    page = open_browser().new_page(extra_http_headers=key)
    address = find_media(page, server, "page.html")
    page.goto(f"{server}/")
    with page.expect_download() as download:
        page.evaluate("(address) => { location.href = address; }", address)
    download.value.save_as(tmp_path / "page.html")
    assert SCRIPT in (tmp_path / "page.html").read_text()
    assert page.title() == "Crossmodal"
