"""Filters as people write them: values as text, fields of a request."""

import re
from typing import Annotated, Any

from pydantic import Field

from search.errors import UsageError
from search.records import FILTERS, FilterField, FilterKind, Filters, ItemType

FILTERS_BY_KEYWORD: dict[str, str] = {declared.keyword: name for name, declared in FILTERS.items()}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(s|m|h)?")
_SECONDS_PER_UNIT = {None: 1, "s": 1, "m": 60, "h": 3600}
MAX_ID = 2**63 - 1
_Id = Annotated[int, Field(ge=1, le=MAX_ID)]
_REQUEST_TYPES: dict[FilterKind, Any] = {
    FilterKind.TYPES: list[ItemType],
    FilterKind.TEXT: str | None,
    FilterKind.FOLDER: str | None,
    FilterKind.DATE: str | None,
    FilterKind.SECONDS: Annotated[float, Field(ge=0)] | None,
    FilterKind.LABELS: list[str],
    FilterKind.TEXTS: list[str],
    FilterKind.IDS: list[_Id],
}


def parse_filter_value(declared: FilterField, text: str) -> Any:
    """Parse the value of a filter as it is written in the query language or as a command-line option.

    Returns:
        The value of the attribute of `Filters`: a tuple for a filter that holds several values.

    Raises:
        UsageError: The text is not such a value.
    """
    try:
        return _parse(declared.kind, text)
    except ValueError as error:
        raise UsageError(f"{declared.keyword}: must be {declared.expects}; not {text!r}") from error


def _parse(kind: FilterKind, text: str) -> Any:
    if kind is FilterKind.TYPES:
        return tuple(ItemType(part) for part in _split(text))
    if kind is FilterKind.LABELS:
        return _split(text)
    if kind is FilterKind.IDS:
        ids = tuple(int(part) for part in _split(text))
        if not all(1 <= one <= MAX_ID for one in ids):
            raise ValueError("an id out of range")
        return ids
    if kind is FilterKind.TEXTS:
        return (text,) if text else ()
    if kind is FilterKind.SECONDS:
        return _parse_duration(text)
    return text


def _split(text: str) -> tuple[str, ...]:
    parts = tuple(part.strip() for part in text.lower().split(",") if part.strip())
    if not parts:
        raise ValueError("no value")
    return parts


def _parse_duration(text: str) -> float:
    match = _DURATION.fullmatch(text.lower())
    if match is None:
        raise ValueError("not a duration")
    return float(match[1]) * _SECONDS_PER_UNIT[match[2]]


def make_request_fields() -> dict[str, Any]:
    """Return the fields of a request model, one for each filter, by name: pairs of a type and a pydantic field."""
    request_fields: dict[str, Any] = {}
    for name, declared in FILTERS.items():
        value: Any = Field(None, description=declared.help)
        if declared.kind.is_list:
            value = Field(default_factory=list, max_length=declared.max_values, description=declared.help)
        request_fields[name] = (_REQUEST_TYPES[declared.kind], value)
    return request_fields


def make_filters(values: dict[str, Any]) -> Filters:
    """Return filters from their values by name; lists become tuples, and other names are ignored."""
    known: dict[str, Any] = {name: value for name, value in values.items() if name in FILTERS}
    for name, value in known.items():
        known[name] = tuple(value) if isinstance(value, list) else value
    return Filters(**known)


def join_filters(first: Filters, second: Filters) -> Filters:
    """Return filters with the values of both; where both have a value, the second's."""
    return Filters(**{name: getattr(second, name) or getattr(first, name) for name in FILTERS})
