"""The JSON files of Google Takeout."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.media.takeout import read_takeout
from search.records import MediaFacts

ENTRY = {
    "title": "IMG_1.jpg",
    "description": "Opa am Teich",
    "photoTakenTime": {"timestamp": "1258375918", "formatted": "16 Nov 2009, 12:51:58 UTC"},
    "geoData": {"latitude": 30.66, "longitude": 104.07, "altitude": 0.0},
    "people": [{"name": "Ann"}, {"name": "Bo"}],
}


def test_date_description_place_and_people_are_read():
    facts = read_takeout(json.dumps(ENTRY).encode())
    assert facts.captured_at == "2009-11-16T12:51:58Z"
    assert (facts.description, facts.tags, facts.title) == ("Opa am Teich", ("Ann", "Bo"), None)
    assert (facts.latitude, facts.longitude) == (30.66, 104.07)


def test_an_unknown_place_is_that_of_the_exif_data_or_none():
    unknown = {"latitude": 0.0, "longitude": 0.0}
    assert read_takeout(json.dumps(ENTRY | {"geoData": unknown}).encode()).latitude is None
    place = {"geoData": unknown, "geoDataExif": ENTRY["geoData"]}
    assert read_takeout(json.dumps(ENTRY | place).encode()).latitude == 30.66


@pytest.mark.parametrize("timestamp", ["0", "99999999999999999999", "", None, "x", -(10**18)])
def test_a_date_that_no_camera_had_is_none(timestamp):
    assert read_takeout(json.dumps(ENTRY | {"photoTakenTime": {"timestamp": timestamp}}).encode()).captured_at is None


@pytest.mark.parametrize("body", [b"", b"[", b"[]", b'{"title": "x"}', b'{"photoTakenTime": 3}', b"[" * 100_000])
def test_another_json_file_adds_nothing(body):
    assert read_takeout(body) == MediaFacts()


VALUES = st.recursive(
    st.none() | st.floats() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
)


@given(st.dictionaries(st.sampled_from([*ENTRY, "geoDataExif"]), VALUES))
def test_any_values_give_facts(entry):
    assert isinstance(read_takeout(json.dumps({"photoTakenTime": {}} | entry).encode()), MediaFacts)
