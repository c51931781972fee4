"""Split text into the words that are indexed, in any script.

Scripts without spaces between words (Chinese, Japanese, Korean, Thai, Lao, Khmer, Burmese) are indexed as overlapping
pairs of characters, as Lucene's CJK analyzer does: this finds every word of two or more characters without a
dictionary. Other text is split at everything that is not a letter, digit or mark. File names are also split at changes
of case and at digits; a word that was split is indexed as a whole as well. Digits of all scripts are the same. Names of
programming languages keep their signs: `C++`, `C#`, `.NET`.

The index is updated by triggers that analyze the text of a segment again when it is deleted, so a change of the
analysis needs a migration that rebuilds the index (see `v0009_rebuild_full_text_index.py`).
"""

import re
import unicodedata
from dataclasses import dataclass

# Combining marks that are part of a letter, so that a word is not cut in two.
_MARKS = (
    "\u0900-\u0963\u0966-\u0dff\u0e31-\u0e3a\u0e47-\u0e4e\u0eb1-\u0ebc\u0ec8-\u0ecd\u0f71-\u0fbc"
    "\u102b-\u103e\u17b4-\u17d3"
)
# A run: letters, digits and marks without other characters between them.
_RUN = re.compile(rf"(?:[^\W_]|[{_MARKS}])+")
# Characters of scripts without spaces between words.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
    "\uf900-\ufaff\U00020000-\U0003ffff"
)
# A part of a run: characters without spaces, letters, digits, or marks without a letter.
_PIECE = re.compile(
    rf"(?P<unspaced>[{_UNSPACED}]+)|[^\W\d_{_UNSPACED}{_MARKS}](?:[^\W\d_{_UNSPACED}]|[{_MARKS}])*|\d+|[{_MARKS}]+"
)
_CASE_BOUNDARY = re.compile(r"(?<=[a-zà-ÿ0-9])(?=[A-ZÀ-Þ])|(?<=[A-Z])(?=[A-Z][a-z])")
# Accents, the optional vowel signs of Arabic and Hebrew, the mark that stretches Arabic words, and marks that are not
# shown: soft hyphens, joiners, directions of writing and variants of signs.
_ACCENTS = re.compile(
    "[\u0300-\u036f\u0591-\u05c7\u064b-\u0652\u0670\u0640\xad\u200d-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff]"
)
# The zero-width non-joiner separates words in Persian, but not in the scripts of India.
_NON_JOINER = re.compile("(?<=[\u0900-\u0dff])\u200c(?=[\u0900-\u0dff])")
_FOREIGN_DIGIT = re.compile(r"[^\D0-9]")
# Names with a sign: `C++`, `Notepad++`, `C#`, `.NET`.
_NAME_WITH_SIGN = re.compile(
    r"(?<![A-Za-z0-9])(?:(?P<plus>[A-Za-z]+\+\+)(?![A-Za-z+])|(?P<sharp>[A-Za-z])[#\u266f](?![\w#]))"
    r"|(?<![\w.])\.(?P<net>NET)(?!\w)",
    re.IGNORECASE,
)
# What `#` is indexed as: SQLite's tokenizer takes signs of this kind as part of a word.
_SHARP = "\u266f"
_DOTNET = "dotnet"


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
        wholes: The words that were split, the single characters of scripts without spaces, and names without their
            sign, each once.
    """

    pieces: tuple[str, ...]
    wholes: tuple[str, ...]


def fold(text: str) -> str:
    """Return a text in lower case, without accents, with full-width letters converted to half-width."""
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
            elif name := _remove_sign(word.whole):
                wholes.append(name)
    return Analysis(tuple(pieces), tuple(dict.fromkeys(wholes)))


def split_words(text: str) -> list[AnalyzedWord]:
    """Return the words of a text in order, with repetitions; characters of a script without spaces form one word."""
    return [word for run in _split_runs(text) for word in run]


def split_query(text: str) -> list[AnalyzedWord]:
    """Return the distinct words of a query in order; in scripts without spaces, each pair of characters is a word."""
    words: list[AnalyzedWord] = []
    for run in _split_runs(text):
        for word in run:
            if is_unspaced(word.whole):
                words.extend(AnalyzedWord((pair,), pair) for pair in word.pieces)
            else:
                words.append(word)
    return list(dict.fromkeys(words))


def count_words(text: str) -> int:
    """Return the number of words of at least two letters, without numbers; in scripts without spaces, an estimate."""
    count = 0
    for word in split_words(text):
        if is_unspaced(word.whole):
            count += (len(word.whole) + 1) // 2
        elif word.whole.isalpha() and len(word.whole) > 1:
            count += 1
    return count


def _strip_accents(text: str) -> str:
    if text.isascii():
        return text
    text = _NON_JOINER.sub("", _ACCENTS.sub("", unicodedata.normalize("NFKD", text)))
    return _FOREIGN_DIGIT.sub(lambda digit: str(unicodedata.decimal(digit[0])), unicodedata.normalize("NFKC", text))


def _remove_sign(word: str) -> str:
    """Return a name of several letters without its sign, such as `notepad` for `notepad++`; empty for other words."""
    if word == _DOTNET:
        return "net"
    name = word.removesuffix("++")
    return name if name != word and len(name) > 1 else ""


def _split_runs(text: str) -> list[list[AnalyzedWord]]:
    """Return the words of each run of letters and digits: usually one word, more if the script changes."""
    text = _strip_accents(text)
    runs: list[list[AnalyzedWord]] = []
    start = 0
    for match in _NAME_WITH_SIGN.finditer(text):
        runs += _split_unsigned(text[start : match.start()])
        name = match["plus"] or (match["sharp"] + _SHARP if match["sharp"] else _DOTNET)
        runs.append([AnalyzedWord((name.casefold(),), name.casefold())])
        start = match.end()
    return runs + _split_unsigned(text[start:])


def _split_unsigned(text: str) -> list[list[AnalyzedWord]]:
    """Return the words of each run of a text without accents and without names with a sign."""
    runs = []
    for match in _RUN.finditer(text):
        if _is_simple(match.group()):  # most words: nothing below would change or split them
            word = match.group().lower()
            runs.append([AnalyzedWord((word,), word)])
            continue
        words: list[AnalyzedWord] = []
        pending: list[str] = []
        for part in _CASE_BOUNDARY.sub(" ", match.group()).split():
            for piece in _PIECE.finditer(fold(part)):
                if piece["unspaced"]:
                    _flush_pieces(words, pending)
                    words.append(AnalyzedWord(_split_pairs(piece.group()), piece.group()))
                else:
                    pending.append(piece.group())
        _flush_pieces(words, pending)
        runs.append(words)
    return runs


def _is_simple(run: str) -> bool:
    """Return True for ASCII letters in lower case, of which the first may be in upper case."""
    return run.isascii() and run.isalpha() and (run.islower() or run.istitle())


def _flush_pieces(words: list[AnalyzedWord], pieces: list[str]) -> None:
    """Append a word that consists of the pieces, if there are any, and clear the pieces."""
    if pieces:
        words.append(AnalyzedWord(tuple(pieces), "".join(pieces)))
        pieces.clear()


def _split_pairs(run: str) -> tuple[str, ...]:
    """Return the overlapping pairs of characters of a run, or its only character."""
    return tuple(run[start : start + 2] for start in range(len(run) - 1)) if len(run) > 1 else (run,)


def is_unspaced(word: str) -> bool:
    """Return True for a word in a script without spaces between words."""
    if word.isascii():
        return False
    piece = _PIECE.match(word)
    return bool(piece and piece["unspaced"])
