"""A filter is declared once; every way to write it follows from the declaration."""

import dataclasses
import re
import unicodedata
from datetime import date
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from crossmodal.cli.filters import filter_options
from docs.filter_tables import DOCS, JSON_TYPES, insert_table, make_tables
from search.errors import UsageError
from search.places.locate import locate
from search.query.filters import REQUEST_TYPES, join_filters, make_filters, parse_filter_value
from search.query.grammar import parse_query
from search.query.request import parse_request
from search.records import (
    FILTERS,
    FileFacts,
    FilterKind,
    Filters,
    ItemType,
    MachineTag,
    Matches,
    MediaFacts,
    Record,
    Segment,
    SegmentKind,
)
from search.storage.albums import Albums
from search.storage.catalog import Catalog
from search.storage.facets import FACETS, read_facet
from search.storage.filters import SQL, select_items
from search.storage.machine_tags import MachineTags
from search.storage.sources import Sources
from search.text.dates.period import read_period
from search.text.dates.reading import read_date

STATE = Path(__file__).parents[4] / "web/static/search/request.js"
# What the page leaves to its search box.
TYPED = {"album", "phrases", "date", "formats", "picture_kinds"}
# A value that the first of two items satisfies and the second does not: as text, and as JSON.
VALUES = {
    "types": ("video", ["video"]),
    "formats": ("mp4", ["mp4"]),
    "picture_kinds": ("screenshot", ["screenshot"]),
    "sources": ("/one", ["/one"]),
    "path": ("/one/films", "/one/films"),
    "date": ("2024-05..2025", "2024-05..2025"),
    "after": ("2024-05", "2024-05"),
    "places": ("lisbon", ["lisbon"]),
    "before": ("2025", "2025"),
    "longer": ("2m", 120.0),
    "shorter": ("1h", 3600.0),
    "languages": ("de", ["de"]),
    "camera": ("nikon", "nikon"),
    "artist": ("davis", "davis"),
    "album": ("blue", "blue"),
    "tags": ("fair", ["fair"]),
    "machine_tags": ("hund", ["hund"]),
    "rating": ("4", 4),
    "albums": ("1", [1]),
    "phrases": ("night train", ["night train"]),
}
FIRST = MediaFacts(
    captured_at="2024-06-01T00:00:00",
    duration=600.0,
    latitude=38.7223,
    longitude=-9.1393,
    language="de",
    camera="NIKON D5",
    artist="Miles Davis",
    album="Kind of Blue",
    rating=4,
    tags=("Fair",),
)
# Of dates, durations and ratings, the second item is outside one bound only.
SECOND = {
    "date": MediaFacts(captured_at="2026-01-01T00:00:00"),
    "before": MediaFacts(captured_at="2026-01-01T00:00:00"),
    "shorter": MediaFacts(duration=7200.0),
    "rating": MediaFacts(rating=3),
}


@click.command
@filter_options
def show_filters(**filters):
    click.echo(repr(Filters(**filters)))


def save(database, path, kind, facts, words):
    source = Sources(database).add("/" + path.split("/")[1])
    segment = Segment(SegmentKind.PASSAGE, words)
    file = FileFacts(path, source, kind, 10, 0)
    return Catalog(database).save_items(
        [Record(file, path, facts, [segment], [], place=locate(facts.latitude, facts.longitude))]
    )[0]


def test_every_filter_has_sql_and_an_example():
    assert set(SQL) == set(FILTERS) == set(VALUES) == set(Filters.__dataclass_fields__) - {"rights"}
    assert len({declared.keyword for declared in FILTERS.values()}) == len(FILTERS)
    for name, declared in FILTERS.items():
        assert declared.help.endswith("."), name
        assert bool(SQL[name].facet_column is not None) == bool(declared.facet), name
        assert getattr(parse_query(declared.example).filters, name), name


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_is_the_same_in_a_request_in_a_query_and_as_an_option(name):
    text, value = VALUES[name]
    keyword = FILTERS[name].keyword
    expected = parse_request({name: value}).make_filters()
    assert getattr(expected, name)
    assert parse_query(f'{keyword}:"{text}"').filters == expected
    result = CliRunner().invoke(show_filters, [f"--{keyword}", text], catch_exceptions=False)
    assert result.output.strip() == repr(expected)


