"""Named spans of days, some of them relative to the day on which the library is built."""

import calendar
from datetime import date, timedelta

Span = tuple[date, date]


def resolve_span(text: str, today: date) -> Span:
    """Return the first and the last day of a span.

    Args:
        text: A year, a month, a day, two of these with a slash between them, or a name such as `last-weekend`.
        today: The day that names are relative to.
    """
    if text in NAMES:
        return NAMES[text](today)
    first, _, last = text.partition("/")
    return _parse(first)[0], _parse(last or first)[1]


def find_last_weekend(today: date) -> Span:
    """Return Saturday and Sunday before the current week, which starts on Monday."""
    monday = today - timedelta(days=today.weekday())
    return monday - timedelta(days=2), monday - timedelta(days=1)


def find_last_month(today: date) -> Span:
    """Return the month before the current one."""
    last = today.replace(day=1) - timedelta(days=1)
    return last.replace(day=1), last


def find_last_winter(today: date) -> Span:
    """Return the latest winter, December to February, that is over."""
    year = today.year if today.month > 2 else today.year - 1
    return date(year - 1, 12, 1), date(year, 3, 1) - timedelta(days=1)


NAMES = {"last-weekend": find_last_weekend, "last-month": find_last_month, "last-winter": find_last_winter}


def _parse(text: str) -> Span:
    parts = [int(part) for part in text.split("-")]
    if len(parts) == 3:
        return date(*parts), date(*parts)
    if len(parts) == 2:
        return date(*parts, 1), date(*parts, calendar.monthrange(*parts)[1])
    return date(parts[0], 1, 1), date(parts[0], 12, 31)
