"""The query language of the search box: quoted phrases, `-` and `+` parts, and `keyword:value` filters.

    dog -leash +snow^0.5 "exact words" type:image,video in:Holidays after:2024-05

Everything else is plain text. A word before a colon that is not a filter (`note: buy milk`, `12:30`) is plain text as
well, unless it is a misspelled filter.
"""

import re
from dataclasses import dataclass
from typing import Any

from search.errors import UsageError
from search.query.filters import FILTERS_BY_KEYWORD, parse_filter_value
from search.records import FILTERS, Filters
from search.text.analysis import analyze

# Opening quotation marks with the marks that close them, in the use of any language.
_QUOTES = {
    '"': '"', "＂": "＂", "“": "”", "„": '“”"', "‟": "”", "”": "”", "«": "»", "»": "«»", "‹": "›", "›": "‹›",
    "「": "」", "『": "』", "﹁": "﹂", "﹃": "﹄", "〝": "〞〟",
}  # fmt: skip
# Marks that mostly close a phrase or stand between words; they open one only directly before a word.
_TIGHT = "”»›"
# Marks that can open a phrase directly after a word, as in scripts without spaces.
_WITHIN_WORDS = "“„«「『﹁﹃"
MAX_PHRASE_CHARACTERS = 1000


def _match_phrase(marks: str) -> str:
    """Return the pattern of a phrase that begins with one of some quotation marks."""
    return "|".join(
        rf"{mark}{'(?=[^ ])' if mark in _TIGHT else ''}[^{_QUOTES[mark]}]{{0,{MAX_PHRASE_CHARACTERS}}}[{_QUOTES[mark]}]"
        for mark in marks
    )


_TOKEN = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<sign>[-+](?=[^\s\d+-]))?(?:(?P<field>[A-Za-z]+):(?!\s|//|$))?"
    rf"(?:(?P<phrase>{_match_phrase(''.join(_QUOTES))})|(?P<word>\S(?:(?!{_match_phrase(_WITHIN_WORDS)})\S)*))"
    r"(?:\^(?P<weight>\S+))?"
)
_WEIGHT = re.compile(r"\^(\d+(?:\.\d+)?)$")
MAX_WEIGHT = 10.0


@dataclass(frozen=True)
class Parsed:
    """The parsed text of a query.

    Attributes:
        text: The plain words and quoted phrases.
        added: The texts of the `+` parts with their weights.
        excluded: The texts of the `-` parts, which results must not show or mention.
        filters: The conditions that results must satisfy.
        open_quote: The first quotation mark that is not closed, and is therefore plain text, with the word after it.
        typed: The name of each filter in the text, with its start and end there.
    """

    text: str
    added: tuple[tuple[str, float], ...]
    excluded: tuple[str, ...]
    filters: Filters
    open_quote: str | None = None
    typed: tuple[tuple[str, int, int], ...] = ()


def parse_query(text: str) -> Parsed:
    """Parse the query language. A quotation mark that is not closed is plain text.

    Raises:
        UsageError: A filter or a weight is not valid. The message names it and what is expected.
    """
    plain: list[str] = []
    added: list[tuple[str, float]] = []
    excluded: list[str] = []
    filters: dict[str, Any] = {}
    phrases: list[str] = []
    open_quote: str | None = None
    typed: list[tuple[str, int, int]] = []
    for match in _TOKEN.finditer(text):
        # The groups of the match: an optional sign, an optional keyword, a word or a quoted phrase, an optional weight.
        if match["space"]:
            continue
        value = _read_value(match)
        open_quote = open_quote or _find_open_quote(match)
        name = _find_filter(match["field"], value)
        if name:
            keyword = FILTERS[name].keyword
            if match["sign"]:
                raise UsageError(f"{match['sign']}{keyword}: a filter cannot be added or excluded. Remove the sign.")
            if name in filters:
                raise UsageError(f"{keyword}: is set twice. Use it only once.")
            filters[name] = parse_filter_value(FILTERS[name], value)
            typed.append((name, *match.span()))
        elif match["field"]:
            plain.append(match.group())
        elif match["sign"] == "-":
            excluded.append(value)
        elif match["sign"] == "+":
            added.append(_read_weight(value, match["weight"]))
        elif match["phrase"]:
            phrases.append(value)
            plain.append(value)
        else:
            plain.append(value + match.group().removeprefix(match["word"]))
    # Marks around punctuation only are no phrase, since no word could be found.
    filters["phrases"] = (*(one for one in phrases if analyze(one).pieces), *filters.get("phrases", ()))
    text = " ".join(filter(None, plain))
    return Parsed(text, tuple(added), tuple(excluded), Filters(**filters), open_quote, tuple(typed))


def find_plain_words(text: str) -> list[tuple[int, int]]:
    """Return the start and end of every plain word that is not quoted, signed, weighted or a filter."""
    return [
        match.span("word")
        for match in _TOKEN.finditer(text)
        if match["word"] and not (match["sign"] or match["field"] or match["weight"])
    ]


def _read_value(match: re.Match[str]) -> str:
    """Return the word or phrase of a token, without its quotation marks."""
    if match["phrase"]:
        return match["phrase"][1:-1].strip()
    word = match["word"]
    return (word.lstrip("".join(_QUOTES)) or word) if word[0] in _QUOTES else word


def _find_open_quote(match: re.Match[str]) -> str | None:
    """Return a word with the quotation mark before it that is not closed, None for any other token."""
    word: str = match["word"] or ""
    return word if word[:1] in _QUOTES and word[0] not in _TIGHT else None


def _find_filter(keyword: str | None, value: str) -> str | None:
    """Return the name of the filter with a keyword, or None for plain text.

    Raises:
        UsageError: The keyword is misspelled or has no value.
    """
    if keyword is None:
        return None
    lowered = keyword.lower()
    if lowered in FILTERS_BY_KEYWORD:
        name = FILTERS_BY_KEYWORD[lowered]
        if not value:
            raise UsageError(f"{lowered}: needs a value: {FILTERS[name].expects}")
        return name
    from difflib import get_close_matches

    similar = get_close_matches(lowered, FILTERS_BY_KEYWORD, 1, cutoff=0.8)
    if similar:
        expects = FILTERS[FILTERS_BY_KEYWORD[similar[0]]].expects
        raise UsageError(f"there is no filter {keyword}: did you mean {similar[0]}: ({expects})?")
    return None


def _read_weight(value: str, weight: str | None) -> tuple[str, float]:
    """Return the text of a `+` part and its weight (default 1).

    Args:
        value: The text; a word may still end with `^` and the weight.
        weight: The weight after a quoted phrase.
    """
    if weight is None:
        found = _WEIGHT.search(value)
        if found is None:
            return value, 1.0
        value, weight = value[: found.start()], found[1]
    try:
        number = float(weight)
    except ValueError:
        number = -1.0
    if not 0 < number <= MAX_WEIGHT:
        raise UsageError(f"the weight ^{weight} must be a number above 0 and at most {MAX_WEIGHT:g}")
    return value, number
