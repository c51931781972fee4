"""Read a date that is written as the value of a filter: in digits, in words, or in the words of another language."""

from datetime import date, datetime

from search.text.dates.calendar import SEASONS, find_last, make_days, make_season
from search.text.dates.period import Period, make_month, make_year, read_period
from search.text.dates.phrases import find_dates
from search.text.dates.tokens import fold, read_vocabulary

MAX_DATE_LENGTH = 60
# Languages of which dates are read that the grammar of queries does not cover.
_LANGUAGES = [
    "en",
    "es",
    "fr",
    "de",
    "zh",
    "ja",
    "ko",
    "it",
    "pt",
    "nl",
    "pl",
    "ru",
    "uk",
    "tr",
    "sv",
    "da",
    "fi",
    "cs",
]


def get_today() -> date:
    """Return the current day in the time zone of this system."""
    return datetime.now().astimezone().date()


def read_date(text: str, today: date) -> Period | None:
    """Return the period that a text names; None if it names none or is longer than `MAX_DATE_LENGTH`.

    Args:
        text: For example `2024-05`, `2018..2020`, `last month` or `12 марта 2021`.
        today: The current day.
    """
    text = text.strip()
    if not text or len(text) > MAX_DATE_LENGTH:
        return None
    written = read_period(text)
    if written is not None or (text[0].isdigit() and text.replace("-", "").replace(".", "").isdigit()):
        return written or _read_words(text, today)
    return _read_words(text, today) or _read_season(text, today) or _parse(text, today)


def _read_words(text: str, today: date) -> Period | None:
    found = find_dates(text, today)
    return found[0].period if len(found) == 1 and (found[0].start, found[0].end) == (0, len(text)) else None


def _read_season(text: str, today: date) -> Period | None:
    """Return the latest season with a name that has begun; in a query it would be a word of content."""
    [(symbol, value), *_] = read_vocabulary().symbols.get(fold(text), [("", "")])
    if symbol == "m":
        return find_last(lambda year: make_month(year, value), today, is_over=False)
    return find_last(lambda year: make_season(value, year), today, is_over=False) if value in SEASONS else None


def _parse(text: str, today: date) -> Period | None:
    """Return the day, month or year that dateparser reads."""
    from dateparser.date import DateDataParser

    base = datetime(today.year, today.month, today.day)
    settings = {"PREFER_DATES_FROM": "past", "RELATIVE_BASE": base, "RETURN_AS_TIMEZONE_AWARE": False}
    found = DateDataParser(languages=_LANGUAGES, settings=settings).get_date_data(text)
    if found.date_obj is None:
        return None
    day = found.date_obj.date()
    if found.period == "year":
        return make_year(day.year)
    return make_month(day.year, day.month) if found.period == "month" else make_days(day)
