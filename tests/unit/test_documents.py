"""Documents: links lead somewhere, named files exist, lines are short."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
MAX_COLUMNS = 100
MAX_ARCHITECTURE_LINES = 150
# Entries are one line each, and name what existed at the time.
CHANGELOG = "CHANGELOG.md"
LINK = re.compile(r"\]\((?!\w+:)([^)#]*)(?:#([^)]*))?\)")
NAMED_FILE = re.compile(
    r"`((?:benchmarks|crossmodal|deploy|docs|indexer|search|tests|training|web)/[\w./-]+\.\w+|"
    r"(?:benchmarks|crossmodal|deploy|docs|indexer|search|tests|training|web)/[\w/-]*/)`"
)


def name_document(path):
    return path.relative_to(ROOT).as_posix()


def list_anchors(text):
    """Return the anchors that GitHub makes of the headings of a document."""
    headings = re.findall(r"^#+ (.*)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def find_broken_links(path):
    broken = []
    for target, anchor in LINK.findall(path.read_text(encoding="utf-8")):
        file = path.parent / target if target else path
        if not file.exists() or (anchor and anchor not in list_anchors(file.read_text(encoding="utf-8"))):
            broken.append(f"{target}#{anchor}" if anchor else target)
    return broken


def find_long_lines(text):
    return [
        number
        for number, line in enumerate(text.splitlines(), 1)
        if len(line) > MAX_COLUMNS and not line.startswith("|")
    ]


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_document)
def test_links_lead_somewhere(path):
    assert not find_broken_links(path)


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_document)
def test_named_files_exist(path):
    if name_document(path) == CHANGELOG:
        pytest.skip("history")
    names = NAMED_FILE.findall(path.read_text(encoding="utf-8"))
    assert not [name for name in names if not (ROOT / name).exists()]


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_document)
def test_lines_are_wrapped(path):
    if name_document(path) == CHANGELOG:
        pytest.skip("not wrapped")
    assert not find_long_lines(path.read_text(encoding="utf-8"))


def test_every_document_is_reached_from_the_readme():
    reached, found = set(), {ROOT / "README.md"}
    while found - reached:
        path = (found - reached).pop()
        reached.add(path)
        targets = [(path.parent / target).resolve() for target, _ in LINK.findall(path.read_text(encoding="utf-8"))]
        found |= {target for target in targets if target in DOCUMENTS}
    assert ROOT / "docs/comparison.md" in reached
    assert not set(DOCUMENTS) - reached


def test_the_architecture_fits_on_a_few_pages():
    lines = (ROOT / "docs/architecture.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= MAX_ARCHITECTURE_LINES


def test_broken_links_are_found(tmp_path):
    document = tmp_path / "a.md"
    document.write_text("# One Two\n[x](b.md) [y](#one-two) [z](#three) [w](https://example.org)\n")
    assert find_broken_links(document) == ["b.md", "#three"]


def test_what_the_guide_for_contributors_names_is_where_it_says():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = re.findall(r"`(\w+)`\s\(`([\w/]+\.py)`\)", text)
    named += re.findall(r"`([A-Z_]{4,})`\s(?:of|in)\s`((?:[\w]+/)+\w+\.(?:py|js))`", text)
    assert len(named) > 5
    for name, file in named:
        declares = rf"^(?:def|class|const) {name}\b|^{name}\b"
        assert re.search(declares, (ROOT / file).read_text(encoding="utf-8"), re.M), (name, file)
