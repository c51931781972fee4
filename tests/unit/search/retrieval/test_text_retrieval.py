"""Both text retrievers over a small library, with a sentence model of known vectors."""

import numpy as np
import pytest

from search.records import FileFacts, ItemType, MediaFacts, Record, Segment, SegmentKind
from search.retrieval.text_candidates import find_phrases, match_terms
from search.scoring.text import compute_length_factors
from search.storage.catalog import Catalog
from search.storage.lexical.index import WordIndex
from search.storage.lexical.postings import FormPostings, count_runs, join_forms, read_varint
from search.storage.sources import Sources
from search.text.analysis import count_words
from search.text.terms import read_terms

TEXTS = (
    "The libraries of the town lend books. A library also lends records.",
    "A short note about books.",
    "Water the garden every morning, and the roses twice.",
    "Order 4711 was sent to Maria on Monday.",
    "密码写在水壶旁边的卡片上。",
)


@pytest.fixture
def index(database):
    source = Sources(database).add("/m")
    records = [
        Record(
            FileFacts(f"/m/{at}", source, ItemType.DOCUMENT, 1, 1),
            "h",
            MediaFacts(),
            [Segment(SegmentKind.PASSAGE, one)],
            [],
        )
        for at, one in enumerate(TEXTS)
    ]
    Catalog(database).save_items(records)
    return WordIndex(database)


def search(index, text, language="en"):
    found = match_terms(index, read_terms([text], language), language)
    order = np.argsort(-found.bm25)
    return [TEXTS[segment - 1] for segment in found.segment_ids[order].tolist()], found


def test_forms_of_a_word_count_as_one(index):
    texts, found = search(index, "library")
    assert texts == [TEXTS[0]]
    assert found.exact.all()
    (posting,) = index.find(index.expand([term.word for term in read_terms(["library"], "en")], "en")[0])
    assert posting.frequencies[0] == pytest.approx(1.9)


def test_the_shorter_text_comes_first(index):
    assert search(index, "books")[0] == [TEXTS[1], TEXTS[0]]


def test_stop_words_are_ignored_next_to_other_words(index):
    assert search(index, "the garden")[0] == [TEXTS[2]]


def test_stop_words_alone_are_searched(index):
    assert TEXTS[0] in search(index, "the")[0]


def test_a_number_and_a_name_match_exactly(index):
    _, found = search(index, "order 4711 to Maria")
    assert found.exact.tolist() == [True]


def test_a_misspelled_word_is_found_but_not_exact(index):
    texts, found = search(index, "gardden")
    assert texts == [TEXTS[2]]
    assert not found.exact.any()


def test_chinese_questions_are_searched_without_their_stop_words(index):
    assert search(index, "密码是什么", "zh")[0] == [TEXTS[4]]


def test_phrases_are_found_word_by_word(index):
    assert find_phrases(index, ["lend books"]).tolist() == [1]
    assert find_phrases(index, []).tolist() == []


def test_what_is_written_later_is_found_at_once(index):
    assert search(index, "tulips")[0] == []
    source = Sources(index._database).add("/m")
    file = FileFacts("/m/new", source, ItemType.DOCUMENT, 1, 1)
    Catalog(index._database).save_items([Record(file, "h", MediaFacts(), [Segment(SegmentKind.PASSAGE, "tulips")], [])])
    assert match_terms(index, read_terms(["tulips"], "en"), "en").segment_ids.tolist() == [len(TEXTS) + 1]


def test_occurrences_are_counted_by_segment():
    segments, counts = count_runs(np.array([3, 3, 7, 9, 9, 9]))
    assert segments.tolist() == [3, 7, 9]
    assert counts.tolist() == [2, 1, 3]


def test_forms_are_joined_by_their_weight():
    one = (np.array([1, 2]), np.array([1, 2], np.float32), 1.0)
    other = (np.array([2, 5]), np.array([4, 1], np.float32), 0.5)
    joined = join_forms([FormPostings(*one), FormPostings(*other)])
    assert joined.segments.tolist() == [1, 2, 5]
    assert joined.frequencies.tolist() == [1, 4, 0.5]
    assert joined.shares.tolist() == [1, 1, 0.5]
    assert len(join_forms([]).segments) == 0


@pytest.mark.parametrize(("body", "number"), [(b"\x05", 5), (b"\x81\x00", 128), (b"\x82\x2c\x07", 300)])
def test_lengths_are_read_as_sqlite_writes_them(body, number):
    assert read_varint(body) == number


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("24,00 27,50 9,00 0,00", 0),
        ("IBAN DE02 1203 0000 0000 2020 51", 1),
        ("SUMME EC-Karte 21.09.2024 18:47", 3),
        ("The bread rises overnight", 4),
        ("雪地里的狗", 3),
        ("", 0),
    ],
)
def test_numbers_and_codes_are_no_words(text, count):
    assert count_words(text) == count


def test_recognized_text_of_a_few_words_counts_less_unless_it_has_a_word_of_the_query():
    words, contained = np.array([1, 5, 40, 1], np.float32), np.array([0, 0, 0, 0.3], np.float32)
    assert compute_length_factors(words, contained).tolist() == pytest.approx([0.2, 1, 1, 1])
    assert compute_length_factors(words, None).tolist() == pytest.approx([0.2, 1, 1, 0.2])
