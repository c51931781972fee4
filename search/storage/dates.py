"""Dates of items as SQL: to sort by, and to filter by."""

import contextlib
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, literal, null

from search.errors import UsageError
from search.records import DATE_PATTERN
from search.storage import tables as t
from search.text.dates.reading import get_today, read_date

# How SQLite formats times, and a time in this format.
TIME_FORMAT, LOCAL_TIME = "%Y-%m-%dT%H:%M:%S", "2024-05-01T12:11:12"
# How long the periods are that a guessed date of less than a day means.
_SPANS = {"month": "+1 month", "season": "+3 months", "year": "+1 year"}


def read_instant() -> ColumnElement[str]:
    """Return the SQL expression for the time in UTC when an item was captured, to sort by.

    A time without an offset counts as in the time zone of this system. An item without a date counts as captured when
    its file was modified.
    """
    captured = t.item.c.captured_at
    instant = case(
        (func.length(captured) == len(LOCAL_TIME), func.strftime(TIME_FORMAT, captured, "utc")),
        else_=func.strftime(TIME_FORMAT, captured),
    )
    return func.coalesce(instant, _read_modified())


def read_local_time() -> ColumnElement[str]:
    """Return the SQL expression for the local time when an item was captured, to filter by the date that people see."""
    captured = t.item.c.captured_at
    local = case(
        (captured.endswith("Z"), func.strftime(TIME_FORMAT, captured, "localtime")),
        else_=func.substr(captured, 1, len(LOCAL_TIME)),
    )
    return func.coalesce(local, func.strftime(TIME_FORMAT, _read_modified(), "localtime"))


def read_latest_time() -> ColumnElement[str]:
    """Return the SQL expression for the latest local time at which an item can have been captured.

    It differs from `read_local_time` for an item of which only the month, the season or the year is known.
    """
    captured, precision = t.item.c.captured_at, t.item.c.date_precision
    ends = [(precision == one, func.strftime(TIME_FORMAT, captured, span, "-1 second")) for one, span in _SPANS.items()]
    return case(*ends, else_=read_local_time())


def order_by_date(newest_first: bool) -> tuple[ColumnElement[Any], ...]:
    """Return the order of items by date.

    Items whose date is guessed from a name follow the other items of their day; items without a date come last.
    """
    c = t.item.c
    local = read_local_time() if newest_first else read_latest_time()
    day = func.substr(local, 1, len("2024-05-01"))
    end = func.strftime(TIME_FORMAT, day + ("T00:00:00" if newest_first else "T23:59:59"), "utc")
    instant = read_instant()
    keys = (case((c.is_date_guessed, end), else_=instant), case((c.is_date_guessed, instant)))
    first, second = (key.desc() if newest_first else key.asc() for key in keys)
    return c.captured_at.is_(None).asc(), first, c.is_date_guessed.asc(), second


def read_modified() -> ColumnElement[str]:
    """Return the SQL expression for `Item.modified_at`."""
    # A folder, or a file that could not be read, is stored with the time 0.
    is_unknown = and_(t.item.c.mtime_ns == 0, t.item.c.indexed_at.is_(None))
    return case((is_unknown, null()), else_=_read_modified() + "Z")


def _read_modified() -> ColumnElement[str]:
    """Return the SQL expression for the time in UTC when a file was modified; at the latest when it was indexed."""
    item = t.item.c
    modified = func.strftime(TIME_FORMAT, item.mtime_ns / literal(1_000_000_000), "unixepoch")
    indexed = func.substr(item.indexed_at, 1, len(LOCAL_TIME))
    # A file from a computer whose clock is wrong can have a time in the future.
    return func.min(func.coalesce(modified, indexed), func.coalesce(indexed, modified))


def make_date_condition(name: str, is_met: Callable[[Any, Any], Any]) -> Callable[[str], ColumnElement[bool]]:
    """Return the function from a date to the condition that an item was captured after or before it.

    Args:
        name: The name of the filter.
        is_met: Compares the time of an item with the date. An item of which only the month, the season or the year is
            known must satisfy the condition on all of its days.
    """

    def make_condition(value: str) -> ColumnElement[bool]:
        try:
            if not re.fullmatch(DATE_PATTERN, value):  # Python accepts more forms, such as 2024-W01-1
                raise ValueError("not a date")
            moment = datetime.fromisoformat((value + "-01-01")[:10] if len(value) in (4, 7) else value)
        except ValueError as error:
            raise UsageError(f"{name} must be a date such as 2024, 2024-05 or 2024-05-31, not {value!r}") from error
        if moment.tzinfo is None:
            condition: ColumnElement[bool] = is_met(
                read_latest_time() if name == "before" else read_local_time(), value
            )
            return condition
        instant: ColumnElement[bool] = is_met(read_instant(), _format_utc(moment))
        return instant

    return make_condition


def _format_utc(moment: datetime) -> str:
    """Return a time with a zone as text in UTC. Near the years 1 and 9999, the zone is ignored."""
    with contextlib.suppress(OverflowError):
        moment = moment.astimezone(UTC)
    return moment.replace(tzinfo=None).isoformat(timespec="seconds")


def match_date(value: str) -> ColumnElement[bool]:
    """Return the condition that an item was captured in a period; "last month" is counted from the current day.

    Raises UsageError if the value names no period.
    """
    period = read_date(value, get_today())
    if period is None:
        raise UsageError(f"date must be a date such as 2024, 2024-05 or 2018..2020, or words for one, not {value!r}")
    first = read_local_time() >= period.first.isoformat() if period.first else None
    # "U" follows the "T" before the time of a day.
    last = read_latest_time() < f"{period.last.isoformat()}U" if period.last else None
    return and_(*(one for one in (first, last) if one is not None))
