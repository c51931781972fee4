"""Coordinates become the city, the region and the country that people would name."""

import pytest

from search.places.data import load_places
from search.places.locate import locate
from search.places.names import describe_place
from search.records import LocationPrecision

EXACT = LocationPrecision.EXACT


def name(latitude, longitude, language="en", precision=EXACT):
    return describe_place(locate(latitude, longitude), precision, language)


@pytest.mark.parametrize(
    ("latitude", "longitude", "expected"),
    [
        (45.4386, 12.3266, "Venice, Veneto, Italy"),
        (45.4250, 12.3290, "Venice, Veneto, Italy"),  # nearest to Giudecca, a quarter
        (38.7800, -9.1100, "Lisbon, Portugal"),  # six kilometers from the center, next to a suburb
        (48.8049, 2.1204, "Versailles, Île-de-France, France"),  # near a much larger city
        (47.6600, 9.1750, "Konstanz, Baden-Wurttemberg, Germany"),  # at the border
        (47.6450, 9.1780, "Kreuzlingen, Thurgau, Switzerland"),
        (23.5000, 9.0000, "Algeria"),  # in the desert
        (30.0000, -40.000, ""),  # at sea
        (90.0000, 0.0000, ""),
    ],
)
def test_a_place_has_the_name_that_people_use(latitude, longitude, expected):
    assert name(latitude, longitude) == expected


def test_names_are_in_the_language_of_the_reader_where_they_are_known():
    assert name(45.4386, 12.3266, "zh") == "威尼斯, 威尼托, 意大利"
    assert name(45.4386, 12.3266, "de") == "Venice, Venetien, Italien"
    assert name(45.4386, 12.3266, "fr") == "Venice, Vénétie, Italie"
    assert name(45.4386, 12.3266, "es") == "Venice, Véneto, Italia"


def test_without_coordinates_there_is_no_place():
    assert locate(None, None) is None
    assert name(None, None) == ""


def test_who_sees_rounded_locations_sees_only_the_region_at_the_rounded_coordinates():
    assert name(45.4386, 12.3266, precision=LocationPrecision.ROUNDED) == "Veneto, Italy"
    assert name(45.4386, 12.3266, precision=LocationPrecision.HIDDEN) == ""
    # The rounded coordinates are in the other country.
    assert name(47.6450, 9.1780, precision=LocationPrecision.ROUNDED) == name(
        47.6, 9.19, precision=LocationPrecision.ROUNDED
    )


@pytest.mark.parametrize("word", ["Venice", "venedig", "Venise", "Venecia", "威尼斯", "Venezia", "ヴェネツィア"])
def test_a_city_is_found_by_its_name_in_any_language(word):
    assert 3164603 in [city.id for city in load_places().find_cities(word)]


@pytest.mark.parametrize(
    ("word", "code"), [("Turkey", "TR"), ("意大利", "IT"), ("pt", "PT"), ("USA", "US"), ("托斯卡纳", "IT.16")]
)
def test_a_country_or_region_is_found_by_its_names_and_its_code(word, code):
    assert code in [area.code for area in load_places().find_areas(word)]
