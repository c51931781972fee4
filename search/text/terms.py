"""The terms of a query: its words, how often each occurs, and which are names or numbers."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from search.text.analysis import AnalyzedWord, analyze, is_unspaced, split_words
from search.text.stopwords import cut_unspaced, list_stop_words

# Languages that capitalize all nouns, so that a capital letter does not mark a name.
NOUN_CAPITALIZING_LANGUAGES = ("de", "lb")
_WORD = re.compile(r"[^\s\"“”„‟«»‹›「」『』(),;:!?]+")
_SENTENCE_END = re.compile(r"[.!?…:]$")


@dataclass(frozen=True)
class Term:
    """A word of a query.

    Attributes:
        word: The word as it is indexed.
        count: How often it occurs in the query.
        is_special: Whether it is a number, an identifier or a name; these get the weight of a rare word even if they
            are common.
    """

    word: AnalyzedWord
    count: int = 1
    is_special: bool = False


def read_terms(texts: Sequence[str], language: str | None) -> list[Term]:
    """Return the terms of a query in order. Stop words are removed, unless the query has no other words.

    Args:
        texts: The parts of the query.
        language: The language of the query (ISO 639-1), or None if it is unknown.
    """
    names = {piece for text in texts for piece in _find_names(text, language)}
    words = [word for text in texts for word in split_words(text)]
    stop_words = list_stop_words(language or "en")
    counts: Counter[AnalyzedWord] = Counter()
    for word in words:
        if is_unspaced(word.whole):
            counts.update(content for run in cut_unspaced(word.whole) for content in split_words(run))
        elif word.whole not in stop_words:
            counts[word] += 1
    if not counts:
        counts.update(words)
    expanded: Counter[AnalyzedWord] = Counter()
    for word, count in counts.items():
        if is_unspaced(word.whole):
            for pair in word.pieces:
                expanded[AnalyzedWord((pair,), pair)] += count
        else:
            expanded[word] += count
    return [Term(word, count, _is_special(word, names)) for word, count in expanded.items()]


def list_ignored(texts: Sequence[str], language: str | None) -> tuple[str, ...]:
    """Return the words of a query that `read_terms` removes, as they were typed, each once.

    Args:
        texts: The parts of the query.
        language: The language of the query (ISO 639-1), or None if it is unknown.
    """
    stop_words = list_stop_words(language or "en")
    ignored: list[str] = []
    has_content = False
    for typed in (word for text in texts for word in _WORD.findall(text)):
        folded = [word.whole for word in split_words(typed)]
        if any(is_unspaced(word) for word in folded):
            kept = [part for word in folded if is_unspaced(word) for part in cut_unspaced(word)]
            has_content = has_content or bool(kept)
            removed = re.split("|".join(map(re.escape, kept)), typed) if kept else [typed]
            ignored += [part for part in removed if part]
        elif folded and all(word in stop_words for word in folded):
            ignored.append(typed)
        else:
            has_content = has_content or bool(folded)
    return tuple(dict.fromkeys(ignored)) if has_content else ()


def _is_special(word: AnalyzedWord, names: set[str]) -> bool:
    has_sign = word.whole.endswith(("++", "\u266f"))
    return has_sign or any(letter.isdigit() for letter in word.whole) or not word.is_plain or word.whole in names


def _find_names(text: str, language: str | None) -> list[str]:
    """Return the pieces of words that are capitalized inside a sentence."""
    words = _WORD.findall(text)
    if language in NOUN_CAPITALIZING_LANGUAGES or not any(word[0].islower() for word in words):
        return []
    names: list[str] = []
    for previous, word in pairwise(words):
        if word[0].isupper() and not _SENTENCE_END.search(previous):
            names += analyze(word).pieces
    return names
