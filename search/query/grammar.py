"""The query language of the search box: quoted phrases, `-` and `+` parts, and `field:value` filters.

    dog -leash +snow^0.5 "exact words" type:image,video in:Holidays after:2024-05

What is not one of these is plain text. A word before a colon that is no field (`note: buy milk`, `12:30`) is plain
text as well, unless it is a field misspelt.
"""

import difflib
import re
from dataclasses import dataclass

from search.errors import UsageError
from search.records import Filters, ItemType

FIELDS = {
    "type": "image, audio, video, document; several with commas",
    "in": "a folder's name or whole path",
    "source": "the whole path of a source",
    "after": "a date such as 2024, 2024-05 or 2024-05-31; that day included",
    "before": "a date; that day excluded",
    "longer": "seconds, or minutes as 2m, or hours as 1h",
    "shorter": "seconds, minutes or hours",
    "lang": "a language code such as en or zh, of speech",
    "camera": "a part of the camera's name",
    "tag": "a keyword of the file; several with commas must all be there",
    "artist": "a part of the name of who made it",
    "album": "a part of the album's name",
}
_QUOTES = {'"': '"', "“": "”", "„": "“", "「": "」", "«": "»"}
_TOKEN = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<sign>[-+](?=[^\s\d+-]))?(?:(?P<field>[A-Za-z]+):(?!\s|//|$))?"
    r"(?:(?P<open>[\"“„「«])(?P<quoted>[^\"”“」»]*)(?P<close>[\"”“」»])?|(?P<word>[^\s\"“„「«][^\s“„「«]*))(?:\^(?P<weight>[^\s]+))?"
)
_WEIGHT = re.compile(r"\^(\d+(?:\.\d+)?)$")
_LENGTH = re.compile(r"(\d+(?:\.\d+)?)(s|m|h)?")
_SECONDS = {None: 1, "s": 1, "m": 60, "h": 3600}
MAX_WEIGHT = 10.0


@dataclass(frozen=True)
class Parsed:
    """A parsed query.

    Attributes:
        text: The plain words.
        added: Further parts with their weights.
        excluded: What results must not show.
        filters: The filters.
    """

    text: str
    added: tuple[tuple[str, float], ...]
    excluded: tuple[str, ...]
    filters: Filters


def parse_query(text: str) -> Parsed:
    """Parse the query language.

    Raises:
        UsageError: A filter or sign is not valid. The message names it and what is expected.
    """
    plain: list[str] = []
    added: list[tuple[str, float]] = []
    excluded: list[str] = []
    phrases: list[str] = []
    fields: dict[str, str] = {}
    for match in _TOKEN.finditer(text):
        if match["space"]:
            continue
        value, quoted = _read_value(match)
        field = _read_field(match["field"], value)
        if field:
            if match["sign"]:
                raise UsageError(f"{match['sign']}{field}: a filter cannot be added or excluded, only set")
            if field in fields:
                raise UsageError(f"{field}: is given twice")
            fields[field] = value
        elif match["field"]:
            plain.append(match.group())
        elif match["sign"] == "-":
            excluded.append(value)
        elif match["sign"] == "+":
            added.append(_read_weight(value, match["weight"]))
        elif quoted:
            phrases.append(value)
            plain.append(value)
        else:
            plain.append(match.group())
    return Parsed(" ".join(plain), tuple(added), tuple(excluded), _make_filters(fields, phrases))


def find_plain_words(text: str) -> list[tuple[int, int]]:
    """Return the spans of words that are not quoted, filters, or excluded, added or weighted parts."""
    return [
        match.span("word")
        for match in _TOKEN.finditer(text)
        if match["word"] and not (match["sign"] or match["field"] or match["weight"])
    ]


def join_filters(one: Filters, other: Filters) -> Filters:
    """Combine two filters. Where both set a field, the second one wins."""
    values = {name: getattr(other, name) or getattr(one, name) for name in Filters.__dataclass_fields__}
    return Filters(**values)


def _read_value(match: re.Match[str]) -> tuple[str, bool]:
    if match["open"] is None:
        return match["word"], False
    if match["close"] is None or (match["close"] != _QUOTES[match["open"]]):
        raise UsageError(f"a quotation mark is left open before {match['quoted'][:40]!r}: close it")
    return match["quoted"].strip(), True


def _read_field(name: str | None, value: str) -> str | None:
    """Return the name of a field, or None for plain text.

    Raises:
        UsageError: The field is misspelled or has no value.
    """
    if name is None:
        return None
    lowered = name.lower()
    if lowered in FIELDS:
        if not value:
            raise UsageError(f"{lowered}: needs a value: {FIELDS[lowered]}")
        return lowered
    near = difflib.get_close_matches(lowered, FIELDS, 1, cutoff=0.8)
    if near:
        raise UsageError(f"there is no field {name}: did you mean {near[0]}: ({FIELDS[near[0]]})?")
    return None


def _read_weight(value: str, weight: str | None) -> tuple[str, float]:
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


def _make_filters(fields: dict[str, str], phrases: list[str]) -> Filters:
    return Filters(
        types=_read_types(fields.get("type")),
        sources=(fields["source"],) if "source" in fields else (),
        path=fields.get("in"),
        after=fields.get("after"),
        before=fields.get("before"),
        longer=_read_length("longer", fields.get("longer")),
        shorter=_read_length("shorter", fields.get("shorter")),
        languages=tuple(fields["lang"].lower().split(",")) if "lang" in fields else (),
        camera=fields.get("camera"),
        artist=fields.get("artist"),
        album=fields.get("album"),
        tags=tuple(one.strip() for one in fields.get("tag", "").split(",") if one.strip()),
        phrases=tuple(phrase for phrase in phrases if phrase),
    )


def _read_types(value: str | None) -> tuple[ItemType, ...]:
    try:
        return tuple(ItemType(one) for one in value.lower().split(",")) if value else ()
    except ValueError:
        raise UsageError(f"type: must be {FIELDS['type']}; not {value!r}") from None


def _read_length(field: str, value: str | None) -> float | None:
    if value is None:
        return None
    match = _LENGTH.fullmatch(value.lower())
    if match is None:
        raise UsageError(f"{field}: must be {FIELDS[field]}; not {value!r}")
    return float(match[1]) * _SECONDS[match[2]]
