"""The pages: their files, their modules and their texts."""

import re
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import pytest

import web
from search.encoders.presets import ROLES
from search.records import ItemType, JobState, Retriever, SegmentKind, Sort, State
from web.texts import LANGUAGES, read_texts


def test_the_page_and_its_files_come_with_a_strict_policy(client):
    page = client.get("/")
    assert "unsafe-inline" not in page.headers["Content-Security-Policy"]
    scripts = re.findall(r'(?:src|href)="(/assets/[^"]+)"', page.text)
    names = {address.split("/", 3)[3] for address in scripts}
    assert {"icon.svg", "shared/css/base.css", "search/results.css", "search/page.js", "shared/api.js"} < names
    assert not any(name.startswith("library/") for name in names)
    for address in scripts:
        sent = client.get(address)
        assert (sent.status_code, "immutable" in sent.headers["Cache-Control"]) == (200, True)
    old = client.get(re.sub("assets/[0-9a-f]+", "assets/0ld", scripts[-1]))
    assert (old.status_code, "immutable" in old.headers["Cache-Control"]) == (200, False)


def test_every_module_imported_by_the_pages_exists():
    folder = Path(web.__file__).parent / "static"
    scripts = list(folder.rglob("*.js"))
    assert len(scripts) > 20
    for script in scripts:
        for name in re.findall(r'from "(\.{1,2}/[\w./]+)"', script.read_text()):
            assert (script.parent / name).exists(), f"{script.name} imports {name}"


@pytest.mark.parametrize("address", ["/", "/library"])
def test_a_page_preloads_exactly_the_modules_it_imports(client, address):
    folder = Path(web.__file__).parent / "static"
    page = client.get(address).text
    entry = re.search(r'<script type="module" src="/assets/[0-9a-f]+/([^"]+)"', page)[1]
    preloaded = re.findall(r'rel="modulepreload" href="/assets/[0-9a-f]+/([^"]+)"', page)
    assert len(preloaded) == len(set(preloaded)) > 3
    imported = {
        (folder / name).parent.joinpath(other).resolve()
        for name in [entry, *preloaded]
        for other in re.findall(r'^(?:import\b|\}).* from "([^"]+)"', (folder / name).read_text(), re.MULTILINE)
    }
    assert {(folder / name).resolve() for name in preloaded} == imported


def test_the_wheel_has_every_static_file():
    package = Path(web.__file__).parent
    config = tomllib.loads((package.parent / "pyproject.toml").read_text())
    patterns = config["tool"]["setuptools"]["package-data"]["web"]
    packaged = {path for pattern in patterns for path in package.glob(pattern)}
    assert {path for path in (package / "static").rglob("*") if path.is_file()} <= packaged


def test_the_pages_have_the_same_texts_in_every_language():
    english, chinese = (read_texts(language) for language in LANGUAGES)
    assert {key.removesuffix(".one") for key in english if not key.endswith(".one")} == set(chinese)
    for key, text in chinese.items():
        assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", english[key])), key


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("key", "names"),
    [
        ("why", SegmentKind),
        ("status.outdated", (Retriever.VISUAL, Retriever.SEMANTIC)),
        ("type", (*ItemType, "other")),
        ("kind", ItemType),
        ("state", State),
        ("job", JobState),
        ("sort", Sort),
        ("retriever", ROLES),
    ],
)
def test_the_pages_have_a_text_for_every_value_of_the_server(language, key, names):
    assert {f"{key}.{name}" for name in names} <= set(read_texts(language))


def test_the_page_speaks_the_language_of_its_reader(client):
    assert '<html lang="zh">' in client.get("/", headers={"Accept-Language": "zh-TW,zh;q=0.9,en;q=0.5"}).text
    assert '<html lang="en">' in client.get("/library", headers={"Accept-Language": "de"}).text


def test_browsers_find_the_description_of_the_search(client):
    page = client.get("/").text
    link = re.search(r'<link rel="search" type="([^"]+)" title="Crossmodal" href="([^"]+)">', page)
    sent = client.get(link[2])
    assert (sent.status_code, sent.mimetype) == (200, link[1])
    assert 'rel="search"' not in client.get("/library").text


def test_the_description_of_the_search_has_the_address_that_it_was_asked_at(client):
    sent = client.get("/opensearch.xml", base_url="https://localhost:8443/photos")
    space = {"o": "http://a9.com/-/spec/opensearch/1.1/"}
    root = ElementTree.fromstring(sent.text)
    templates = {one.get("type"): one.get("template") for one in root.findall("o:Url", space)}
    assert templates == {
        "text/html": "https://localhost:8443/photos/?q={searchTerms}",
        "application/json": "https://localhost:8443/photos/api/v1/search?q={searchTerms}",
        "application/opensearchdescription+xml": "https://localhost:8443/photos/opensearch.xml",
    }
    assert 0 < len(root.findtext("o:ShortName", namespaces=space)) <= 16
    assert root.findtext("o:Image", namespaces=space) == "https://localhost:8443/photos/favicon.ico"
    found = client.get("/api/v1/search?q=a+cat")
    assert found.json["query"]["text"] == "a cat"
