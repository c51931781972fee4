"""Read dates: from metadata, with the time zone if it is known, and from file names.

A date is text in ISO 8601, in whole seconds. It is the local time of the place, followed by the offset from UTC if
the offset is known: `2024-05-01T12:11:12+02:00`. `Z` means that the time is in UTC and the local time is unknown
(RFC 9557, section 2).
"""

import re
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Any

# The oldest year of a date in metadata: an image of an old painting may have the year of the painting.
MIN_YEAR = 1000
# The oldest year of a date in a file name. Names contain many other numbers.
MIN_YEAR_IN_NAME, MIN_YEAR_WITHOUT_SEPARATORS = 1800, 1990
# Clocks that were never set start at these times: QuickTime, Unix and FAT; the last one is a default of cameras.
UNSET_CLOCKS = {datetime(1904, 1, 1), datetime(1970, 1, 1), datetime(1980, 1, 1), datetime(2002, 12, 8, 12)}
# The offsets of real time zones in minutes: multiples of a quarter of an hour.
OFFSET_STEP, MIN_OFFSET, MAX_OFFSET = 15, -12 * 60, 14 * 60
# The maximum difference in minutes between two clocks that show the same moment.
MAX_CLOCK_DIFFERENCE = 4
# The length of a local time without an offset.
LOCAL_LENGTH = len("2024-05-01T12:11:12")
# How dates without a time end.
NO_TIME = "T00:00:00"

