"""Other forms of a word that the index holds: inflected, begun, or misspelt by one letter."""

import bisect
from collections.abc import Collection, Iterable, Mapping
from functools import cache, lru_cache
from typing import Any

# How much a hit by such a form counts beside the word itself.
INFLECTED, BEGUN, MISSPELT = 0.9, 0.7, 0.6
STEM_PREFIX = 3
LEAST_GUESSED = 4
# Languages other than English cut words shorter; forms that differ by more letters are mostly other words.
MOST_LETTERS = 2
MOST_FORMS = 24
# Of more words of about the length only those with the same first letter are compared for misspellings.
MOST_COMPARED = 10_000
LATIN = ("english", "spanish", "french", "german", "italian", "portuguese", "dutch", "swedish")
BY_SCRIPT = (
    ("\u0000", "\u036f", LATIN),
    ("\u0370", "\u03ff", ("greek",)),
    ("\u0400", "\u052f", ("russian",)),
    ("\u0600", "\u06ff", ("arabic",)),
)


class Vocabulary:
    """The words of an index, and in how many segments each is."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        self._counts = counts
        self._terms = sorted(counts)
        self._by_shape: dict[tuple[int, str], list[str]] = {}
        for term in self._terms:
            self._by_shape.setdefault((len(term), ""), []).append(term)
            self._by_shape.setdefault((len(term), term[0]), []).append(term)

    @property
    def words(self) -> Collection[str]:
        """The words themselves."""
        return self._counts.keys()

    def count(self, terms: Iterable[str]) -> int:
        """Give in how many segments the commonest of the terms is."""
        return max((self._counts.get(term, 0) for term in terms), default=0)

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

        lengths = (len(word) - 1, len(word), len(word) + 1)
        count = sum(len(self._by_shape.get((length, ""), ())) for length in lengths)
        start = "" if count <= MOST_COMPARED else word[0]
        terms: list[str] = []
        for length in lengths:
            terms += self._by_shape.get((length, start), ())
        found = process.extract(word, terms, scorer=OSA.distance, score_cutoff=1, limit=MOST_FORMS)
        return [term for term, _, _ in found if not term.isdigit()]


def _share_stem(one: str, other: str) -> bool:
    ours, theirs = _stem(one), _stem(other)
    languages = _choose_languages(one)
    if languages[:1] == ("english",) and ours[0] and ours[0] == theirs[0]:
        return True
    if abs(len(one) - len(other)) > MOST_LETTERS:
        return False
    return any(stem and stem == their for stem, their in zip(ours, theirs, strict=False))


@lru_cache(maxsize=1024)
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
