"""Dates in metadata and in file names: what they mean, their time zone, and those that no clock showed."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.media.dates import add_offset, combine_dates, guess_date, read_date
from search.media.metadata import read_fields


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2021:07:14 10:20:30", "2021-07-14T10:20:30"),
        ("2021:07:14  8: 5: 3", "2021-07-14T08:05:03"),
        ("2021-07-14T10:20:30.123Z", "2021-07-14T10:20:30Z"),
        ("2021-07-14T10:20:30+0200", "2021-07-14T10:20:30+02:00"),
        ("2021-07-14T10:20:30-03:30", "2021-07-14T10:20:30-03:30"),
        ("20210714T102030Z", "2021-07-14T10:20:30Z"),
        ("2021/07/14 10:20", "2021-07-14T10:20:00"),
        ("Fri, 07 Jun 2019 10:11:12 +0200", "2019-06-07T10:11:12+02:00"),
        ("1960-05-06T10:00:00", "1960-05-06T10:00:00"),
        ("2021", "2021-01-01T00:00:00"),
        ("2021-07", "2021-07-01T00:00:00"),
        # The year of an album is a date; the same moment on a clock is one that was never set.
        ("1970", "1970-01-01T00:00:00"),
        ("1904", "1904-01-01T00:00:00"),
    ],
)
def test_a_date_is_read_with_its_offset(written, expected):
    assert read_date(written) == expected


@pytest.mark.parametrize(
    "written",
    [
        "1904-01-01T00:00:00Z",
        "1904-01-01T00:00:00.000000Z",
        "1970-01-01T00:00:00Z",
        "1970:01:01 00:00:00",
        "1970-01-01T02:00:00+02:00",
        "1980:01:01 00:00:00",
        "2002:12:08 12:00:00",
        "9999:12:31 00:00:00",
        "2080:01:01 00:00:00",
        "0001-01-01T00:00:00",
        "0000:00:00 00:00:00",
        "    :  :     :  :  ",
        "2021:02:30 10:00:00",
        "٢٠٢٤",
    ],
)
def test_a_date_that_no_clock_showed_is_none(written):
    assert read_date(written) is None


def test_dates_until_tomorrow_are_dates():
    now = datetime.now(UTC)
    assert read_date((now + timedelta(hours=20)).isoformat()) is not None
    assert read_date((now + timedelta(days=3)).isoformat()) is None


@pytest.mark.parametrize(("offset", "expected"), [("+02:00", "+02:00"), ("Z", "+00:00"), ("   :  ", ""), (None, "")])
def test_an_offset_can_be_stored_separately(offset, expected):
    assert read_date("2021:07:14 10:20:30", offset) == f"2021-07-14T10:20:30{expected}"


@pytest.mark.parametrize(
    ("local", "instant", "expected"),
    [
        ("2021-07-14T10:20:30", "2021-07-14T08:19:50Z", "2021-07-14T10:20:30+02:00"),
        ("2021-07-14T10:20:30", "2021-07-14T04:35:30Z", "2021-07-14T10:20:30+05:45"),
        ("2021-07-14T01:20:30", "2021-07-14T04:50:30Z", "2021-07-14T01:20:30-03:30"),
        # The receiver had no signal for a while, or for days.
        ("2021-07-14T10:20:30", "2021-07-14T08:10:00Z", "2021-07-14T10:20:30"),
        ("2021-07-14T10:20:30", "2021-07-11T08:20:30Z", "2021-07-14T10:20:30"),
        # Dates without a time, and with an offset.
        ("2021-07-14T00:00:00", "2021-07-14T08:00:00Z", "2021-07-14T00:00:00"),
        ("2021-07-14T10:20:30+01:00", "2021-07-14T08:20:30Z", "2021-07-14T10:20:30+01:00"),
    ],
)
def test_the_offset_follows_from_the_same_moment_in_utc(local, instant, expected):
    assert add_offset(local, instant) == expected


@pytest.mark.parametrize(
    ("later", "earlier", "expected"),
    [
        ("1960-05-06T10:00:00", "2010-01-02T03:04:05", "1960-05-06T10:00:00"),
        ("2021-07-14T10:20:30", "2021-07-14T10:20:30+02:00", "2021-07-14T10:20:30+02:00"),
        ("2021-07-14T08:20:30Z", "2021-07-14T10:20:30", "2021-07-14T10:20:30+02:00"),
        ("2021-07-14T08:20:30Z", "2021-07-14T10:20:30+02:00", "2021-07-14T10:20:30+02:00"),
        ("2009-11-16T13:05:18Z", "2021-07-14T10:20:30", "2009-11-16T13:05:18Z"),
        (None, "2021-07-14T10:20:30", "2021-07-14T10:20:30"),
    ],
)
def test_a_later_date_keeps_what_the_earlier_one_adds(later, earlier, expected):
    assert combine_dates(later, earlier) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("IMG_20190607_101112.jpg", "2019-06-07T10:11:12"),
        ("20190607101112.jpg", "2019-06-07T10:11:12"),
        ("2019-06-07 10.11.12.jpg", "2019-06-07T10:11:12"),
        ("Screenshot_2019-06-07-10-11-12-123_com.example.png", "2019-06-07T10:11:12"),
        ("Screen Shot 2019-06-07 at 10.11.12 PM.png", "2019-06-07T22:11:12"),
        ("Screenshot 2019-06-07 at 12.11.12\u202fAM.png", "2019-06-07T00:11:12"),
        ("WhatsApp Image 2019-06-07 at 10.11.12.jpeg", "2019-06-07T10:11:12"),
        ("IMG-20190607-WA0001.jpg", "2019-06-07T00:00:00"),
        ("signal-2019-06-07-101112.jpg", "2019-06-07T10:11:12"),
        ("MVIMG_20190607_101112_BURST001.jpg", "2019-06-07T10:11:12"),
        ("PXL_20230101_120000123.MP.jpg", "2023-01-01T12:00:00Z"),
        ("FB_IMG_1559901234567.jpg", "2019-06-07T09:53:54Z"),
        ("1559901234567.jpg", "2019-06-07T09:53:54Z"),
        ("1960-05-06 Opa am Teich.jpg", "1960-05-06T00:00:00"),
        ("IMG_20190607_991112.jpg", "2019-06-07T00:00:00"),
        ("IMG_20990101_000000.jpg", None),
        ("DSC01234.JPG", None),
        ("19450508.jpg", None),
        ("12345678.jpg", None),
        ("20151305.jpg", None),
        ("received_1559901234567890.jpg", None),
        ("part 4021-07-14.jpg", None),
    ],
)
def test_a_date_in_a_file_name_is_found_and_other_numbers_are_not(name, expected):
    assert guess_date(name) == expected


@pytest.mark.parametrize("clock", ["1904-01-01T00:00:00.000000Z", "1970-01-01T00:00:00.000000Z"])
def test_a_clip_of_a_clock_that_was_not_set_has_no_date(clock):
    assert read_fields({"creation_time": clock}).captured_at is None


def test_a_clip_has_its_offset_if_it_is_stored_or_follows():
    utc = {"creation_time": "2024-05-01T10:11:12.000000Z"}
    assert read_fields(utc).captured_at == "2024-05-01T10:11:12Z"
    apple = {"com.apple.quicktime.creationdate": "2024-05-01T12:11:12+0200"}
    assert read_fields(utc | apple).captured_at == "2024-05-01T12:11:12+02:00"
    assert read_fields(utc | {"date": "2024-05-01 12:11:12"}).captured_at == "2024-05-01T12:11:12+02:00"
    assert read_fields(utc | {"date": "2024-05-01"}).captured_at == "2024-05-01T00:00:00"


@given(st.text(max_size=60))
def test_any_name_has_a_date_or_none(name):
    guessed = guess_date(name)
    assert guessed is None or datetime.fromisoformat(guessed).year >= 1800


@given(st.datetimes(), st.datetimes(timezones=st.timezones()))
def test_any_two_dates_can_be_combined(local, instant):
    first, second = read_date(local.isoformat()), read_date(instant.isoformat())
    for date in (combine_dates(first, second), combine_dates(second, first), add_offset(first, second)):
        assert date is None or datetime.fromisoformat(date)
