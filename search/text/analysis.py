"""Split text into the words that are indexed, in any script.

Scripts without spaces between words (Chinese, Japanese, Korean, Thai, Lao, Khmer, Burmese) are indexed as overlapping
pairs of characters, as Lucene's CJK analyzer does: this finds every word of two or more characters without a
dictionary. Other text is split at everything that is not a letter, digit or mark. File names are also split at changes
of case and at digits; a word that was split is indexed as a whole as well.
"""

import re
import unicodedata
from dataclasses import dataclass

# Marks that are part of a letter in scripts that compose them, so that a word is not cut in two.
_MARKS = (
    "\u0900-\u0963\u0966-\u0dff\u0e31-\u0e3a\u0e47-\u0e4e\u0eb1-\u0ebc\u0ec8-\u0ecd\u0f71-\u0fbc"
    "\u102b-\u103e\u17b4-\u17d3"
)
_RUN = re.compile(rf"(?:[^\W_]|[{_MARKS}])+")
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
    "\uf900-\ufaff\U00020000-\U0003ffff"
)
_PIECE = re.compile(
    rf"(?P<unspaced>[{_UNSPACED}]+)|[^\W\d_{_UNSPACED}{_MARKS}](?:[^\W\d_{_UNSPACED}]|[{_MARKS}])*|\d+|[{_MARKS}]+"
)
_CAMEL = re.compile(r"(?<=[a-zà-ÿ0-9])(?=[A-ZÀ-Þ])|(?<=[A-Z])(?=[A-Z][a-z])")
# Accents, and the optional vowel signs of Arabic and Hebrew.
_ACCENTS = re.compile("[\u0300-\u036f\u0591-\u05c7\u064b-\u0652\u0670]")


@dataclass(frozen=True)
class AnalyzedWord:
    """A word as it is indexed.

    Attributes:
        pieces: The pieces that it is split into, in order.
        whole: The word itself.
    """

    pieces: tuple[str, ...]
    whole: str

    @property
    def is_plain(self) -> bool:
        """True when the word is one piece, so that its other forms can be searched."""
        return len(self.pieces) == 1


@dataclass(frozen=True)
class Analysis:
    """A text as it is indexed.

    Attributes:
        pieces: The pieces of its words, in order.
        wholes: The words that were split, and the single characters of scripts without spaces, each once.
    """

    pieces: tuple[str, ...]
    wholes: tuple[str, ...]


def fold(text: str) -> str:
    """Return a text in lower case, without accents, with full-width letters made half-width."""
    return _strip_accents(text).casefold()


def analyze(text: str) -> Analysis:
    """Split a text for the index."""
    pieces: list[str] = []
    wholes: list[str] = []
    for run in _split_runs(text):
        for word in run:
            pieces.extend(word.pieces)
            if is_unspaced(word.whole):
                wholes.extend(word.whole)
            elif not word.is_plain:
                wholes.append(word.whole)
    return Analysis(tuple(pieces), tuple(dict.fromkeys(wholes)))


def split_words(text: str) -> list[AnalyzedWord]:
    """Return the words of a text in order, with repetitions; a run without spaces is one word."""
    return [word for run in _split_runs(text) for word in run]


def split_query(text: str) -> list[AnalyzedWord]:
    """Return the distinct words of a query in order; in scripts without spaces, each pair of characters is one."""
    words: list[AnalyzedWord] = []
    for run in _split_runs(text):
        for word in run:
            if is_unspaced(word.whole):
                words.extend(AnalyzedWord((pair,), pair) for pair in word.pieces)
            else:
                words.append(word)
    return list(dict.fromkeys(words))


def _strip_accents(text: str) -> str:
    return unicodedata.normalize("NFKC", _ACCENTS.sub("", unicodedata.normalize("NFKD", text)))


def _split_runs(text: str) -> list[list[AnalyzedWord]]:
    """Return the words of each run of letters and digits: usually one, more where the script changes."""
    runs = []
    for match in _RUN.finditer(_strip_accents(text)):
        words: list[AnalyzedWord] = []
        spaced: list[str] = []
        for part in _CAMEL.sub(" ", match.group()).split():
            for piece in _PIECE.finditer(fold(part)):
                if piece["unspaced"]:
                    _close(words, spaced)
                    words.append(AnalyzedWord(_pair(piece.group()), piece.group()))
                else:
                    spaced.append(piece.group())
        _close(words, spaced)
        runs.append(words)
    return runs


def _close(words: list[AnalyzedWord], spaced: list[str]) -> None:
    if spaced:
        words.append(AnalyzedWord(tuple(spaced), "".join(spaced)))
        spaced.clear()


def _pair(run: str) -> tuple[str, ...]:
    return tuple(run[at : at + 2] for at in range(len(run) - 1)) if len(run) > 1 else (run,)


def is_unspaced(word: str) -> bool:
    """Return True for a word in a script without spaces between words."""
    piece = _PIECE.match(word)
    return bool(piece and piece["unspaced"])
