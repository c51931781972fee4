"""The words of a text that can name a date, each as a symbol of the grammar with its value."""

import json
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

WORDS_FILE = Path(__file__).parent / "words.json"
MIN_YEAR = 1900
# A word that is none of the grammar; the edge of the words that may be read; the noun of a kind, such as "photos".
OTHER, EDGE, KIND = "X", "|", "K"
POSSESSIVE = "'s"
_CJK = r"\u3400-\u9fff"
_LATIN = re.compile("[a-z]")
_CHINESE_NUMBERS = {character: number for number, character in enumerate("一二三四五六七八九十", 1)}
_CHINESE_NUMBERS |= {"十一": 11, "十二": 12}
# A text that cannot contain a date has none of these: most queries are not looked at further.
_DIGITS = re.compile(rf"\d|[{_CJK}]")


@dataclass(frozen=True)
class Token:
    """A part of a text.

    Attributes:
        symbol: The symbol of the grammar, one character.
        value: The value: a number, a name or a period.
        start: Where it begins in the text.
        end: Where it ends.
    """

    symbol: str
    value: Any
    start: int
    end: int


@dataclass(frozen=True)
class Vocabulary:
    """The words of the grammar.

    Attributes:
        symbols: The symbols and values of each folded word or phrase.
        pattern: Finds the tokens of a folded text.
        keys: The folded words without which a text contains no date, except for numbers.
    """

    symbols: dict[str, list[tuple[str, Any]]]
    pattern: re.Pattern[str]
    keys: frozenset[str]


def fold(text: str) -> str:
    """Return a text in lower case without accents; each character keeps its position."""
    if text.isascii():
        return text.lower()
    return "".join(_fold_character(character) for character in text)


def _fold_character(character: str) -> str:
    base = unicodedata.normalize("NFD", character)[0].lower()
    return {"’": "'", "，": ","}.get(base, base) if len(base) == 1 else character


@cache
def read_vocabulary() -> Vocabulary:
    """Read the words of the grammar."""
    symbols: dict[str, list[tuple[str, Any]]] = {}
    for symbol, entries in json.loads(WORDS_FILE.read_text(encoding="utf-8")).items():
        for value, words in entries.items():
            for entry in words.split("|"):
                word, _, written = entry.partition(">")
                parsed = _parse_value(symbol, value)
                plain = [(one, parsed if one == symbol else "") for one in written.split()] or [(symbol, parsed)]
                symbols.setdefault(fold(word), plain)
    phrases = sorted((word for word in symbols if not word.isalpha() or re.search(f"[{_CJK}]", word)), key=len)
    joined = "|".join(_match_phrase(phrase) for phrase in reversed(phrases))
    pattern = re.compile(
        r"(?P<iso>(?<!\d)\d{4}-\d{2}(?:-\d{2})?(?![\d-]))|(?P<dotted>(?<!\d)\d{1,2}\.\d{1,2}\.\d{4}(?!\d))"
        r"|(?P<year>(?<!\d)\d{4}年)|(?P<month>(?<!\d)(?:1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])月份?)"
        r"|(?P<day>(?<!\d)\d{1,2}[日号])"
        r"|(?P<decade>(?<![\w])(?:19|20)?\d0(?:s|'s|er|ern)\b|'\d0s\b|(?:19|20)?\d0年代"
        r"|(?:anos|annees) (?:19)?\d0\b|[二三四五六七八九]十年代)"
        rf"|(?P<phrase>{joined})"
        r"|(?P<number>\d+)(?:st|nd|rd|th|er|e|º|°|\.(?=\s))?(?![a-z\d_])"
        rf"|(?P<possessive>'s\b)|(?P<edge>\x00+)|(?P<word>[^\W\d_{_CJK}]+)|(?P<other>[^\s])"
    )
    keys = frozenset(
        part
        for word, [(symbol, _), *_] in symbols.items()
        if symbol in "MmbSHVDlLTQUG"
        for part in [max(re.findall("[a-z]+", word), key=len, default="")]
    )
    return Vocabulary(symbols, pattern, keys)


def _parse_value(symbol: str, value: str) -> Any:
    if symbol == "D":
        unit, number = value.split()
        return unit, int(number)
    return int(value) if value.isdigit() else value


def _match_phrase(phrase: str) -> str:
    """Return the pattern of a phrase, which begins and ends with a word if it is in Latin letters."""
    pattern = re.escape(phrase).replace(r"\ ", r"\s+")
    if not _LATIN.search(phrase):
        return pattern
    return rf"(?<!\w){pattern}" + ("" if phrase.endswith("'") else r"(?!\w)")


def may_name_date(folded: str) -> bool:
    """Return quickly whether a folded text may contain a date."""
    return bool(_DIGITS.search(folded)) or not read_vocabulary().keys.isdisjoint(re.findall("[a-z]+", folded))


def read_tokens(folded: str, today: date) -> list[Token]:
    """Return the tokens of a folded text."""
    tokens: list[Token] = []
    for match in read_vocabulary().pattern.finditer(folded):
        name, text = match.lastgroup or "other", match.group()
        tokens += [Token(symbol, value, *match.span()) for symbol, value in _classify(name, text, today)]
    return tokens


def _classify(name: str, text: str, today: date) -> list[tuple[str, Any]]:
    """Return the symbols of a token and their values."""
    if name in {"phrase", "word"}:
        return read_vocabulary().symbols.get(re.sub(r"\s+", " ", text), [(OTHER, text)])
    if name in {"year", "number", "day"}:
        return [_classify_number(name, text, today)]
    number = text.rstrip("月份")
    values: dict[str, Callable[[], tuple[str, Any]]] = {
        "iso": lambda: ("J", text),
        "dotted": lambda: ("J", "-".join(part.zfill(2) for part in reversed(text.split(".")))),
        "decade": lambda: ("E", _read_decade(text, today)),
        "month": lambda: ("M", _CHINESE_NUMBERS.get(number) or int(number)),
        "possessive": lambda: ("F", POSSESSIVE),
        "edge": lambda: (EDGE, ""),
    }
    return [values.get(name, lambda: (OTHER, text))()]


def _classify_number(name: str, text: str, today: date) -> tuple[str, Any]:
    """Return a number as a year, if it can be one that has begun, or as a small number."""
    digits = re.match(r"\d+", text)
    number = int(digits[0][:6]) if digits else 0
    is_year = MIN_YEAR <= number <= today.year
    if name == "year":
        return ("y", number) if is_year else (OTHER, text)
    return ("Y", number) if is_year and len(text) == len("2025") else ("N", number)


def _read_decade(text: str, today: date) -> int:
    """Return the first year of a decade; one of two digits is the latest that has begun."""
    digits = re.search(r"\d+", text)
    number = int(digits[0]) if digits else _CHINESE_NUMBERS[text[0]] * 10
    if number >= MIN_YEAR:
        return number
    return 2000 + number if 2000 + number <= today.year else 1900 + number
