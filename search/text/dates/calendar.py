"""The periods that words name: seasons, holidays, decades, and periods counted from today.

Seasons are those of meteorology in the northern hemisphere: summer is June to August, and winter begins in December.
"""

from collections.abc import Callable
from datetime import date, timedelta

from search.text.dates.period import Period, make_month, make_year

# The first month of each season, which has three.
SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "winter": 12}
DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
_SATURDAY = 5
# The first day of the Chinese year, as month and day.
_LUNAR_NEW_YEARS = {
    2000 + index: day
    for index, day in enumerate(
        [
            "02-05",
            "01-24",
            "02-12",
            "02-01",
            "01-22",
            "02-09",
            "01-29",
            "02-18",
            "02-07",
            "01-26",
            "02-14",
            "02-03",
            "01-23",
            "02-10",
            "01-31",
            "02-19",
            "02-08",
            "01-28",
            "02-16",
            "02-05",
            "01-25",
            "02-12",
            "02-01",
            "01-22",
            "02-10",
            "01-29",
            "02-17",
            "02-06",
            "01-26",
            "02-13",
            "02-03",
        ]
    )
}


def make_days(first: date, days: int = 1) -> Period:
    """Return the period of some days."""
    return Period(first, first + timedelta(days=days - 1))


def make_season(name: str, year: int) -> Period:
    """Return a season; the winter of a year begins in December of that year."""
    return make_month(year, SEASONS[name], 3)


def make_decade(year: int) -> Period:
    """Return the decade that begins with a year."""
    return make_year(year, 10)


def make_holiday(name: str, year: int) -> Period | None:
    """Return a holiday with the days around it that people mean; None if its date is not known."""
    if name == "lunar_new_year":
        lunar = _LUNAR_NEW_YEARS.get(year)
        return make_days(date.fromisoformat(f"{year}-{lunar}") - timedelta(days=1), 8) if lunar else None
    if name == "easter":
        return make_days(_compute_easter(year) - timedelta(days=2), 4)
    if name == "thanksgiving":
        first = date(year, 11, 1)
        return make_days(first + timedelta(days=(3 - first.weekday()) % 7 + 21))
    month, day, days = {
        "christmas": (12, 24, 3),
        "new_year": (12, 31, 2),
        "halloween": (10, 31, 1),
        "valentine": (2, 14, 1),
        "national_day": (10, 1, 7),
    }[name]
    return make_days(date(year, month, day), days)


def _compute_easter(year: int) -> date:
    """Return Easter Sunday (the anonymous Gregorian algorithm; Meeus, "Astronomical Algorithms", 1991)."""
    a, (b, c) = year % 19, divmod(year, 100)
    (d, e), f = divmod(b, 4), (b + 8) // 25
    g = (b - f + 1) // 3
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    shift = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * shift) // 451
    month, day = divmod(h + shift - 7 * m + 114, 31)
    return date(year, month, day + 1)


def count_back(unit: str, number: int, today: date) -> Period:
    """Return the calendar day, week, weekend, month or year that was a number of them before today's."""
    if unit == "day":
        return make_days(today - timedelta(days=number))
    monday = today - timedelta(days=today.weekday()) - number * _WEEK
    if unit == "week":
        return make_days(monday, 7)
    if unit == "weekend":
        return make_days(monday + timedelta(days=_SATURDAY), 2)
    if unit == "year":
        return make_year(today.year - number)
    years, index = divmod(today.year * 12 + today.month - 1 - number, 12)
    return make_month(years, index + 1)


def span_back(unit: str, number: int, today: date) -> Period:
    """Return the days from a number of days, weeks, months or years ago until today."""
    if unit in {"month", "year"}:
        months = number * (12 if unit == "year" else 1)
        start = count_back("month", months, today).first
        assert start is not None
        return Period(start.replace(day=min(today.day, 28)), today)
    return Period(today - number * (timedelta(days=1) if unit == "day" else _WEEK), today)


def find_last(make: Callable[[int], Period | None], today: date, is_over: bool) -> Period | None:
    """Return the latest of yearly periods that is over, or that has begun, before today.

    Args:
        make: Returns the period of a year, None if it is not known.
        today: The current day.
        is_over: Whether the period must have ended; otherwise it must have begun.
    """
    for year in range(today.year, today.year - 3, -1):
        period = make(year)
        limit = period and (period.last if is_over else period.first)
        if limit and (limit < today if is_over else limit <= today):
            return period
    return None


def find_weekday(weekday: int, today: date) -> Period:
    """Return the last day before today that is a weekday, 0 for Monday."""
    return make_days(today - timedelta(days=(today.weekday() - weekday - 1) % 7 + 1))
