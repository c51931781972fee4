"""Stop words by language.

The lists are those of the Snowball project (BSD license) as NLTK packages them, without accents, as they are indexed;
those of Chinese and Japanese were written for this project. A list is only used for queries in its language: "die" is
an article in German and a verb in English.
"""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

STOP_WORDS_FILE = Path(__file__).parent / "stopwords.json"
# Languages without spaces between words; their queries are split at stop words.
UNSPACED = ("zh", "ja")
_KANA = re.compile(r"[\u3040-\u30ff]")
# One-character Japanese particles between characters other than hiragana; elsewhere they are parts of words.
_PARTICLE = re.compile(r"(?<=[^\u3040-\u309f])[はがのにでともへや](?=[^\u3040-\u309f]|$)")


@cache
def list_stop_words(language: str | None) -> frozenset[str]:
    """Return the folded stop words of a language (ISO 639-1); an empty set when it has no list."""
    return _read_lists().get(language or "", frozenset())


def cut_unspaced(run: str) -> Iterator[str]:
    """Yield the parts of a Chinese or Japanese text without spaces that remain when its stop words are removed."""
    language = "ja" if _KANA.search(run) else "zh"
    text = _PARTICLE.sub(" ", run) if language == "ja" else run
    yield from _compile(language).sub(" ", text).split()


@cache
def _compile(language: str) -> re.Pattern[str]:
    longest_first = sorted(list_stop_words(language), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first)))


@cache
def _read_lists() -> dict[str, frozenset[str]]:
    lists = json.loads(STOP_WORDS_FILE.read_text(encoding="utf-8"))
    return {language: frozenset(words.split()) for language, words in lists.items()}
