"""The query language of the search box: quoted phrases, `-` and `+` parts, and `keyword:value` filters.

    dog -leash +snow^0.5 "exact words" type:image,video in:Holidays after:2024-05

Everything else is plain text. A word before a colon that is not a filter (`note: buy milk`, `12:30`) is plain text as
well, unless it is a misspelled filter.
"""

import difflib
import re
from dataclasses import dataclass
from typing import Any

from search.errors import UsageError
from search.query.filters import FILTERS_BY_KEYWORD, parse_filter_value
from search.records import FILTERS, Filters

_QUOTES = {'"': '"', "“": "”", "„": "“", "「": "」", "«": "»"}
_TOKEN = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<sign>[-+](?=[^\s\d+-]))?(?:(?P<field>[A-Za-z]+):(?!\s|//|$))?"
    r"(?:(?P<open>[\"“„「«])(?P<quoted>[^\"”“」»]*)(?P<close>[\"”“」»])?|(?P<word>[^\s\"“„「«][^\s“„「«]*))(?:\^(?P<weight>[^\s]+))?"
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
    """

    text: str
    added: tuple[tuple[str, float], ...]
    excluded: tuple[str, ...]
    filters: Filters


def parse_query(text: str) -> Parsed:
    """Parse the query language.

    Raises:
        UsageError: A filter, a weight or a quotation mark is not valid. The message names it and what is expected.
    """
    plain: list[str] = []
    added: list[tuple[str, float]] = []
    excluded: list[str] = []
    filters: dict[str, Any] = {}
    phrases: list[str] = []
    for match in _TOKEN.finditer(text):
        # The groups of the match: an optional sign, an optional keyword, a word or a quoted phrase, an optional weight.
        if match["space"]:
            continue
        value, quoted = _read_value(match)
        name = _find_filter(match["field"], value)
        if name:
            keyword = FILTERS[name].keyword
            if match["sign"]:
                raise UsageError(f"{match['sign']}{keyword}: a filter cannot be added or excluded. Remove the sign.")
            if name in filters:
                raise UsageError(f"{keyword}: is set twice. Use it only once.")
            filters[name] = parse_filter_value(FILTERS[name], value)
        elif match["field"]:
            plain.append(match.group())
        elif match["sign"] == "-":
            excluded.append(value)
        elif match["sign"] == "+":
            added.append(_read_weight(value, match["weight"]))
        elif quoted:
            phrases += [value] if value else []
            plain.append(value)
        else:
            plain.append(match.group())
    filters["phrases"] = (*phrases, *filters.get("phrases", ()))
    return Parsed(" ".join(plain), tuple(added), tuple(excluded), Filters(**filters))


def find_plain_words(text: str) -> list[tuple[int, int]]:
    """Return the start and end of every plain word that is not quoted, signed, weighted or a filter."""
    return [
        match.span("word")
        for match in _TOKEN.finditer(text)
        if match["word"] and not (match["sign"] or match["field"] or match["weight"])
    ]


def _read_value(match: re.Match[str]) -> tuple[str, bool]:
    """Return the word or phrase of a token, and whether it is quoted."""
    if match["open"] is None:
        return match["word"], False
    if match["close"] is None or (match["close"] != _QUOTES[match["open"]]):
        raise UsageError(f"the quotation mark before {match['quoted'][:40]!r} is not closed. Add the closing mark.")
    return match["quoted"].strip(), True


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
    similar = difflib.get_close_matches(lowered, FILTERS_BY_KEYWORD, 1, cutoff=0.8)
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
