"""Other forms of a word that the index holds: inflected, begun, or misspelt by one letter."""

from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import Connection, text

# How much a hit by such a form counts beside the word itself.
INFLECTED, BEGUN, MISSPELT = 0.9, 0.7, 0.6
STEM_PREFIX = 3
LEAST_GUESSED = 4
# Languages other than English cut words shorter; forms that differ by more letters are mostly other words.
MOST_LETTERS = 2
MOST_FORMS = 24
# A vocabulary this small is searched whole for misspellings; of a larger one, the words with the same first letter.
SMALL_VOCABULARY = 30_000
SCANNED = 20_000
LATIN = ("english", "spanish", "french", "german", "italian", "portuguese", "dutch", "swedish")
BY_SCRIPT = (
    ("\u0000", "\u036f", LATIN),
    ("\u0370", "\u03ff", ("greek",)),
    ("\u0400", "\u052f", ("russian",)),
    ("\u0600", "\u06ff", ("arabic",)),
)


def find_forms(db: Connection, word: str) -> dict[str, float]:
    """Give the indexed forms of a word with how much each counts; the word itself counts 1.

    Inflected forms are those with the same Snowball stem in some language of the word's script. Only a word
    that has neither itself nor such a form in the index is taken as begun, and if nothing begins so, as misspelt.
    """
    forms = {word: 1.0}
    near = _scan(db, word[:STEM_PREFIX]) if len(word) >= STEM_PREFIX else {word}
    if len(word) > STEM_PREFIX and not word.isdigit():
        forms |= {term: INFLECTED for term in near if term != word and _share_stem(term, word)}
    if word not in near and len(forms) == 1 and len(word) >= LEAST_GUESSED:
        begun = [term for term in near if term.startswith(word)]
        forms |= dict.fromkeys(begun, BEGUN)
        if not begun and not word.isdigit():
            forms |= dict.fromkeys(_find_misspelt(db, word), MISSPELT)
    return dict(sorted(forms.items(), key=lambda one: (-one[1], len(one[0]), one[0]))[:MOST_FORMS])


def count_segments(db: Connection, terms: Iterable[str]) -> int:
    """Give in how many segments the commonest of the terms occurs."""
    query = text("SELECT doc FROM words_vocabulary WHERE term = :term")
    return max((int(db.execute(query, {"term": term}).scalar() or 0) for term in terms), default=0)


def _scan(db: Connection, prefix: str) -> set[str]:
    query = text("SELECT term FROM words_vocabulary WHERE term >= :low AND term < :high LIMIT :limit")
    limits = {"low": prefix, "high": prefix + "\U0010ffff", "limit": SCANNED}
    return {row[0] for row in db.execute(query, limits)}


def _find_misspelt(db: Connection, word: str) -> list[str]:
    from rapidfuzz.distance import OSA

    count = db.execute(text("SELECT count(*) FROM (SELECT 1 FROM words_vocabulary LIMIT :n)"), {"n": SMALL_VOCABULARY})
    small = count.scalar_one() < SMALL_VOCABULARY
    terms = _scan(db, "" if small else word[0])
    return [
        term
        for term in terms
        if abs(len(term) - len(word)) <= 1 and not term.isdigit() and OSA.distance(term, word, score_cutoff=1) <= 1
    ]


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
