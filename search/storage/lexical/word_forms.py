"""Forms of a word in the index: inflections, words with it as a prefix, and spellings that differ by one letter."""

import bisect
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import cache, lru_cache
from typing import Any

# The weights of these forms; the word itself has weight 1.
INFLECTED_WEIGHT, PREFIX_WEIGHT, MISSPELLED_WEIGHT = 0.9, 0.7, 0.6
# Only words that share this many first letters are compared by their stems, and only stems of at least this length.
STEM_PREFIX_LENGTH = 3
# Shorter words are never treated as prefixes or as misspelled.
MIN_GUESSED_LENGTH = 4
# Stemmers of languages other than English cut off more letters; forms that differ more in length are mostly other
# words.
MAX_LENGTH_DIFFERENCE = 2
MAX_FORMS = 24
# If more words have about the same length, only those with the same first letter are compared for misspellings.
MAX_COMPARED = 10_000
LATIN_SCRIPT_STEMMERS = ("english", "spanish", "french", "german", "italian", "portuguese", "dutch", "swedish")
# Languages with a Snowball stemmer, by ISO 639-1.
STEMMERS = {
    "ar": "arabic", "hy": "armenian", "eu": "basque", "ca": "catalan", "da": "danish", "nl": "dutch", "en": "english",
    "fi": "finnish", "fr": "french", "de": "german", "el": "greek", "hi": "hindi", "hu": "hungarian",
    "id": "indonesian", "ga": "irish", "it": "italian", "lt": "lithuanian", "ne": "nepali", "no": "norwegian",
    "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian", "es": "spanish", "sv": "swedish",
    "ta": "tamil", "tr": "turkish", "yi": "yiddish", "cs": "czech", "eo": "esperanto", "et": "estonian",
    "fa": "persian", "pl": "polish",
}  # fmt: skip
# A query in a known language is stemmed by the rules of that language and of English.
MAX_STEMMERS_OF_KNOWN_LANGUAGE = 2
# The first and last character of a script, and the stemmers to try when the language is unknown.
STEMMERS_BY_SCRIPT = (
    ("\u0000", "\u036f", LATIN_SCRIPT_STEMMERS),
    ("\u0370", "\u03ff", ("greek",)),
    ("\u0400", "\u052f", ("russian",)),
    ("\u0600", "\u06ff", ("arabic",)),
)
# Returns those of some words that exist for the caller.
Keep = Callable[[Sequence[str]], Sequence[str]]


