"""The places of a library by their names in any language, to find them among the words of a query."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from search.places.data import City, load_places
from search.places.names import Place
from search.text.analysis import fold
from search.text.stopwords import list_stop_words

FOLDER = Path(__file__).parent
# The longest names that are searched for: in words, and in characters of scripts without spaces.
MAX_WORDS, MAX_CHARACTERS = 5, 8
MIN_LETTERS = 3
_WORD = re.compile(r"[^\W_]+")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]+")
LANGUAGES = ("en", "de", "es", "fr", "zh")


@dataclass(frozen=True)
class Mention:
    """A name of places in a text.

    Attributes:
        places: The places with this name.
        start: Where it begins in the text, with the preposition before it.
        end: Where it ends.
        is_certain: False for a word that mostly means something else, such as "reading" or "nice".
    """

    places: tuple[Place, ...]
    start: int
    end: int
    is_certain: bool


class PlaceIndex:
    """The places of a library by name."""

    def __init__(self, known: Iterable[tuple[str, int | None]]) -> None:
        """Prepare the names of cities by their region and number, and of all regions and countries above them."""
        data = load_places()
        by_name: dict[str, dict[str, Place]] = defaultdict(dict)
        for area_code, city_id in known:
            city = data.get_city(city_id) if city_id is not None else None
            for name in city.folded if city is not None else ():
                by_name[_normalize(name)][str(city_id)] = city  # type: ignore[assignment]
            for code in {area_code, area_code[:2]} & data.areas_by_code.keys():
                for name in data.areas_by_code[code].names:
                    by_name[_normalize(fold(name))][code] = data.areas_by_code[code]
        self._by_name = {name: tuple(places.values()) for name, places in by_name.items() if name}

    def find_mentions(self, text: str) -> list[Mention]:
        """Return the names of places in a text, the longest ones where several are possible."""
        words = [word for run in _WORD.finditer(text) for word in _split(run)]
        mentions, at = [], 0
        while at < len(words):
            found = self._find_at(text, words, at)
            if found is not None:
                mentions.append(found[0])
            at += found[1] if found is not None else 1
        return mentions

    def _find_at(self, text: str, words: Sequence[tuple[int, int]], at: int) -> tuple[Mention, int] | None:
        """Return the longest name that begins with a word, and its number of words."""
        start = words[at][0]
        for count in range(min(MAX_CHARACTERS, len(words) - at), 0, -1):
            end = words[at + count - 1][1]
            written = text[start:end]
            name = _normalize(fold(written))
            if len(name) < (2 if _UNSPACED.match(name) else MIN_LETTERS) or name.count(" ") >= MAX_WORDS:
                continue
            places = self._by_name.get(name)
            if places is not None and name not in _list_function_words():
                before = fold(text[words[at - 1][0] : words[at - 1][1]]) if at else ""
                leads = before in _read_prepositions()
                is_name = written[:1].isupper() and at > 0
                is_certain = name not in _read_common_words() or is_name or (leads and before not in ("in", "de", "a"))
                return Mention(places, words[at - 1][0] if leads else start, end, is_certain), count
        return None


def narrow(mentions: Sequence[Mention]) -> tuple[Place, ...]:
    """Return the places that a text means: those inside all the named ones if there are any, else all named ones."""
    found = mentions[0].places
    for mention in mentions[1:]:
        pairs = [(one, other) for one in found for other in mention.places]
        inside = [one if is_within(one, other) else other for one, other in pairs if _are_nested(one, other)]
        found = tuple(dict.fromkeys(inside)) or (*found, *mention.places)
    return found


def is_within(place: Place, area: Place) -> bool:
    """Return whether a place is an area or a part of it."""
    if place == area or isinstance(area, City):
        return place == area
    code = place.area if isinstance(place, City) else place.code
    return code == area.code or (area.is_country and code.startswith(f"{area.code}."))


def _are_nested(one: Place, other: Place) -> bool:
    return is_within(one, other) or is_within(other, one)


def _split(run: re.Match[str]) -> list[tuple[int, int]]:
    """Return the start and the end of a word, or of each character in a script without spaces."""
    if _UNSPACED.search(run[0]):
        return [(at, at + 1) for at in range(run.start(), run.end())]
    return [run.span()]


def _normalize(name: str) -> str:
    """Return a folded name with single spaces in place of other characters than letters and digits."""
    separator = "" if _UNSPACED.search(name) else " "
    return separator.join(_WORD.findall(name))


@cache
def _read_common_words() -> frozenset[str]:
    return frozenset((FOLDER / "common_words.txt").read_text().split())


@cache
def _read_phrases() -> dict[str, frozenset[str]]:
    phrases: dict[str, list[str]] = json.loads((FOLDER / "phrases.json").read_text(encoding="utf-8"))
    return {name: frozenset(map(fold, words)) for name, words in phrases.items()}


def _read_prepositions() -> frozenset[str]:
    return _read_phrases()["prepositions"]


@cache
def _list_function_words() -> frozenset[str]:
    return frozenset(word for language in LANGUAGES for word in list_stop_words(language))


def is_only_about_pictures(text: str) -> bool:
    """Return whether a text only has words such as "photos from", and so describes nothing."""
    words = [text[start:end] for run in _WORD.finditer(text) for start, end in _split(run)]
    pictures = _read_phrases()["pictures"]
    left = "".join(_WORD.findall(fold(text)))
    if _UNSPACED.search(left):
        for phrase in sorted(pictures, key=len, reverse=True):
            left = left.replace(phrase, "")
        return not left
    return all(fold(word) in pictures or fold(word) in _list_function_words() for word in words)
