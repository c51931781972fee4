"""Typing errors are corrected where the word is unknown, and only there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.engine import Engine
from search.query.correction import compute_error_cost, correct_query, read_known_words
from search.records import Query
from search.text.language import detect_language
from tests.support.indexing import index


def correct(text, own=()):
    return correct_query(text, own, detect_language)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("skateborad", "skateboard"),
        ("snowbording", "snowboarding"),
        ("a red bycicle on the raod", "a red bicycle on the road"),
        ("skateborads", "skateboards"),
        ("Lighthosue, at night", "Lighthouse, at night"),
        ("two childern's toys", "two children's toys"),
        ("sunflwoer type:image -squirel", "sunflower type:image -squirel"),
        ('"exakt wrods" on a skateborad', '"exakt wrods" on a skateboard'),
    ],
)
def test_a_typing_error_is_corrected(typed, meant):
    assert correct(typed) == meant


@pytest.mark.parametrize(
    "text",
    [
        '"skateborad"',
        "-skateborad",
        "tag:skateborad",
        "skateborad.jpg",
        "IMG_skateborad",
        "skateborad2",
        "a photo of Skateborad",
        "SKATEBORAD",
        "rote blume",
        "sonnenuntergang am meer",
        "un papillon",
        "滑板",
        "скейтборт",
        "skáteborad",
        "doghouse",
        "selfie",
        "cta",
        "2024",
        "",
        "xqzzt blorfing vrunk",
    ],
)
def test_what_is_right_or_meant_as_it_is_stays(text):
    assert correct(text) is None


def test_the_words_of_the_library_are_correct_and_suggested():
    assert correct("skateborad", own={"skateborad"}) is None
    assert correct("zorbulons") is None
    assert correct("zorbuolns", own={"zorbulons"}) == "zorbulons"
    assert correct("zorbulon", own={"zorbulons"}) is None


def test_a_query_in_another_language_is_left_alone():
    assert correct("die Kinder spielen mit dem skateborad") is None


@given(st.text(max_size=60))
def test_any_text_is_read(text):
    correct(text)


@given(st.text("abcdef", min_size=1, max_size=8), st.text("abcdef", min_size=1, max_size=8))
def test_errors_cost_the_more_the_more_there_are(one, other):
    cost = compute_error_cost(one, other)
    assert (cost == 0) == (one == other)
    assert cost <= 1.4 * max(len(one), len(other))


def test_the_word_lists_are_packaged():
    vocabulary = read_known_words()
    assert vocabulary.ranks["the"] == 0
    assert all(
        vocabulary.knows(word) for word in ("skateboard", "goldfish", "neighborhood", "sonnenuntergang", "kubrick")
    )
    assert not vocabulary.knows("skateborad")


def test_an_answer_reports_the_correction_and_the_text_can_be_searched_as_typed(fresh, tmp_path):
    (tmp_path / "m").mkdir()
    (tmp_path / "m/a.txt").write_text("The skateboard is in the cellar.")
    index(fresh, tmp_path / "m")
    engine = Engine(fresh)
    answer = engine.search(Query(text="skaetborad"))
    assert (answer.text, answer.corrected, answer.total) == ("skaetborad", "skateboard", 1)
    exact = engine.search(Query(text="skaetborad", correct=False))
    assert exact.corrected is None
    assert engine.search(Query(text="skateboard")).corrected is None
    assert engine.find_moments(answer.hits[0].item.id, Query(text="skaetborad"))
