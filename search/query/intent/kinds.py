"""Find the words of a query that name the kind of item wanted: "video of", "photos of", "recording about", "PDF".

Such words are also content ("a photo frame", "watching a video"), so they count only at the start of a query with a
word such as "of" after them, at the end of it, or if they are the whole query.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from search.records import ItemType
from search.text.dates.tokens import fold

WORDS_FILE = Path(__file__).parent / "kinds.json"
# What each kind of item means as filters.
KIND_FILTERS: dict[str, dict[str, tuple[str, ...]]] = {
    "image": {"types": (ItemType.IMAGE,)},
    "video": {"types": (ItemType.VIDEO,)},
    "audio": {"types": (ItemType.AUDIO,)},
    "recording": {"types": (ItemType.AUDIO, ItemType.VIDEO)},
    # "Aufnahme" is a photo as well as a recording.
    "capture": {"types": (ItemType.IMAGE, ItemType.AUDIO, ItemType.VIDEO)},
    "document": {"types": (ItemType.DOCUMENT,)},
    "pdf": {"formats": ("pdf",)},
    "screenshot": {"picture_kinds": ("screenshot",)},
}
# What is not a word: spaces, punctuation, and NUL for the parts of a query that are not read.
_NO_WORD = r"[\W\x00]*"


@dataclass(frozen=True)
class _Language:
    """The words of a language as patterns; the group `noun` is the noun."""

    kinds: dict[str, str]
    nouns: re.Pattern[str]
    whole: re.Pattern[str]
    lead: re.Pattern[str] | None
    tail: re.Pattern[str]
    guard: re.Pattern[str]


@cache
def _read_words() -> dict[str, dict[str, Any]]:
    """Return the words of each language, by its code."""
    words: dict[str, dict[str, Any]] = json.loads(WORDS_FILE.read_text(encoding="utf-8"))
    return words


def _list_kinds(words: dict[str, Any]) -> dict[str, str]:
    """Return the kind of each noun of a language."""
    return {fold(noun): kind for kind, nouns in words["nouns"].items() for noun in nouns.split("|")}


@cache
def _read_languages() -> list[_Language]:
    return [_compile(code != "zh", entry) for code, entry in _read_words().items()]


def _compile(is_spaced: bool, words: dict[str, Any]) -> _Language:
    """Return the patterns of a language; in one without spaces, nouns can follow other words directly."""
    kinds = _list_kinds(words)
    nouns, tail, whole = (_choose(one) for one in ("|".join(kinds), words["tail"], words["whole"]))
    begin, end, gap = (r"(?<!\w)", r"(?!\w)", r"\s*") if is_spaced else ("", "", "")
    intro = rf"(?:{_choose(words['intro'])}{end}\s*)*"
    outro = _choose(words.get("outro", words["whole"]))
    before = begin if is_spaced else "(?:拍的|的)?"
    lead = rf"{_NO_WORD}(?P<span>{intro}(?P<noun>{nouns})\s+{_choose(words.get('lead', ''))}(?:{end}|(?<=')))"
    return _Language(
        kinds,
        nouns=re.compile(begin + nouns + end),
        whole=re.compile(rf"\W*(?P<span>{intro}(?P<noun>{whole})(?:\s+{outro})?)\W*"),
        lead=re.compile(lead) if is_spaced else None,
        tail=re.compile(rf"(?P<span>{before}(?P<noun>{tail}))\W*$"),
        guard=re.compile(rf"(?:\0|{begin}{_choose(words['guard'])}){gap}$"),
    )


def _choose(words: str) -> str:
    """Return the pattern of one of some words, the longest that matches."""
    folded = sorted({fold(word) for word in words.split("|")}, key=len, reverse=True)
    return f"(?:{'|'.join(_match_word(word) for word in folded)})"


def _match_word(word: str) -> str:
    return r"\s+".join(map(re.escape, word.split()))


@cache
def _read_keys() -> tuple[frozenset[str], re.Pattern[str]]:
    """Return the words of Latin letters, and the pattern of the others, of which a text with a noun has one."""
    nouns = {noun for words in _read_words().values() for noun in _list_kinds(words)}
    others = sorted(noun for noun in nouns if not noun.isascii())
    return frozenset(max(re.findall("[a-z]+", noun), key=len, default="") for noun in nouns), re.compile(
        "|".join(others)
    )


def may_name_kind(text: str) -> bool:
    """Return quickly whether a text may have the noun of a kind: most queries have none."""
    words, others = _read_keys()
    folded = fold(text)
    if not words.isdisjoint(re.findall("[a-z]+", folded)):
        return True
    return not folded.isascii() and others.search(folded) is not None


def find_nouns(text: str) -> list[tuple[int, int]]:
    """Return the positions of the nouns of kinds, such as "photos", wherever they are in a text."""
    if not may_name_kind(text):
        return []
    folded = fold(text)
    return [match.span() for language in _read_languages() for match in language.nouns.finditer(folded)]


def find_kind(text: str) -> tuple[int, int, dict[str, tuple[str, ...]]] | None:
    """Return the words that name the kind of item wanted, as their start and end, and the filters that they mean.

    Args:
        text: The text; NUL characters stand for what is not read, and spaces for dates that were found.
    """
    if not may_name_kind(text):
        return None
    folded = fold(text)
    for language in _read_languages():
        for match in _list_matches(language, folded):
            return (*match.span("span"), KIND_FILTERS[language.kinds[re.sub(r"\s+", " ", match["noun"])]])
    return None


def _list_matches(language: _Language, folded: str) -> Iterator[re.Match[str]]:
    whole = language.whole.fullmatch(folded)
    if whole and "\0" not in folded:
        yield whole
    if language.lead and (lead := language.lead.match(folded)):
        yield lead
    tail = language.tail.search(folded)
    before = folded[: tail.start()].rstrip() if tail else ""
    if tail and before and not any(one.guard.search(before) for one in _read_languages()):
        yield tail
