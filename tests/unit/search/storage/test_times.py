"""Items are sorted by the moment when they were captured, and filtered by the local time that people see."""

import time
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from search.errors import UsageError
from search.records import FileFacts, Filters, ItemType, Matches, MediaFacts, Record, Sort
from search.storage.catalog import Catalog
from search.storage.database import Database
from search.storage.facets import FACETS, read_facet
from search.storage.filters import select_items
from search.storage.newest import list_newest_of
from search.storage.sources import Sources
from tests.support.old_catalog import write_old_catalog

NOON_UTC = 1_714_564_800  # 2024-05-01T12:00:00Z
NANOSECOND = 10**9


@pytest.fixture
def catalog(tmp_path):
    database = Database(tmp_path / "c.db")
    yield Catalog(database)
    database.close()


@pytest.fixture
def berlin(monkeypatch):
    """Run a test in the time zone of Berlin."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def save(catalog, captured, seconds=NOON_UTC, guessed=()):
    """Save one item for each date, and return the names of the dates by item id. Some dates are guessed."""
    source = Sources(catalog.database).add("/m")
    records = [
        Record(
            FileFacts(f"/m/{number}.jpg", source, ItemType.IMAGE, 1, int(seconds) * NANOSECOND),
            str(number),
            MediaFacts(captured_at=date, is_date_guessed=date in guessed),
            [],
            [],
        )
        for number, date in enumerate(captured)
    ]
    return dict(zip(catalog.save_items(records), captured, strict=True))


def list_dates(catalog, dates, **filters):
    return {dates[item_id] for item_id in select_items(catalog.database, Filters(**filters)).tolist()}


def test_photos_with_a_zone_and_clips_in_utc_sort_by_instant(catalog):
    in_order = [
        "2024-05-01T12:11:12+02:00",
        "2024-05-01T10:30:00Z",
        "2024-05-01T12:45:00+02:00",
        "2024-05-01T07:00:00-04:00",
        "2024-05-01T11:30:00Z",
    ]
    dates = save(catalog, sorted(in_order))
    assert [dates[item_id] for item_id in catalog.list_newest(Filters())] == in_order[::-1]
    positions = catalog.read_order(Sort.OLDEST, dates)
    assert [dates[item_id] for item_id in sorted(positions, key=positions.get)] == in_order


@pytest.mark.parametrize("steps", [(0, 1), (0, 20), (10, 40), (0, 1000), (1000, 1000)])
def test_the_newest_few_are_the_first_of_all(catalog, monkeypatch, steps):
    monkeypatch.setattr("search.storage.newest.WALKED_STEPS", steps)
    zones = ["", "Z", "+14:00", "-11:00"]
    captured = [f"2024-05-{1 + n % 9:02d}T{n * 7 % 24:02d}:00:00{zones[n % 4]}" for n in range(60)]
    save(catalog, [*captured, None, "2024-05-09", "not a date"], guessed=captured[::5])
    for filters in (Filters(), Filters(after="2024-05-04"), Filters(after="2030")):
        ids, newest = select_items(catalog.database, filters), catalog.list_newest(filters)
        assert [list_newest_of(catalog.database, ids, count) for count in (1, 7, 40, 90)] == [
            newest[:count] for count in (1, 7, 40, 90)
        ]


def test_a_time_without_a_zone_is_that_of_the_server(catalog, berlin):
    in_order = ["2024-05-01T10:05:00Z", "2024-05-01T12:30:00", "2024-05-01T10:45:00Z", "2024-01-01T12:00:00"]
    dates = save(catalog, in_order)
    assert [dates[item_id] for item_id in catalog.list_newest(Filters())] == [
        in_order[2],
        in_order[1],
        in_order[0],
        in_order[3],
    ]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Pacific/Auckland", "America/Los_Angeles", "UTC"])
def test_guessed_dates_follow_the_known_dates_of_their_day(catalog, monkeypatch, zone):
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        begin, end, next_day = "2024-05-01T00:00:00", "2024-05-01T23:59:59", "2024-05-02T00:00:00"
        guessed = ["2024-05-01T00:00:01", "2024-05-01T12:11:12"]
        dates = save(catalog, [*guessed, None, next_day, end, begin], guessed=guessed)
        newest = [dates[item_id] for item_id in catalog.list_newest(Filters())]
        assert newest == [next_day, end, begin, *guessed[::-1], None]
        for sort, expected in (
            (Sort.NEWEST, newest),
            (Sort.OLDEST, [begin, end, *guessed, next_day, None]),
        ):
            positions = catalog.read_order(sort, dates)
            assert [dates[item_id] for item_id in sorted(positions, key=positions.get)] == expected
    finally:
        monkeypatch.undo()
        time.tzset()


def test_filters_and_months_use_the_local_time(catalog, berlin):
    early, late, clip = "2024-05-01T00:30:00+02:00", "2024-04-30T23:30:00-04:00", "2024-04-30T22:30:00Z"
    dates = save(catalog, [early, late, clip, None])
    # The clip and the file without a date are shown in the zone of the server: 00:30, and 14:00 on the 1st of May.
    assert list_dates(catalog, dates, after="2024-05-01") == {early, clip, None}
    assert list_dates(catalog, dates, before="2024-05-01") == {late}
    assert list_dates(catalog, dates, after="2024-05-01T13:59:59", before="2024-05-01T14:00:01") == {None}
    months = read_facet(catalog.database, FACETS["months"], Matches(Filters()))
    assert months == [{"value": "2024-04", "count": 1}, {"value": "2024-05", "count": 3}]


def test_a_filter_with_a_zone_is_a_moment(catalog):
    dates = save(catalog, ["2024-05-01T12:00:00+02:00", "2024-05-01T10:00:01Z"])
    assert list_dates(catalog, dates, after="2024-05-01T06:00:01-04:00") == {"2024-05-01T10:00:01Z"}
    assert list_dates(catalog, dates, before="2024-05-01T10:00:01Z") == {"2024-05-01T12:00:00+02:00"}
    assert list_dates(catalog, dates, after="0001-01-01T00:00:00+14:00") == set(dates.values())
    with pytest.raises(UsageError, match="after must be a date"):
        list_dates(catalog, dates, after="soon")


def test_a_file_from_the_future_was_modified_when_it_was_indexed(catalog):
    dates = save(catalog, [None], datetime(2098, 1, 1, tzinfo=UTC).timestamp())
    year = str(datetime.now(UTC).year)
    assert [one["value"][:4] for one in read_facet(catalog.database, FACETS["months"], Matches(Filters()))] == [year]
    assert list_dates(catalog, dates, after="2098") == set()


def test_dates_of_older_homes_are_kept(tmp_path):
    with write_old_catalog(tmp_path / "c.db", "0007") as connection:
        for statement in (
            "INSERT INTO source (id, path, added_at) VALUES (1, '/m', '')",
            "INSERT INTO item (id, source_id, path, type, state, size, mtime_ns, captured_at) "
            "VALUES (1, 1, '/m/a.jpg', 'image', 'indexed', 1, 1, '2019-06-07T10\\:11\\:12')",
        ):
            connection.execute(text(statement))
    catalog = Catalog(Database(tmp_path / "c.db"))
    facts = catalog.get_item(1).facts
    assert (facts.captured_at, facts.is_date_guessed, facts.rating) == ("2019-06-07T10:11:12", False, None)
    assert catalog.list_newest(Filters(after="2019-06-07", before="2019-06-08")) == [1]
    catalog.database.close()