class Vocabulary:
    """The words of an index.

    Attributes:
        words: The words.
    """

    def __init__(self, terms: Iterable[str]) -> None:
        self._terms = sorted(terms)
        self.words: Collection[str] = frozenset(self._terms)
        self._by_length_and_letter: dict[tuple[int, str], list[str]] = {}
        for term in self._terms:
            self._by_length_and_letter.setdefault((len(term), ""), []).append(term)
            self._by_length_and_letter.setdefault((len(term), term[0]), []).append(term)

    def find_forms(self, word: str, language: str | None = None, keep: Keep = tuple) -> dict[str, float]:
        """Return the indexed forms of a word with their weights; the word itself has weight 1.

        Inflected forms have the same Snowball stem in the language of the query or in English. If the language is
        unknown or has no stemmer, the common languages of the word's script are used. If neither the word nor an
        inflected form is in the index, it is treated as a prefix, and if no word begins with it, as misspelled.

        Args:
            word: A word as it is indexed, folded.
            language: The language of the query (ISO 639-1), if it is known.
            keep: Returns those of some words that exist for the caller.
        """
        languages = _choose_languages(word, language)
        forms = {word: 1.0}
        near = self._list_with_prefix(word[:STEM_PREFIX_LENGTH]) if len(word) >= STEM_PREFIX_LENGTH else [word]
        if len(word) > STEM_PREFIX_LENGTH and not word.isdigit():
            inflected = keep([term for term in near if term != word and _share_stem(term, word, languages)])
            forms |= dict.fromkeys(inflected, INFLECTED_WEIGHT)
        is_known = len(forms) > 1 or (word in near and len(keep([word])) > 0)
        if not is_known and len(word) >= MIN_GUESSED_LENGTH:
            extended = _take([term for term in near if term.startswith(word) and term != word], keep)
            forms |= dict.fromkeys(extended, PREFIX_WEIGHT)
            if not extended and not word.isdigit():
                forms |= dict.fromkeys(_take(self._find_misspelled(word), keep), MISSPELLED_WEIGHT)
        return dict(sorted(forms.items(), key=lambda form: (-form[1], len(form[0]), form[0]))[:MAX_FORMS])

    def _list_with_prefix(self, prefix: str) -> list[str]:
        low = bisect.bisect_left(self._terms, prefix)
        return self._terms[low : bisect.bisect_left(self._terms, prefix + "\U0010ffff", low)]

    def _find_misspelled(self, word: str) -> list[str]:
        """Return the words that differ in one letter, or by two swapped letters (optimal string alignment)."""
        from rapidfuzz import process
        from rapidfuzz.distance import OSA

        lengths = (len(word) - 1, len(word), len(word) + 1)
        count = sum(len(self._by_length_and_letter.get((length, ""), ())) for length in lengths)
        first_letter = "" if count <= MAX_COMPARED else word[0]
        terms: list[str] = []
        for length in lengths:
            terms += self._by_length_and_letter.get((length, first_letter), ())
        matches = process.extract(word, terms, scorer=OSA.distance, score_cutoff=1, limit=None)
        return [term for term, _, _ in matches if not term.isdigit() and term != word]


def _take(terms: Sequence[str], keep: Keep) -> list[str]:
    """Return the first terms that exist for the caller, shorter ones first; at most `MAX_FORMS`."""
    taken: list[str] = []
    ordered = sorted(terms, key=lambda term: (len(term), term))
    for at in range(0, len(ordered), MAX_FORMS):
        taken += keep(ordered[at : at + MAX_FORMS])
        if len(taken) >= MAX_FORMS:
            break
    return taken[:MAX_FORMS]


def _share_stem(first: str, second: str, languages: tuple[str, ...]) -> bool:
    has_similar_length = abs(len(first) - len(second)) <= MAX_LENGTH_DIFFERENCE
    # When the language is unknown, only the stemmer of English may cut off more letters.
    if not has_similar_length and len(languages) > MAX_STEMMERS_OF_KNOWN_LANGUAGE:
        languages = ("english",) if languages[0] == "english" else ()
    for name in languages:
        stem = _stem(first, name)
        if stem and stem == _stem(second, name):
            return True
    return False


@lru_cache(maxsize=4096)
def _choose_languages(word: str, language: str | None) -> tuple[str, ...]:
    """Return the languages whose rules are used to stem a word, English first if it is one of them."""
    stemmer = STEMMERS.get(language or "")
    if stemmer is not None and stemmer not in _list_algorithms():
        stemmer = None
    for lowest, highest, names in STEMMERS_BY_SCRIPT:
        if lowest <= word[0] <= highest:
            if stemmer is None:
                return names
            return tuple(dict.fromkeys(("english", stemmer))) if names is LATIN_SCRIPT_STEMMERS else (stemmer,)
    return (stemmer,) if stemmer else ()


@lru_cache(maxsize=131_072)
def _stem(word: str, language: str) -> str:
    """Return the stem of a word in a language; empty when it is too short to compare."""
    stem: str = _load_stemmer(language).stemWord(word)
    return stem if len(stem) >= STEM_PREFIX_LENGTH else ""


@cache
def _list_algorithms() -> frozenset[str]:
    """Return the stemmers of the installed version of Snowball; later versions have more."""
    import Stemmer

    return frozenset(Stemmer.algorithms())


@cache
def _load_stemmer(language: str) -> Any:
    import Stemmer

    return Stemmer.Stemmer(language)
