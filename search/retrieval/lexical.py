"""The lexical retriever: full text, scored by BM25."""

from collections.abc import Sequence

import numpy as np

from search.records import Ids
from search.scoring.lexical import LexicalMatches, TermMatches, score_terms
from search.storage.filters import match_phrase
from search.storage.lexical.index import WordIndex
from search.text.terms import Term


def match_terms(index: WordIndex, terms: Sequence[Term], language: str | None = None) -> LexicalMatches:
    """Return every segment that holds any of the terms, scored.

    Args:
        index: The full-text index.
        terms: The terms of the query.
        language: The language of the query (ISO 639-1) if it is known.
    """
    wanted, total = index.expand([term.word for term in terms], language)
    found = index.find(wanted)
    matches = [
        TermMatches(one.segments, one.frequencies, one.shares, term.count, term.is_special)
        for term, one in zip(terms, found, strict=True)
    ]
    highest = max((int(one.segments[-1]) for one in found if len(one.segments)), default=0)
    lengths, average = index.read_lengths(highest)
    # The count of segments may lag behind the index.
    total = max([total, *(len(one.segments) for one in found)])
    return score_terms(matches, lengths, average, total)


def find_phrases(index: WordIndex, phrases: Sequence[str]) -> Ids:
    """Return the segments that hold any of the quoted phrases, ascending."""
    if not phrases:
        return np.zeros(0, np.int64)
    found = [index.match(match_phrase(phrase)) for phrase in phrases]
    return np.unique(np.concatenate(found))
