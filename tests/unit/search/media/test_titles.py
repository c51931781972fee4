"""Titles that programs write if nobody enters one are recognized, and no others."""

import pytest

from search.media.metadata import clean_facts
from search.media.titles import is_generic
from search.records import MediaFacts


@pytest.mark.parametrize(
    "title",
    [
        "Word Document",
        "PowerPoint Presentation",
        "PowerPoint-Präsentation",
        "Microsoft Word - x.doc",
        "Microsoft Word - Letter to the council.docx",
        "Microsoft PowerPoint – slides final.pptx",
        "untitled",
        "Untitled-1",
        "Untitled (3)",
        "Document1",
        "Dokument 2",
        "Book1",
        "Scan",
        "Scan_0012",
        "scan0007",
        "Scanned Document",
        "无标题",
        "演示文稿1",
        "report_final.indd",
        "about:blank",
        "20240101",
        "OLYMPUS DIGITAL CAMERA",
        "<untitled>",
    ],
)
def test_a_default_is_no_title(title):
    assert is_generic(title)
    assert clean_facts(MediaFacts(title=title)).title is None


@pytest.mark.parametrize(
    "title",
    [
        "Quiet hours and house rules",
        "The untitled novel",
        "Scan of the passport",
        "Word documents in court",
        "Document management for beginners",
        "Untitled Goose Game",
        "Book of Kells",
        "Book 1: The beginning",
        "Apollo 11",
        "1984 by George Orwell",
        "Microsoft Word for lawyers",
        "Presentation of the budget 2024",
        "文档管理",
        "Letter to Clara",
        "1984: a novel",
    ],
)
def test_a_title_that_says_something_is_kept(title):
    assert not is_generic(title)
    assert clean_facts(MediaFacts(title=title)).title == title
