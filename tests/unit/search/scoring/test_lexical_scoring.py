"""BM25, and what counts as an exact match."""

import numpy as np

from search.scoring.lexical import TermMatches, compute_idf, score_terms

LENGTHS = np.array([0, 10, 10, 10, 40], np.float32)
TOTAL = 1000


def match(segments, frequencies=None, shares=None, **fields):
    count = len(segments)
    return TermMatches(
        np.array(segments, np.int64),
        np.array(frequencies or [1] * count, np.float32),
        np.array(shares or [1] * count, np.float32),
        **fields,
    )


def score(*terms):
    return score_terms(terms, LENGTHS, 10.0, TOTAL)


def test_a_rare_word_counts_more_than_a_common_one():
    assert compute_idf(1, TOTAL) > compute_idf(500, TOTAL) > 0


def test_segments_are_scored_as_bm25_defines_it():
    found = score(match([1, 4], [2, 2]))
    idf = compute_idf(2, TOTAL)
    assert found.segment_ids.tolist() == [1, 4]
    np.testing.assert_allclose(found.bm25, [idf * 2 / 3.5, idf * 2 / (2 + 1.5 * (0.25 + 0.75 * 4))], rtol=1e-5)


def test_a_word_that_is_repeated_in_the_query_counts_again():
    once, twice = (score(match([1], count=count), match([2])) for count in (1, 2))
    assert once.bm25[0] == once.bm25[1]
    assert twice.bm25[0] == 2 * twice.bm25[1]


def test_a_text_that_holds_the_whole_query_is_covered_wholly():
    found = score(match([1, 2]), match([2, 3]))
    assert found.contained_share[1] == 1
    assert 0 < found.contained_share[0] < 1
    assert found.strength.max() < 1


def test_only_a_text_with_every_rare_word_matches_exactly():
    common = list(range(1, 5))
    found = score_terms([match(common), match([1, 2]), match([2, 3])], LENGTHS, 10.0, 4)
    assert found.exact.tolist() == [False, True, False, False]


def test_common_words_are_not_required():
    many = np.arange(1, 101)
    lengths = np.full(101, 10, np.float32)
    common = TermMatches(many[:90], np.ones(90, np.float32), np.ones(90, np.float32))
    found = score_terms([common, match([95])], lengths, 10.0, 100)
    assert found.segment_ids[found.exact].tolist() == [95]


def test_a_number_is_required_however_common():
    many = np.arange(1, 101)
    lengths = np.full(101, 10, np.float32)
    number = TermMatches(many[:90], np.ones(90, np.float32), np.ones(90, np.float32), is_special=True)
    found = score_terms([number, match([5, 95])], lengths, 10.0, 100)
    assert found.segment_ids[found.exact].tolist() == [5]


def test_a_word_that_no_text_holds_leaves_nothing_exact():
    assert not score(match([1]), match([])).exact.any()


def test_a_guessed_form_is_no_exact_match():
    assert score(match([1], shares=[0.9])).exact.all()
    assert not score(match([1], shares=[0.6])).exact.any()


def test_no_match_returns_no_segments():
    assert len(score(match([])).segment_ids) == 0
