"""Other forms of a word that the index holds: inflected, begun, or misspelt by one letter."""

import bisect
import threading
import time
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, text

from search.store.database import Database

# How much a hit by such a form counts beside the word itself.
INFLECTED, BEGUN, MISSPELT = 0.9, 0.7, 0.6
STEM_PREFIX = 3
LEAST_GUESSED = 4
# Languages other than English cut words shorter; forms that differ by more letters are mostly other words.
MOST_LETTERS = 2
MOST_FORMS = 24
# A vocabulary this small is searched whole for misspellings; of a larger one, the words with the same first letter.
SMALL_VOCABULARY = 30_000
FRESH_SECONDS = 2.0
LATIN = ("english", "spanish", "french", "german", "italian", "portuguese", "dutch", "swedish")
BY_SCRIPT = (
    ("\u0000", "\u036f", LATIN),
    ("\u0370", "\u03ff", ("greek",)),
    ("\u0400", "\u052f", ("russian",)),
    ("\u0600", "\u06ff", ("arabic",)),
)


class Vocabulary:
    """The words of an index, in order."""

    def __init__(self, terms: list[str]) -> None:
        """terms: ascending."""
        self._terms = terms

    def find_forms(self, word: str) -> dict[str, float]:
        """Give the indexed forms of a word with how much each counts; the word itself counts 1.

        Inflected forms are those with the same Snowball stem in some language of the word's script. Only a word that
        has neither itself nor such a form in the index is taken as begun, and if nothing begins so, as misspelt.
        """
        forms = {word: 1.0}
        near = self._scan(word[:STEM_PREFIX]) if len(word) >= STEM_PREFIX else [word]
        if len(word) > STEM_PREFIX and not word.isdigit():
            forms |= {term: INFLECTED for term in near if term != word and _share_stem(term, word)}
        if word not in near and len(forms) == 1 and len(word) >= LEAST_GUESSED:
            begun = [term for term in near if term.startswith(word)]
            forms |= dict.fromkeys(begun, BEGUN)
            if not begun and not word.isdigit():
                forms |= dict.fromkeys(self._find_misspelt(word), MISSPELT)
        return dict(sorted(forms.items(), key=lambda one: (-one[1], len(one[0]), one[0]))[:MOST_FORMS])

    def _scan(self, prefix: str) -> list[str]:
        low = bisect.bisect_left(self._terms, prefix)
        return self._terms[low : bisect.bisect_left(self._terms, prefix + "\U0010ffff", low)]

    def _find_misspelt(self, word: str) -> list[str]:
        from rapidfuzz import process
        from rapidfuzz.distance import OSA

        terms = self._terms if len(self._terms) < SMALL_VOCABULARY else self._scan(word[0])
        found = process.extract(word, terms, scorer=OSA.distance, score_cutoff=1, limit=MOST_FORMS)
        return [term for term, _, _ in found if not term.isdigit()]


class VocabularyCache:
    """The vocabulary of each database, read anew when the index has changed and the last reading is old enough."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: WeakKeyDictionary[Database, tuple[int, float, Vocabulary]] = WeakKeyDictionary()

    def get(self, database: Database) -> Vocabulary:
        """Give a vocabulary that lacks at most the words of the last seconds."""
        with self._lock:
            known = self._known.get(database)
            if known is not None and time.monotonic() - known[1] < FRESH_SECONDS:
                return known[2]
            with database.read() as db:
                size = int(db.execute(text("SELECT coalesce(max(id), 0) FROM segment")).scalar_one())
                if known is None or known[0] != size:
                    terms = [row[0] for row in db.execute(text("SELECT term FROM words_vocabulary"))]
                    known = (size, 0.0, Vocabulary(sorted(terms)))
            self._known[database] = (known[0], time.monotonic(), known[2])
            return known[2]


_CACHE = VocabularyCache()


def read_vocabulary(database: Database) -> Vocabulary:
    """Give the words of an index."""
    return _CACHE.get(database)


def count_segments(db: Connection, terms: Iterable[str]) -> int:
    """Give in how many segments the commonest of the terms occurs."""
    query = text("SELECT doc FROM words_vocabulary WHERE term = :term")
    return max((int(db.execute(query, {"term": term}).scalar() or 0) for term in terms), default=0)


def _share_stem(one: str, other: str) -> bool:
    near = abs(len(one) - len(other)) <= MOST_LETTERS
    return any(
        stem and stem == theirs and (near or language == "english")
        for language, stem, theirs in zip(_choose_languages(one), _stem(one), _stem(other), strict=False)
    )


def _choose_languages(word: str) -> tuple[str, ...]:
    for first, last, names in BY_SCRIPT:
        if first <= word[0] <= last:
            return names
    return ()


@lru_cache(maxsize=65_536)
def _stem(word: str) -> tuple[str, ...]:
    """Give the word's stem in each language of its script; empty when a stem would be too short to tell."""
    stems = (_open(name).stemWord(word) for name in _choose_languages(word))
    return tuple(stem if len(stem) >= STEM_PREFIX else "" for stem in stems)


@cache
def _open(language: str) -> Any:
    import Stemmer

    return Stemmer.Stemmer(language)
