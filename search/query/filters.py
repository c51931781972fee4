"""Parsing of filters from the query language, command-line options and requests."""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Annotated, Any, assert_never

from pydantic import Field

from search.errors import UsageError
from search.query.limits import MAX_LIST_VALUES, limited_by
from search.records import DATE_PATTERN, FILTERS, MAX_RATING, MIN_RATING, FilterField, FilterKind, Filters, ItemType
from search.storable import MAX_INTEGER
from search.text.dates.reading import MAX_DATE_LENGTH, read_date

FILTERS_BY_KEYWORD: dict[str, str] = {declared.keyword: name for name, declared in FILTERS.items()}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(s|m|h)?")
_SECONDS_PER_UNIT = {None: 1, "s": 1, "m": 60, "h": 3600}
# Characters of a value, as long as the longest path of a file system; SQLite accepts patterns of up to 50,000 bytes.
MAX_VALUE_LENGTH = 4096
_Text = Annotated[str, Field(max_length=MAX_VALUE_LENGTH)]
# The pattern is only described: values are checked together with those of the query language.
_Date = Annotated[str, Field(max_length=MAX_VALUE_LENGTH, json_schema_extra={"pattern": f"^{DATE_PATTERN}$"})]
ItemId = Annotated[int, Field(ge=1, le=MAX_INTEGER)]
REQUEST_TYPES: dict[FilterKind, Any] = {
    FilterKind.TYPES: list[ItemType],
    FilterKind.TEXT: _Text | None,
    FilterKind.FOLDER: _Text | None,
    FilterKind.DATE: _Date | None,
    FilterKind.PERIOD: Annotated[str, Field(max_length=MAX_DATE_LENGTH)] | None,
    FilterKind.SECONDS: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None,
    FilterKind.STARS: Annotated[int, Field(ge=MIN_RATING, le=MAX_RATING)] | None,
    FilterKind.LABELS: list[_Text],
    FilterKind.TEXTS: list[_Text],
    FilterKind.IDS: list[ItemId],
}


def parse_filter_value(declared: FilterField, text: str) -> Any:
    """Parse the value of a filter as it is written in the query language or as a command-line option.

    Returns:
        The value of the attribute of `Filters`; a tuple for a filter with several values.

    Raises:
        UsageError: The value is not valid for this filter.
    """
    if len(text) > MAX_VALUE_LENGTH:
        raise UsageError(f"{declared.keyword}: must have at most {MAX_VALUE_LENGTH} characters, not {len(text)}")
    try:
        return _parse(declared.kind, text)
    except ValueError as error:
        raise UsageError(f"{declared.keyword}: must be {declared.expects}, not {text!r}") from error


def _parse(kind: FilterKind, text: str) -> Any:
    value: Any = text
    match kind:
        case FilterKind.TYPES:
            value = tuple(ItemType(part) for part in _split(text))
        case FilterKind.LABELS:
            value = _split(text)
        case FilterKind.IDS:
            value = tuple(_parse_integer(part, 1, MAX_INTEGER) for part in _split(text))
        case FilterKind.TEXTS:
            value = (text,) if text else ()
        case FilterKind.SECONDS:
            value = _parse_duration(text)
        case FilterKind.STARS:
            value = _parse_integer(text, MIN_RATING, MAX_RATING)
        case FilterKind.PERIOD:
            if read_date(text, date.today()) is None:
                raise ValueError("not a date")
        case FilterKind.TEXT | FilterKind.FOLDER | FilterKind.DATE:
            pass
        case _:
            assert_never(kind)
    return value


def _parse_integer(text: str, low: int, high: int) -> int:
    number = int(text)
    if not low <= number <= high:
        raise ValueError("a number out of range")
    return number


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
    """Return a field for each filter, by name, as pairs of a type and a pydantic field: see `pydantic.create_model`."""
    request_fields: dict[str, Any] = {}
    for name, declared in FILTERS.items():
        value: Any = Field(None, description=declared.help)
        if declared.kind.is_list:
            value = Field(
                default_factory=list,
                max_length=declared.max_values or MAX_LIST_VALUES,
                description=declared.help,
                json_schema_extra=limited_by(maxItems="filter_values"),
            )
        request_fields[name] = (REQUEST_TYPES[declared.kind], value)
    return request_fields


def make_filters(values: dict[str, Any]) -> Filters:
    """Return filters from values by name. Lists become tuples; unknown names are ignored."""
    known: dict[str, Any] = {name: value for name, value in values.items() if name in FILTERS}
    for name, value in known.items():
        known[name] = tuple(value) if isinstance(value, list) else value
    return Filters(**known)


def leave_out(filters: Filters, names: Iterable[str]) -> Filters:
    """Return filters without those of some names."""
    return replace(filters, **{name: getattr(Filters(), name) for name in names})


def join_filters(first: Filters, second: Filters) -> Filters:
    """Combine two sets of filters. If both have a value for a filter, that of `second` is used.

    The rights are those of `first`: `second` is what the caller wrote.
    """
    values = {name: getattr(second, name) for name in FILTERS}
    joined = {name: getattr(first, name) if value in (None, ()) else value for name, value in values.items()}
    return Filters(**joined, rights=first.rights)
