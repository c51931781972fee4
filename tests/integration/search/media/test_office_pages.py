"""Office documents as pages, with LibreOffice where it is installed: what is shown, and what a document cannot do."""

import os
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from PIL import Image

from search.errors import UnreadableMediaError
from search.media.document.office import find_office_program, write_pdf
from search.media.document.pages import outline_page
from search.media.document.passages import find_page
from search.media.document.pdf_file import open_pdf
from search.media.processes import Outcome, call_there
from search.media.sandbox import Limits, Sandbox
from tests.support.indexing import index
from tests.support.office import make_open_document, make_paragraph, make_word
from tests.support.web_client import ask, make_client

pytestmark = pytest.mark.skipif(find_office_program() is None, reason="LibreOffice is not installed")
FILLER = "".join(make_paragraph(f"Paragraph {number} about nothing in particular.") for number in range(120))
SIZE = 'xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0" svg:width="5cm" svg:height="5cm"'

MANIFEST = (
    '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
    '<manifest:file-entry manifest:full-path="/" manifest:media-type="application/vnd.oasis.opendocument.text"/>'
    '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>'
)


@pytest.fixture
def convert(tmp_path):
    def convert(name, content):
        source, target, folder = tmp_path / name, tmp_path / "pages.pdf", tmp_path / "folder"
        source.write_bytes(content)
        folder.mkdir()
        write_pdf(find_office_program(), source, target, folder)
        return target

    return convert


@pytest.fixture
def address():
    """The address of a server, and what was requested from it."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_error(404)

        do_HEAD = do_OPTIONS = do_GET  # noqa: N815 - the names are those of the base class

        def log_message(self, *_arguments):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


def test_a_document_is_shown_at_the_page_of_its_passage_with_the_words_marked(fresh, tmp_path):
    media = tmp_path / "media"
    media.mkdir()
    (media / "letter.docx").write_bytes(make_word(FILLER + make_paragraph("The lighthouse keeper wrote a letter.")))
    index(fresh, media)
    client = make_client(fresh)
    hit = ask(client, text="lighthouse keeper").json["hits"][0]
    segment = next(one["segment"] for one in hit["evidence"] if one["kind"] == "passage")
    assert hit["item"]["has_pages"] is True
    address = f"/api/v1/items/{hit['item']['id']}/pages"
    page = client.get(f"{address}?segment={segment}&text=lighthouse").json
    assert (page["page"], page["pages"], len(page["boxes"])) == (page["pages"], page["pages"], 1)
    assert page["pages"] > 1
    assert client.get(f"{address}/{page['page']}/image").mimetype == "image/jpeg"
    [kept] = fresh.home.previews.rglob("*.pdf")
    assert list(media.iterdir()) == [media / "letter.docx"]  # no lock file
    began = time.monotonic()
    assert client.get(f"{address}/1").status_code == 200
    assert time.monotonic() - began < 1
    client.delete(f"/api/v1/items/{hit['item']['id']}")
    assert not kept.exists()


def test_a_damaged_document_is_refused_and_not_tried_again(fresh, tmp_path):
    media = tmp_path / "media"
    media.mkdir()
    (media / "letter.docx").write_bytes(make_word(make_paragraph("A letter.")))
    index(fresh, media)
    client = make_client(fresh)
    [item] = client.get("/api/v1/items").json["items"]
    stated = (media / "letter.docx").stat()
    (media / "letter.docx").write_bytes(b"PK\3\4 damaged")
    os.utime(media / "letter.docx", ns=(stated.st_atime_ns, stated.st_mtime_ns))
    first = client.get(f"/api/v1/items/{item['id']}/pages")
    assert (first.status_code, "LibreOffice cannot convert" in first.json["detail"]) == (422, True)
    began = time.monotonic()
    assert client.get(f"/api/v1/items/{item['id']}/pages/1/image").status_code == 422
    assert time.monotonic() - began < 1


def test_a_document_of_another_format_than_its_name_says_is_refused(convert):
    with pytest.raises(UnreadableMediaError, match="another format"):
        convert("letter.docx", b"{\\rtf1 Hello {\\field{\\*\\fldinst INCLUDEPICTURE /etc/picture.png}}}")


def test_what_a_document_links_to_is_not_read(convert, tmp_path, address, monkeypatch):
    monkeypatch.setattr("search.media.document.office._find_isolation", lambda: ())
    url, asked = address
    Image.new("RGB", (200, 200), (255, 0, 0)).save(tmp_path / "secret.png")
    frames = "".join(
        f'<text:p><draw:frame text:anchor-type="as-char" {SIZE}>'
        f'<draw:image xlink:href="{link}" xlink:type="simple"/></draw:frame></text:p>'
        for link in ((tmp_path / "secret.png").as_uri(), f"{url}/a.png")
    )
    body = f"<office:text><text:p>Visible</text:p>{frames}</office:text>"
    files = {"META-INF/manifest.xml": MANIFEST, "styles.xml": "<office:document-styles {declared}/>"}
    pdf = convert("links.odt", make_open_document("text", body, files=files))
    assert asked == []
    with open_pdf(pdf) as document:
        assert "Visible" in document[0].get_textpage().get_text_bounded()
        image = document[0].render(scale=0.5).to_pil().convert("RGB")
    assert all(pixel != (255, 0, 0) for _, pixel in image.getcolors(1_000_000))


def test_a_document_that_takes_too_long_ends_with_all_its_processes(tmp_path):
    program = tmp_path / "soffice"
    program.write_text(f"#!/bin/sh\nsleep 300 &\necho $! > {tmp_path / 'pid'}\nwait\n")
    program.chmod(0o755)
    source, folder = tmp_path / "a.docx", tmp_path / "folder"
    source.write_bytes(make_word(make_paragraph("A letter.")))
    folder.mkdir()
    sandbox = Sandbox(call_there, None, Limits(stall=5, total=5), lambda message: isinstance(message, Outcome))
    with pytest.raises(UnreadableMediaError, match="timed out"):
        list(sandbox.run((write_pdf, (str(program), source, tmp_path / "a.pdf", folder)), 0))
    for _ in range(50):
        if not is_running(int((tmp_path / "pid").read_text())):
            return
        time.sleep(0.1)
    pytest.fail("the program still runs")


def is_running(process: int) -> bool:
    try:
        with open(f"/proc/{process}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_passage_is_found_on_its_page(convert):
    passages = [f"{word} " * 30 + f"So much about {word}." for word in ("apples", "pears", "plums")]
    breaks = '<w:p><w:r><w:br w:type="page"/></w:r></w:p>'
    pdf = convert("fruit.docx", make_word(breaks.join(map(make_paragraph, passages))))
    assert [find_page(pdf, passage, ()) for passage in passages] == [1, 2, 3]
    assert find_page(pdf, "", ("plums",)) == 3
    assert find_page(pdf, "nothing of the kind", ()) == 1
    assert outline_page(pdf, 2, ("pears",)).boxes
