"""A period: the days from a first to a last one, and how it is written: `2025`, `2025-06`, `2018..2020-03-05`."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date

_MONTHS_PER_YEAR = 12
# A year, a month or a day.
_ISO = re.compile(r"(?!0000)(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?", re.ASCII)
SEPARATOR = ".."


@dataclass(frozen=True)
class Period:
    """All days from `first` to `last`, both included; None if the period has no such end."""

    first: date | None
    last: date | None

    def __str__(self) -> str:
        """Return the shortest form that `read_period` reads."""
        if self.first is None or self.last is None:
            return f"{_shorten(self.first, 'start')}{SEPARATOR}{_shorten(self.last, 'end')}"
        for length in (4, 7, 10):
            text = self.first.isoformat()[:length]
            if read_period(text) == self:
                return text
        return f"{_shorten(self.first, 'start', self.last)}{SEPARATOR}{_shorten(self.last, 'end', self.first)}"


def _shorten(day: date | None, side: str, other: date | None = None) -> str:
    """Return a limit of a period as a year or a month, if the period has whole years or months."""
    if day is None:
        return ""
    opposite = "end" if side == "start" else "start"
    for length in (4, 7):
        is_whole = _get_limit(day, length, side) == day
        if is_whole and (other is None or _get_limit(other, length, opposite) == other):
            return day.isoformat()[:length]
    return day.isoformat()


def _get_limit(day: date, length: int, side: str) -> date:
    """Return the first or last day of the year (length 4) or month (length 7) of a day."""
    first, months = (1, _MONTHS_PER_YEAR) if length == len("2025") else (day.month, 1)
    period = make_month(day.year, first, months)
    return (period.first if side == "start" else period.last) or day


def make_month(year: int, month: int, count: int = 1) -> Period:
    """Return the period of some months. Raises ValueError if a year is not between 1 and 9999."""
    years, index = divmod(month - 1 + count - 1, _MONTHS_PER_YEAR)
    end_year, end_month = year + years, index + 1
    return Period(date(year, month, 1), date(end_year, end_month, monthrange(end_year, end_month)[1]))


def make_year(year: int, count: int = 1) -> Period:
    """Return the period of some years."""
    return Period(date(year, 1, 1), date(year + count - 1, 12, 31))


def read_period(text: str) -> Period | None:
    """Return the period that is written as `2025`, `2025-06`, `2025-06-30`, `2018..2020`, `2018..` or `..2020`.

    Returns None if it is written differently, or if it ends before it begins.
    """
    start, is_range, end = text.partition(SEPARATOR)
    if not is_range:
        return _read_one(text)
    first, last = _read_one(start), _read_one(end)
    if (start and first is None) or (end and last is None) or not (start or end):
        return None
    period = Period(first.first if first else None, last.last if last else None)
    return None if period.first and period.last and period.first > period.last else period


def _read_one(text: str) -> Period | None:
    match = _ISO.fullmatch(text)
    if match is None:
        return None
    year, month, day = (int(number or 0) for number in match.groups())
    try:
        if day:
            return Period(date(year, month, day), date(year, month, day))
        return make_month(year, month) if match[2] else make_year(year)
    except ValueError:
        return None