_DATE = r"(\d{4})[-:/. ](\d{1,2})[-:/. ](\d{1,2})"
_TIME = r"(\d{1,2}): ?(\d{1,2})(?:: ?(\d{1,2})(?:[.,]\d+)?)?"
_ZONE = r"(Z|UTC|GMT|[+-]\d{1,2}:?\d{2})"
_WRITTEN = re.compile(rf"{_DATE}(?:(?:T| +){_TIME}(?: *{_ZONE})?)?", re.ASCII | re.IGNORECASE)
# A year, a year and a month, or a date.
_PARTIAL = re.compile(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?", re.ASCII)
_OFFSET = re.compile(r"([+-])(\d{1,2}):?(\d{2})", re.ASCII)
# A date in a file name, with the time if one follows: IMG_20190607_101112, Screen Shot 2019-06-07 at 10.11.12 AM.
_NAMED = re.compile(
    r"(?<!\d)(?P<year>\d{4})(?P<mark>[-_.]?)(?P<month>\d{2})(?P=mark)(?P<day>\d{2})"
    r"(?:(?:[-_. T]| at | um )?(?P<hour>\d{2})[-_.:h]?(?P<minute>\d{2})[-_.:m]?(?P<second>\d{2})\d{0,3}"
    r"(?:[ \u202f]?(?P<half>[AP]M))?)?(?!\d)",
    re.ASCII | re.IGNORECASE,
)
# Milliseconds since 1970, as in FB_IMG_1559901234567.
_MILLISECONDS = re.compile(r"(?<!\d)(1\d{12})(?!\d)", re.ASCII)
# Cameras that name files by the time in UTC.
_UTC_PREFIXES = ("PXL_",)


def read_date(value: Any, offset: Any = None) -> str | None:
    """Return a date of metadata as described above; None if it is not a date, or one that no clock showed.

    Missing months and days become 1. Dates of clocks that were not set, and dates after tomorrow, are no dates.

    Args:
        value: The date as in EXIF, ISO 8601 or RFC 5322.
        offset: The offset from UTC, such as `+02:00`, if it is stored separately.
    """
    text = str(value or "").strip("\0 \t\r\n")
    moment = _parse(text)
    if moment is None:
        return None
    has_time = not _PARTIAL.fullmatch(text)
    zone = moment.utcoffset()
    if zone is None and has_time:
        moment = moment.replace(tzinfo=_parse_offset(offset))
    elif zone is not None and not MIN_OFFSET <= zone.total_seconds() / 60 <= MAX_OFFSET:
        moment = moment.replace(tzinfo=None)
    is_utc = text.upper().endswith(("Z", "UTC", "GMT"))
    return _format(moment, is_utc) if _is_plausible(moment, has_time) else None


def add_offset(local: str | None, instant: str | None) -> str | None:
    """Return a local time with the offset that follows from the same moment in UTC.

    Args:
        local: A date. One that has an offset, or no time, is returned unchanged.
        instant: A date in UTC that ends with `Z`, for example that of a GPS receiver.

    Returns:
        The local time with its offset if both can be the same moment, otherwise the local time unchanged.
    """
    if not local or not instant or len(local) != LOCAL_LENGTH or local.endswith(NO_TIME) or not instant.endswith("Z"):
        return local
    moment = datetime.fromisoformat(local)
    minutes = (moment - datetime.fromisoformat(instant.removesuffix("Z"))).total_seconds() / 60
    offset = OFFSET_STEP * round(minutes / OFFSET_STEP)
    if abs(minutes - offset) > MAX_CLOCK_DIFFERENCE or not MIN_OFFSET <= offset <= MAX_OFFSET:
        return local
    return _format(moment.replace(tzinfo=timezone(timedelta(minutes=offset))))


def combine_dates(later: str | None, earlier: str | None) -> str | None:
    """Return the date that was written later; if both are the same moment, with what the earlier one adds to it."""
    if later is None or earlier is None:
        return later or earlier
    if len(later) == LOCAL_LENGTH:
        return earlier if earlier.startswith(later) else add_offset(later, earlier)
    placed = add_offset(earlier, later)
    if placed is not None and len(placed) != LOCAL_LENGTH:
        difference = datetime.fromisoformat(later) - datetime.fromisoformat(placed)
        if abs(difference) <= timedelta(minutes=MAX_CLOCK_DIFFERENCE):
            return placed
    return later


def guess_date(name: str) -> str | None:
    """Return the date that a file name contains; None if it contains none.

    Args:
        name: The name without its folder: `IMG_20190607_101112.jpg`, `IMG-20190607-WA0001.jpg`,
            `Screenshot 2019-06-07 at 10.11.12.png`, `FB_IMG_1559901234567.jpg`.
    """
    for match in _NAMED.finditer(name):
        found = _read_named(match)
        if found is not None:
            is_utc = name.upper().startswith(_UTC_PREFIXES) and match["hour"] is not None
            return _format(found.replace(tzinfo=UTC) if is_utc else found, is_utc)
    for match in _MILLISECONDS.finditer(name):
        moment = datetime.fromtimestamp(int(match[1]) / 1000, UTC)
        if _is_plausible(moment):
            return _format(moment, is_utc=True)
    return None


def _read_named(match: re.Match[str]) -> datetime | None:
    """Return the date that a match of `_NAMED` means, None if it is another number."""
    hour = int(match["hour"] or 0)
    if match["half"]:
        hour = hour % 12 + 12 * (match["half"].upper() == "PM")
    year, month, day, minute, second = (int(match[part] or 0) for part in ("year", "month", "day", "minute", "second"))
    moment = None
    for clock in ((hour, minute, second), (0, 0, 0)):
        with suppress(ValueError):
            moment = moment or datetime(year, month, day, *clock)
    if moment is None:
        return None
    oldest = MIN_YEAR_IN_NAME if match["mark"] else MIN_YEAR_WITHOUT_SEPARATORS
    return moment if moment.year >= oldest and _is_plausible(moment, has_time=False) else None


def _parse(text: str) -> datetime | None:
    try:
        partial = _PARTIAL.fullmatch(text)
        if partial:
            return datetime(int(partial[1]), int(partial[2] or 1), int(partial[3] or 1))
        written = _WRITTEN.fullmatch(text)
        if written:
            year, month, day, hour, minute, second = (int(number or 0) for number in written.groups()[:6])
            return datetime(year, month, day, hour, minute, second, tzinfo=_parse_offset(written[7]))
        return datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        pass
    try:
        return parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _parse_offset(value: Any) -> timezone | None:
    text = str(value or "").strip("\0 ").upper()
    if text in {"Z", "UTC", "GMT"}:
        return UTC
    match = _OFFSET.fullmatch(text)
    if match is None:
        return None
    minutes = (-1 if match[1] == "-" else 1) * (int(match[2]) * 60 + int(match[3]))
    return timezone(timedelta(minutes=minutes)) if MIN_OFFSET <= minutes <= MAX_OFFSET else None


def _is_plausible(moment: datetime, has_time: bool = True) -> bool:
    """Return whether a clock that was set can have shown this time."""
    try:
        instant = moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    except OverflowError:
        return False
    if moment.year < MIN_YEAR or moment.date() > _get_tomorrow():
        return False
    return not has_time or not UNSET_CLOCKS & {moment.replace(tzinfo=None), instant.replace(microsecond=0)}


def _get_tomorrow() -> date:
    return datetime.now(UTC).date() + timedelta(days=1)


def _format(moment: datetime, is_utc: bool = False) -> str:
    text = moment.replace(tzinfo=None).isoformat(timespec="seconds")
    offset = moment.utcoffset()
    if offset is None:
        return text
    if is_utc:
        return f"{text}Z"
    minutes = int(offset.total_seconds() // 60)
    return f"{text}{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
