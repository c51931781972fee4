"""Guess when a file was captured from the name of its folder: `2019/07 Italy`, `2025-06 Venice`, `Summer 2018`."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import PurePath

from search.media.dates import guess_date
from search.text.dates.period import Period, make_month, make_year, read_period
from search.text.dates.phrases import find_dates
from search.text.dates.reading import get_today

# The number of folders above a file whose names are read.
MAX_FOLDERS = 3
_END = r"(?=$|[ _.,-])"
# A day or a month at the start of a name, a month below the folder of a year, and a year at the start or the end.
_DAY = re.compile(rf"((?:19|20)\d\d)[-_. ]?(\d\d)[-_. ]?(\d\d){_END}", re.ASCII)
_MONTH = re.compile(rf"((?:19|20)\d\d)[-_. ](\d\d){_END}", re.ASCII)
_MONTH_OF_YEAR = re.compile(rf"(0[1-9]|1[0-2]){_END}", re.ASCII)
_YEAR = re.compile(r"(?:19|20)\d\d", re.ASCII)
_YEAR_IN_NAME = re.compile(rf"((?:19|20)\d\d){_END}|.*[ _-]((?:19|20)\d\d)", re.ASCII)
_MONTHS_BY_PRECISION = {"month": 1, "season": 3, "year": 12}


def guess_from_names(path: PurePath) -> tuple[str, str | None] | None:
    """Return the date in the name of a file, else that in the names of its folders, with its precision."""
    written = guess_date(path.name)
    return (written, None) if written else guess_from_path(path)


def guess_from_path(path: PurePath) -> tuple[str, str | None] | None:
    """Return the date that the name of a file without a full date, or of the folders above it, contains.

    Returns:
        The beginning of the day or period in ISO 8601, and the precision as in `MediaFacts.date_precision`; None if the
        names contain no date, or one in the future.
    """
    today = get_today()
    for period in _list_periods(path, today):
        precision = _find_precision(period)
        if period.first is not None and period.first <= today and precision is not None:
            return f"{period.first.isoformat()}T00:00:00", None if precision == "day" else precision
    return None


def _list_periods(path: PurePath, today: date) -> Iterator[Period]:
    """Yield the periods in the names of a path, from the file up."""
    names = [path.stem, *(parent.name for parent in list(path.parents)[: MAX_FOLDERS + 1])]
    for at, name in enumerate(names[: MAX_FOLDERS + 1]):
        period = _read_written(name) or _read_words(name, today)
        if period is None and at > 0:
            period = _read_parts(name, names[at + 1] if at + 1 < len(names) else "")
        if period is not None:
            yield period


def _read_written(name: str) -> Period | None:
    for pattern in (_DAY, _MONTH):
        match = pattern.match(name)
        period = read_period("-".join(match.groups())) if match else None
        if period is not None:
            return period
    return None


def _read_words(name: str, today: date) -> Period | None:
    """Return the period of a name such as "Summer 2018"; words such as "last summer" say nothing in a name."""
    spaced = name.replace("_", " ")
    found = find_dates(spaced, today) if re.search(r"[^\W\d_]", spaced) and _YEAR.search(spaced) else []
    if len(found) != 1 or not _YEAR.search(spaced, found[0].start, found[0].end):
        return None
    period = found[0].period
    if period.first is None or period.last is None or _find_precision(period) is not None:
        return period
    # Holidays of some days: the month is certain.
    is_month = (period.first.year, period.first.month) == (period.last.year, period.last.month)
    return make_month(period.first.year, period.first.month) if is_month else None


def _read_parts(name: str, parent: str) -> Period | None:
    """Return the month of a folder such as `07 Italy` below that of a year, or the year of `2019 Italy`."""
    month = _MONTH_OF_YEAR.match(name)
    if month and _YEAR.fullmatch(parent):
        return make_month(int(parent), int(month[1]))
    year = _YEAR_IN_NAME.fullmatch(name) or _YEAR_IN_NAME.match(name)
    return make_year(int(year[1] or year[2])) if year and (year[1] or year.end() == len(name)) else None


def _find_precision(period: Period) -> str | None:
    """Return the precision of a period that is a day, a month, a season or a year; None for any other."""
    if period.first is None or period.last is None:
        return None
    if period.last - period.first < timedelta(days=1):
        return "day"
    if period.first.day != 1:
        return None
    for precision, months in _MONTHS_BY_PRECISION.items():
        if period == make_month(period.first.year, period.first.month, months):
            return precision
    return None
