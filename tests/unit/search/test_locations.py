"""How precisely clients see where something was captured."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.locations import limit_location
from search.records import LocationPrecision, MediaFacts

KM_PER_DEGREE = 111.2


def make_facts(latitude, longitude):
    return MediaFacts(latitude=latitude, longitude=longitude, camera="Camera")


def limit(latitude, longitude, precision):
    facts = limit_location(make_facts(latitude, longitude), precision)
    assert facts.camera == "Camera"
    return facts.latitude, facts.longitude


def test_exact_and_hidden():
    assert limit(52.520008, 13.404954, LocationPrecision.EXACT) == (52.520008, 13.404954)
    assert limit(52.520008, 13.404954, LocationPrecision.HIDDEN) == (None, None)
    assert limit(None, None, LocationPrecision.ROUNDED) == (None, None)


@pytest.mark.parametrize("place", [(89.99, 12.3), (-90.0, 180.0), (0.0, 180.0), (12.34, -180.0)])
def test_rounded_places_are_on_the_globe(place):
    latitude, longitude = limit(*place, LocationPrecision.ROUNDED)
    assert abs(latitude) <= 90
    assert abs(longitude) <= 180


@given(st.floats(-85, 85), st.floats(-179, 179), st.floats(-0.04, 0.04), st.floats(-0.04, 0.04))
def test_rounded_places_are_near_and_the_same_for_all_of_a_cell(latitude, longitude, north, east):
    rounded = limit(latitude, longitude, LocationPrecision.ROUNDED)
    scale = math.cos(math.radians(latitude))
    distance = math.hypot(rounded[0] - latitude, (rounded[1] - longitude) * scale) * KM_PER_DEGREE
    assert distance < 9
    shown = limit(rounded[0] + north, rounded[1] + east / scale, LocationPrecision.ROUNDED)
    assert shown == pytest.approx(rounded, abs=1e-3)
