"""Names of places among the words of a query."""

import pytest

from search.places.index import PlaceIndex, is_only_about_pictures, narrow
from search.places.names import get_code

VENICE, LISBON, KYOTO, NICE, READING, NEW_YORK = 3164603, 2267057, 1857910, 2990440, 2639577, 5128581
KNOWN = [("IT.20", VENICE), ("PT.14", LISBON), ("JP.22", KYOTO), ("FR.93", NICE), ("GB.ENG", READING), ("TR.34", None)]
KNOWN += [("US.NY", NEW_YORK)]


@pytest.fixture(scope="module")
def index():
    return PlaceIndex(KNOWN)


@pytest.mark.parametrize(
    ("text", "rest", "code"),
    [
        ("photos from Venice", "photos", VENICE),
        ("Kyoto temple", "temple", KYOTO),
        ("sunset lisbon 2025", "sunset 2025", LISBON),
        ("照片 京都", "照片", KYOTO),
        ("京都的寺庙", "的寺庙", KYOTO),
        ("Fotos aus Venedig", "Fotos", VENICE),
        ("photos à Lisbonne", "photos", LISBON),
        ("fotos en Lisboa", "fotos", LISBON),
        ("new york at night", "at night", NEW_YORK),
    ],
)
def test_a_name_is_found_and_the_rest_is_what_is_left(index, text, rest, code):
    mention = next(iter(index.find_mentions(text)))
    assert str(code) in map(get_code, mention.places)
    assert " ".join(f"{text[: mention.start]} {text[mention.end :]}".split()) == rest
    assert mention.is_certain


@pytest.mark.parametrize("text", ["a nice dress", "Nice dress", "reading a book", "turkey with gravy"])
def test_a_word_that_mostly_means_something_else_is_not_certain(index, text):
    assert [mention.is_certain for mention in index.find_mentions(text)] == [False]


@pytest.mark.parametrize("text", ["photos from Nice", "beach in Nice", "train to Reading"])
def test_a_capital_letter_or_a_preposition_makes_it_a_name(index, text):
    assert [mention.is_certain for mention in index.find_mentions(text)] == [True]


@pytest.mark.parametrize("text", ["a dog in the snow", "Paris", "of the"])
def test_other_words_and_places_outside_the_library_are_left_alone(index, text):
    assert index.find_mentions(text) == []


def test_two_places_one_inside_the_other_mean_the_inner_one(index):
    assert str(LISBON) in map(get_code, narrow(index.find_mentions("Lisbon Portugal")))
    assert "PT" not in map(get_code, narrow(index.find_mentions("Lisbon Portugal")))
    assert {"JP", str(VENICE)} <= set(map(get_code, narrow(index.find_mentions("Venice and Japan"))))


@pytest.mark.parametrize("text", ["photos", "Fotos", "拍的照片", "some pictures of the", ""])
def test_words_for_pictures_describe_nothing(text):
    assert is_only_about_pictures(text)
    assert not is_only_about_pictures(f"{text} beach")
