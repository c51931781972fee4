"""Correction of typing errors: each unknown word is replaced by the most probable known word.

The noisy channel model of Kernighan, Church and Gale ("A spelling correction program based on a noisy channel model",
COLING 1990), with costs set by hand: the cost of the errors is added to the cost of a rare word. Only English words are
corrected. Words of other languages, names and all words of the library are left unchanged.
"""

import gzip
import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import islice, pairwise
from pathlib import Path

from search.query.grammar import find_plain_words

WORD_LISTS = Path(__file__).parent / "words"
# Shorter words are not corrected.
MIN_LETTERS = 4
# Words of at least this length may have two errors, shorter ones only one.
MIN_LETTERS_TWO_ERRORS = 6
# The cost of one error. The cost of a rare word, in the same unit, is the base-10 logarithm of its frequency rank.
ERROR_COST = 3.0
# Subtracted from the cost of a word that occurs in names of things, and of a word of the library.
THING_BONUS, LIBRARY_BONUS = 0.7, 0.7
# The highest cost of a correction. Words of up to `MAX_SHORT_LETTERS` have many neighbors, so their limit is lower.
MAX_COST, MAX_COST_SHORT = 7.5, 6.0
MAX_SHORT_LETTERS = 5
# The number of nearest words of each length whose costs are computed.
MAX_COMPARED = 64
# A typed word that consists of two frequent words, such as `doghouse`, is a compound and not corrected, unless the cost
# of its errors is at most `MAX_CHEAP_ERROR`.
MAX_FREQUENT_RANK, MIN_PART_LETTERS, MAX_CHEAP_ERROR = 20_000, 3, 0.7
# A query with more unknown words is not corrected: each takes milliseconds, and they are hardly typing errors.
MAX_UNKNOWN_WORDS = 40
# A plain word with punctuation around it.
_PLAIN = re.compile(r"([^\w]*)([A-Za-z]+)('s|’s)?([^\w]*)")
VOWELS = frozenset("aeiouy")
# Pairs of letters that are next to each other on a keyboard.
NEAR_KEYS = {frozenset(pair) for row in ("qwertyuiop", "asdfghjkl", "zxcvbnm") for pair in pairwise(row)}
# Returns the language of a text (ISO 639-1), or None.
Detect = Callable[[str], str | None]


@dataclass(frozen=True)
class KnownWords:
    """The words that are not typing errors.

    Attributes:
        ranks: English words with their rank by frequency, from 0.
        things: Words in names of things.
        others: Words that are never suggested as a correction, one per line, with a newline before and after each.
    """

    ranks: Mapping[str, int]
    things: frozenset[str]
    others: bytes

    @cached_property
    def by_length(self) -> Mapping[int, Sequence[str]]:
        """English words and names of things, by number of letters. Only needed for a word that is in no list."""
        by_length: dict[int, list[str]] = {}
        # The more frequent of equally near words come first.
        for word in (*self.ranks, *sorted(self.things - self.ranks.keys())):
            by_length.setdefault(len(word), []).append(word)
        return by_length

    def knows(self, word: str) -> bool:
        """Return whether a word is in any list."""
        return word in self.ranks or word in self.things or b"\n%b\n" % word.encode() in self.others


@cache
def read_known_words() -> KnownWords:
    """Read the word lists of the package."""
    english, things, others = (
        gzip.decompress((WORD_LISTS / f"{name}.txt.gz").read_bytes()) for name in ("english", "things", "other")
    )
    ranks = {word: rank for rank, word in enumerate(english.decode().split())}
    named = frozenset(things.decode().split())
    return KnownWords(ranks, named, b"\n%b\n" % others)


def correct_query(text: str, library_words: Collection[str], detect_language: Detect) -> str | None:
    """Return a query with its typing errors corrected, or None if there is nothing to correct.

    Only plain words are corrected: no quoted phrases, filters, excluded or added parts, numbers, file names, or words
    with accents or in scripts other than Latin.

    Args:
        text: The query as typed, in the query language.
        library_words: The words of the library, in lower case without accents.
        detect_language: Returns the language of a text (ISO 639-1), or None.
    """
    unknown = (span for span in find_plain_words(text) if _is_unknown(text, *span, library_words))
    spans = list(islice(unknown, MAX_UNKNOWN_WORDS + 1))
    if not 0 < len(spans) <= MAX_UNKNOWN_WORDS or not _is_english(text, spans, detect_language):
        return None
    corrected = {span: _correct_word(text[slice(*span)], library_words) for span in spans}
    failed = sum(word is None for word in corrected.values())
    # If as many words stay unknown as are corrected, the query is probably in another language or consists of names.
    if failed >= len(spans) - failed:
        return None
    for (start, end), word in sorted(corrected.items(), reverse=True):
        text = text[:start] + (word or text[start:end]) + text[end:]
    return text


def _is_unknown(text: str, start: int, end: int, library_words: Collection[str]) -> bool:
    """Return whether the plain word at a position may be a typing error: it is no known word and no name."""
    match = _PLAIN.fullmatch(text[start:end])
    if match is None or len(match[2]) < MIN_LETTERS:
        return False
    is_name = match[2] != match[2].lower() and (start > 0 or match[2][1:] != match[2][1:].lower())
    word = match[2].lower()
    if is_name or read_known_words().knows(word):
        return False
    return all(form not in library_words for form in (word, word + "s", word.removesuffix("s")))