@pytest.mark.parametrize("name", sorted(FILTERS.keys() - {"picture_kinds"}))
def test_a_filter_keeps_the_items_that_satisfy_it(database, name):
    first = save(database, "/one/films/a.mp4", ItemType.VIDEO, FIRST, "the night train to Paris")
    second = save(database, "/two/b.jpg", ItemType.IMAGE, SECOND.get(name, MediaFacts()), "a train at night")
    album = Albums(database).add("Trips").id
    Albums(database).change(album, [first], [])
    MachineTags(database).write_names({"dog": {"en": "dog", "de": "Hund"}})
    MachineTags(database).replace([first, second], {first: [MachineTag("dog", 0.9)]}, "1")
    assert select_items(database, Filters()).tolist() == [first, second]
    assert select_items(database, make_filters({name: VALUES[name][1]})).tolist() == [first]


def test_screenshots_are_recognized_by_the_name_of_their_file_or_folder(database):
    names = (
        "Screenshot_2025.png",
        "Screenshots/a.png",
        "Bildschirmfoto 1.png",
        "屏幕截图 1.png",
        "CAPTURE D’ÉCRAN.png",
    )
    named = [save(database, f"/one/{name}", ItemType.IMAGE, MediaFacts(), "words") for name in names]
    save(database, "/one/screen.png", ItemType.IMAGE, MediaFacts(), "words")
    save(database, "/one/Screenshots.pdf", ItemType.DOCUMENT, MediaFacts(), "words")
    assert select_items(database, Filters(picture_kinds=("screenshot",))).tolist() == named
    with pytest.raises(UsageError, match="picture must be one of screenshot, not 'receipt'"):
        select_items(database, Filters(picture_kinds=("receipt",)))


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("2024", "2024-01-01 2024-12-31"),
        ("2024-02", "2024-02-01 2024-02-29"),
        ("2024-02-29", "2024-02-29 2024-02-29"),
        ("2018..2020-03", "2018-01-01 2020-03-31"),
        ("..2020", "None 2020-12-31"),
        ("2018..", "2018-01-01 None"),
        ("last month", "2026-11-01 2026-11-30"),
        ("summer 2018", "2018-06-01 2018-08-31"),
        ("summer", "2026-06-01 2026-08-31"),
        ("may", "2026-05-01 2026-05-31"),
        ("上个月", "2026-11-01 2026-11-30"),
        ("12 марта 2021", "2021-03-12 2021-03-12"),
        ("agosto 2019", "2019-08-01 2019-08-31"),
    ],
)
def test_a_date_is_digits_or_words(text, days):
    period = read_date(text, date(2026, 12, 1))
    assert f"{period.first} {period.last}" == days
    assert read_period(str(period)) == period


@pytest.mark.parametrize("text", ["", "soon", "2024-13", "2020..2018", "0000", "99999", "..", "x" * 100, "2024-02-30"])
def test_other_text_is_no_date(text):
    assert read_date(text, date(2026, 12, 1)) is None
    with pytest.raises(UsageError, match=r"date: "):
        parse_query(f'date:"{text}"')


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("path", "Übungen"),
        ("path", "ÜBUNGEN"),
        ("path", "/übung/Übungen"),
        ("path", "/übung"),
        ("sources", ["/übung"]),
        ("artist", "dvořák"),
        ("artist", "DVOŘÁK"),
        ("album", "größte"),
        ("tags", ["straße"]),
        ("tags", ["STRASSE"]),
    ],
)
def test_names_are_found_in_any_normalization_and_case(database, form, name, text):
    facts = MediaFacts(artist="Antonín Dvořák", album="Größte Erfolge", tags=("Straße",))
    for stored in ("NFC", "NFD"):
        values = {field: unicodedata.normalize(stored, getattr(facts, field)) for field in ("artist", "album")}
        path = unicodedata.normalize(stored, f"/übung/Übungen/{stored}/a.mp3")
        save(database, path, ItemType.AUDIO, dataclasses.replace(facts, **values), "text")
    save(database, "/übrig/Übung/a.mp3", ItemType.AUDIO, MediaFacts(), "text")
    forms = [unicodedata.normalize(form, one) for one in ([text] if isinstance(text, str) else text)]
    filters = make_filters({name: forms[0] if isinstance(text, str) else forms})
    assert len(select_items(database, filters)) == 2


