"""Read the text of a query: the query language, then the plain words that name a date or a kind of item.

Everything that must agree on what a text means calls `read_query`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from search.query.filters import join_filters
from search.query.grammar import Parsed, find_plain_words, parse_query
from search.query.intent.kinds import find_kind, find_nouns
from search.query.intent.requests import find_request
from search.records import FILTERS, Filters, IntentKind, Query, Recognized
from search.text.dates.phrases import find_dates
from search.text.dates.reading import get_today

# The filters that say the same as recognized words: what a user sets is not overruled.
_SAME = {
    IntentKind.DATE: ("date", "after", "before"),
    IntentKind.TYPE: ("types", "formats", "picture_kinds"),
}
# Words that mean nothing if only they remain: "the photos that I took last summer".
_FILLERS = frozenset(
    word
    for words in (
        "a an the my our all some which that i we me us took taken made of from in show find",
        "die der das meine unsere alle von aus ich wir las los la el mis nuestras de que les le mes nos des du",
        "我 我的 我们 我们的 拍 的 里 在",
    )
    for word in words.split()
)
# Longer texts are whole sentences, whose "today" names no date, and reading them takes time.
MAX_READ_CHARACTERS = 200
Spans = list[tuple[int, int]]


@dataclass(frozen=True)
class Reading:
    """What the text of a query means.

    Attributes:
        parsed: The parsed text without the recognized words.
        filters: The filters of the request, of the query language and of recognized words.
        recognized: The words that are used as filters, in order.
        asked: The words that only ask for something, such as "show me".
    """

    parsed: Parsed
    filters: Filters
    recognized: tuple[Recognized, ...]
    asked: tuple[str, ...] = ()


def read_query(query: Query, corrected: str | None = None) -> Reading:
    """Read the text of a query.

    Args:
        query: The query.
        corrected: Its text without typing errors, if it had any.

    Raises:
        UsageError: A filter or a weight is not valid.
    """
    text, asked = hide_request(corrected or query.text or "", query)
    parsed = parse_query(text)
    filters = join_filters(query.filters, parsed.filters)
    words = recognize(text, find_plain_words(text), query, filters)
    typed = [
        Recognized(IntentKind.FILTER, text[start:end], start, end, {name: getattr(parsed.filters, name)})
        for name, start, end in parsed.typed
    ]
    if words:
        parsed = replace(parse_query(remove_words(text, words)), typed=parsed.typed)
    recognized = sorted((*words, *typed), key=lambda one: one.start)
    return Reading(parsed, apply_recognized(filters, words), tuple(recognized), asked)


def hide_request(text: str, query: Query, spans: Spans | None = None) -> tuple[str, tuple[str, ...]]:
    """Return a text of the same length with spaces in place of words that only ask for something, and these words.

    Args:
        text: The text.
        query: Whether words are read at all.
        spans: The positions of its plain words; None to find them in the query language.
    """
    if not query.recognize or len(text) > MAX_READ_CHARACTERS:
        return text, ()
    found = find_request(_hide(text, find_plain_words(text) if spans is None else spans))
    if found is None:
        return text, ()
    (_, start), (end, _) = found
    hidden = " " * start + text[start:end] + " " * (len(text) - end)
    return hidden, tuple(filter(None, (part.strip(" ,.!?¡¿。，！？") for part in (text[:start], text[end:]))))


def recognize(text: str, spans: Spans, query: Query, filters: Filters) -> list[Recognized]:
    """Return the words that name a date or a kind of item, at most one of each.

    Args:
        text: The text.
        spans: The positions of its plain words.
        query: Which words must not be recognized.
        filters: The filters that are set; recognized words do not overrule them.
    """
    if not query.recognize or not spans or len(text) > MAX_READ_CHARACTERS:
        return []
    plain = _hide(text, spans)
    found = []
    dates = find_dates(plain, get_today(), find_nouns(plain))
    # Two dates cannot both be satisfied.
    if len(dates) == 1:
        [date] = dates
        found.append(_make(IntentKind.DATE, text, date.start, date.end, {"date": str(date.period)}))
    found = [one for one in found if _may_use(one, query, filters)]
    for one in found:
        plain = plain[: one.start] + " " * (one.end - one.start) + plain[one.end :]
    kind = find_kind(plain)
    if kind is not None:
        start, end, values = kind
        # In "photos from 2019 of dogs" the date is between the words of the kind, which end before it.
        end = min([end, *(one.start for one in found if start < one.start < end)])
        named = _make(IntentKind.TYPE, text, start, end, values)
        found += [named] if _may_use(named, query, filters) else []
    return sorted(found, key=lambda one: one.start)


def _make(kind: IntentKind, text: str, start: int, end: int, filters: Mapping[str, Any]) -> Recognized:
    """Return recognized words without the spaces around them."""
    words = text[start:end]
    start += len(words) - len(words.lstrip())
    return Recognized(kind, words.strip(), start, start + len(words.strip()), filters)


def _may_use(found: Recognized, query: Query, filters: Filters) -> bool:
    literal = {_normalize(words) for words in query.literal}
    is_set = any(getattr(filters, name) not in (None, ()) for name in _SAME[found.kind])
    return not is_set and _normalize(found.text) not in literal


def _normalize(words: str) -> str:
    return " ".join(words.casefold().split())


def _hide(text: str, spans: Spans) -> str:
    """Return a text of the same length in which NUL characters take the place of everything but plain words."""
    hidden = re.sub(r"\S", "\0", text)
    for start, end in spans:
        hidden = hidden[:start] + text[start:end] + hidden[end:]
    return hidden


def remove_words(text: str, recognized: Sequence[Recognized]) -> str:
    """Return a text without recognized words, and empty if only words without meaning remain."""
    for one in reversed(recognized):
        text = f"{text[: one.start]} {text[one.end :]}"
    words = re.findall(r"\w+", text.casefold())
    is_plain = len(find_plain_words(text)) == len(text.split())
    return "" if is_plain and _FILLERS.issuperset(words) else text


def apply_recognized(filters: Filters, recognized: Sequence[Recognized]) -> Filters:
    """Return filters with those of recognized words."""
    values = {name: value for one in recognized for name, value in one.filters.items() if name in FILTERS}
    return replace(filters, **values)