def _is_english(text: str, spans: Sequence[tuple[int, int]], detect_language: Detect) -> bool:
    """Return whether the rest of a query, without the unknown words, is English; True if there is no rest."""
    rest = text
    for start, end in reversed(spans):
        rest = rest[:start] + rest[end:]
    words = re.findall(r"\w+", rest.lower())
    ranks = read_known_words().ranks
    return all(word in ranks or word.isdigit() for word in words) or detect_language(rest) in (None, "en")


def _correct_word(token: str, library_words: Collection[str]) -> str | None:
    """Return a word corrected, with its case and the punctuation around it, or None."""
    match = _PLAIN.fullmatch(token)
    assert match is not None
    before, typed, ending, after = match.groups()
    best = find_correction(typed.lower(), library_words)
    if best is None:
        return None
    best = best.capitalize() if typed[0].isupper() else best
    return f"{before}{best}{ending or ''}{after}"


def find_correction(word: str, library_words: Collection[str]) -> str | None:
    """Return the most probable word for a typed one, or None.

    Args:
        word: The typed word, in lower case and unknown.
        library_words: The words of the library.
    """
    vocabulary = read_known_words()
    limit = MAX_COST_SHORT if len(word) <= MAX_SHORT_LETTERS else MAX_COST
    found = []
    for candidate in _find_near(word, vocabulary, library_words):
        error_cost = compute_error_cost(word, candidate)
        rank = vocabulary.ranks.get(candidate, len(vocabulary.ranks))
        bonus = THING_BONUS * (candidate in vocabulary.things) + LIBRARY_BONUS * (candidate in library_words)
        found.append((error_cost * ERROR_COST + math.log10(rank + 100) - bonus, error_cost, candidate))
    cost, error_cost, best = min(found, default=(math.inf, 0.0, ""))
    if cost > limit or (error_cost > MAX_CHEAP_ERROR and _is_compound(word, vocabulary)):
        return None
    return best


def _find_near(word: str, vocabulary: KnownWords, library_words: Collection[str]) -> list[str]:
    """Return the known words that differ from a word by at most one error, or two in long words."""
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    errors = 2 if len(word) >= MIN_LETTERS_TWO_ERRORS else 1
    lengths = range(max(len(word) - errors, MIN_LETTERS - 1), len(word) + errors + 1)
    near: dict[str, None] = {}  # used as an ordered set
    for length in lengths:
        known = vocabulary.by_length.get(length, ())
        found = process.extract(word, known, scorer=OSA.distance, score_cutoff=errors, limit=MAX_COMPARED)
        near |= dict.fromkeys(candidate for candidate, _, _ in found if _can_be_meant(candidate))
    found = process.extract(word, library_words, scorer=OSA.distance, score_cutoff=errors, limit=None)
    # The caller may not read all words that are iterated over, and those must not take the place of others.
    own = (candidate for candidate, _, _ in found if _can_be_meant(candidate) and candidate in library_words)
    return list(near | dict.fromkeys(islice(own, MAX_COMPARED)))


def _can_be_meant(word: str) -> bool:
    """Return whether a word can be a correction."""
    return word.isascii() and word.isalpha() and len(word) >= MIN_LETTERS - 1


def _is_compound(word: str, vocabulary: KnownWords) -> bool:
    """Return whether a word consists of two frequent words."""
    cuts = range(MIN_PART_LETTERS, len(word) - MIN_PART_LETTERS + 1)
    return any(
        all(vocabulary.ranks.get(part, MAX_FREQUENT_RANK) < MAX_FREQUENT_RANK for part in (word[:cut], word[cut:]))
        for cut in cuts
    )


def compute_error_cost(typed: str, meant: str) -> float:
    """Compute the cost of typing one word instead of another: about 1 per error, less for common kinds.

    Optimal string alignment, with costs by kind of error: Damerau, "A technique for computer detection and correction
    of spelling errors" (CACM 1964).
    """
    rows, columns = len(typed) + 1, len(meant) + 1
    costs = [[0.0] * columns for _ in range(rows)]
    for i in range(rows):
        for j in range(columns):
            if i == 0 and j == 0:
                continue
            options = []
            if i:
                options.append(costs[i - 1][j] + _compute_gap_cost(typed, i - 1))
            if j:
                options.append(costs[i][j - 1] + _compute_gap_cost(meant, j - 1))
            if i and j:
                options.append(costs[i - 1][j - 1] + _compute_substitution_cost(typed[i - 1], meant[j - 1], i == 1))
            if i > 1 and j > 1 and (typed[i - 2], typed[i - 1]) == (meant[j - 1], meant[j - 2]):
                options.append(costs[i - 2][j - 2] + 0.6)
            costs[i][j] = min(options)
    return costs[-1][-1]


def _compute_gap_cost(word: str, at: int) -> float:
    """Return the cost of an additional or a missing letter; doubled letters cost least."""
    if at and word[at] == word[at - 1]:
        return 0.5
    return 1.3 if at == 0 else 0.8 if word[at] in VOWELS else 0.9


def _compute_substitution_cost(typed: str, meant: str, is_first: bool) -> float:
    """Return the cost of typing one letter instead of another; errors in the first letter of a word cost most."""
    if typed == meant:
        return 0.0
    if is_first:
        return 1.4
    if typed in VOWELS and meant in VOWELS:
        return 0.7
    return 0.8 if frozenset((typed, meant)) in NEAR_KEYS else 1.0