def test_a_whole_path_is_compared_with_its_case(database):
    save(database, "/übung/a.mp3", ItemType.AUDIO, MediaFacts(), "text")
    assert len(select_items(database, Filters(path="/übung"))) == 1
    assert len(select_items(database, Filters(path="/Übung"))) == 0


def test_facets_count_the_values_of_filters(database):
    save(database, "/one/films/a.mp4", ItemType.VIDEO, FIRST, "text")
    facets = {name: read_facet(database, facet, Matches(Filters())) for name, facet in FACETS.items()}
    assert facets["tags"] == [{"value": "Fair", "count": 1}]
    assert facets["ratings"] == [{"value": 4, "count": 1}]
    assert facets["cameras"] == [{"value": "NIKON D5", "count": 1}]
    assert {declared.facet for declared in FILTERS.values() if declared.facet} < set(facets)


def test_options_may_be_repeated_and_name_their_mistakes():
    run = CliRunner().invoke(show_filters, ["--type", "image", "--type", "video,audio"], catch_exceptions=False)
    types = (ItemType.IMAGE, ItemType.VIDEO, ItemType.AUDIO)
    assert run.output.strip() == repr(Filters(types=types))
    wrong = CliRunner().invoke(show_filters, ["--longer", "soon"])
    assert wrong.exit_code == 2
    assert "--longer" in wrong.output
    assert "minutes as 2m" in wrong.output


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("types", "song"),
        ("longer", "soon"),
        ("albums", "blue"),
        ("albums", "0"),
        ("tags", ","),
        ("rating", "0"),
        ("rating", "6"),
        ("rating", "good"),
    ],
)
def test_text_that_is_no_value_is_refused(name, text):
    with pytest.raises(UsageError, match=f"{FILTERS[name].keyword}: must be"):
        parse_filter_value(FILTERS[name], text)


def test_every_kind_of_filter_can_be_requested_and_documented():
    assert set(REQUEST_TYPES) == set(JSON_TYPES) == set(FilterKind)
    assert all(declared.keyword.isalpha() for declared in FILTERS.values())


def test_the_second_of_two_filters_wins_even_if_it_is_zero():
    assert join_filters(Filters(longer=60.0), Filters(longer=0.0)).longer == 0


@pytest.mark.parametrize("name", make_tables())
def test_the_documentation_has_the_table_of_filters(name):
    document = (DOCS / name).read_text()
    assert "<!-- filters:" in document
    assert document == insert_table(document, make_tables()[name]), "run `python -m docs.filter_tables`"


def test_the_page_sends_what_is_declared():
    source = STATE.read_text()
    fields = dict(re.findall(r'\{ field: "(\w+)", kind: "(\w+)" \}', source))
    assert fields == {name: str(declared.kind) for name, declared in FILTERS.items() if name not in TYPED}
    for constant, kinds in (
        ("LIST_KINDS", {kind for kind in FilterKind if kind.is_list}),
        ("NUMBER_KINDS", {FilterKind.SECONDS, FilterKind.STARS, FilterKind.IDS}),
    ):
        listed = re.search(rf"const {constant} = \[(.*)\];", source)[1]
        assert set(re.findall(r'"(\w+)"', listed)) == set(map(str, kinds))
