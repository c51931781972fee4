"""Docstrings, comments, messages and documents avoid phrases that are hard to read."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.support.source import read_source

ROOT = Path(__file__).parent.parent.parent
# What to write instead is in CONTRIBUTING.md and docs/glossary.md.
PHRASES = {
    "all there is": "everything",
    "anew": "again",
    "are told apart": "are distinguished",
    "are told by": "are detected by",
    "as it is by now": "current",
    "as they are by now": "current",
    "beside it": "next to it",
    "beside the": "next to the",
    "by itself": "automatically",
    "by turns": "alternately",
    "cannot be told": "cannot be detected",
    "comes to nothing": "finds nothing",
    "is asked for": "is requested",
    "is heard": "is transcribed",
    "is let go of": "is unloaded",
    "is looked at": "is read",
    "is looked for": "is searched",
    "is not there": "does not exist",
    "is told": "is detected",
    "is what it says": "say what it means",
    "it is told": "it is detected",
    "it says of itself": "its metadata",
    "knows no": "does not support",
    "let go of": "release",
    "lies in": "is in",
    "lies beside": "is next to",
    "of its own": "separate",
    "of one's own": "own",
    "of their own": "separate",
    "one at least": "at least one",
    "otherwise than": "unlike",
    "seen from afar": "at a low resolution",
    "so few": "give the limit",
    "so many": "give the limit",
    "tells of": "reports",
    "that which": "what",
    "to be had": "available",
    "was given out": "was issued",
    "was heard": "was transcribed",
    "was told": "was detected",
    "what is said of": "what is known about",
    "what is there": "what exists",
    "what is told": "what is reported",
    "what is usual": "the baseline",
    "whatever is": "everything that is",
    "whatever it": "name the cases",
}
FIRST_WORDS = {"Give", "Gives", "Tell", "Tells"}
SUFFIXES = {".py", ".md", ".js", ".json", ".html", ".toml", ".yml"}
# Data, texts to search for in benchmarks, history, and this list.
SKIPPED = (
    "CHANGELOG.md",
    "benchmarks/evaluation/documents/",
    "search/text/stopwords.json",
    "tests/unit/test_phrases.py",
    "web/texts/zh.json",
)
# A line break, with the sign of a comment or list at the start of the next line, counts as a space.
GAP = r"\s+(?:(?:#|//|\*)\s*)?"


def make_pattern(phrases):
    words = [GAP.join(re.escape(word) for word in phrase.split()) for phrase in phrases]
    return re.compile(rf"\b(?:{'|'.join(words)})\b", re.IGNORECASE)


PATTERN = make_pattern(PHRASES)


def list_files():
    """Return the tracked and the new text files of the repository."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    try:
        names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    return [
        name
        for name in names
        if Path(name).suffix in SUFFIXES and not name.startswith(SKIPPED) and (ROOT / name).is_file()
    ]


def find_phrases(text):
    """Return the line number and the phrase of each hit."""
    return [
        (text.count("\n", 0, match.start()) + 1, re.sub(GAP, " ", match.group()).lower())
        for match in PATTERN.finditer(text)
    ]


def find_first_words(path):
    """Return the line number and the first word of each docstring that begins with a forbidden one."""
    return [(line, word) for line, word in read_source(path).first_words if word in FIRST_WORDS]


def check(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    first = find_first_words(ROOT / name) if name.endswith(".py") else []
    return [f"{name}:{line}: {phrase!r}, write: {PHRASES[phrase]}" for line, phrase in find_phrases(text)] + [
        f"{name}:{line}: the docstring begins with {word!r}, write: Return" for line, word in first
    ]


def test_texts_use_plain_phrases():
    problems = [problem for name in list_files() for problem in check(name)]
    assert not problems, "\n".join(problems)


def test_phrases_are_found_across_lines():
    assert find_phrases("\nIt is a process of\n    # its own.\n") == [(2, "of its own")]
    assert find_phrases("* what\n* is usual") == [(1, "what is usual")]
    assert find_phrases("in its own folder") == []


def test_first_words_of_docstrings_are_found(tmp_path):
    (tmp_path / "a.py").write_text('def f():\n    """Give a name."""\n')
    assert find_first_words(tmp_path / "a.py") == [(2, "Give")]
