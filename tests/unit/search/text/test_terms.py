"""A query becomes terms: without stop words, with how often each occurs."""

import pytest

from search.text.stopwords import list_stop_words
from search.text.terms import list_ignored, read_terms


def read(text, language=None):
    return [term.word.whole for term in read_terms([text], language)]


@pytest.mark.parametrize(
    ("text", "language", "words"),
    [
        ("how do I reset my router", "en", ["reset", "router"]),
        ("the cat", None, ["cat"]),
        ("Wo ist der Hund?", "de", ["hund"]),
        ("¿Dónde está el perro?", "es", ["perro"]),
        ("die hard", "en", ["die", "hard"]),
        ("怎么重置路由器", "zh", ["重置", "置路", "路由", "由器"]),
        ("ルーターの方法は", "ja", ["ルー", "ータ", "ター", "方法"]),
        ("狗", None, ["狗"]),
    ],
)
def test_stop_words_of_the_language_are_left_out(text, language, words):
    assert read(text, language) == words


@pytest.mark.parametrize("text", ["the who", "to be or not to be", "是什么"])
def test_a_query_of_stop_words_only_keeps_them(text):
    assert read(text)


def test_a_word_counts_as_often_as_it_occurs():
    terms = read_terms(["library use and library staff"], "en")
    assert {term.word.whole: term.count for term in terms} == {"library": 2, "use": 1, "staff": 1}


def test_numbers_identifiers_and_names_must_be_found():
    special = {
        term.word.whole for term in read_terms(["flight LH4021 to Paris for 2 in IMG_2041"], "en") if term.is_special
    }
    assert {"lh4021", "paris", "2", "2041"} <= special
    assert "flight" not in special


def test_german_nouns_are_no_names():
    assert not any(term.is_special for term in read_terms(["wo ist der Schlüssel"], "de"))


def test_every_list_is_folded_as_the_index_is():
    for language in ("de", "fr", "es", "pt", "ru"):
        assert list_stop_words(language)
        assert all(word == word.casefold() for word in list_stop_words(language))


@pytest.mark.parametrize(
    ("text", "language", "ignored"),
    [
        ("How do I reset the router", "en", ("How", "do", "I", "the")),
        ("the the", "en", ()),
        ("die Katze auf dem Sofa", "de", ("die", "auf", "dem")),
        ("海边的照片", "zh", ("的",)),
    ],
)
def test_stop_words_are_known_as_they_were_typed(text, language, ignored):
    assert list_ignored([text], language) == ignored
