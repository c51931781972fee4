"""Split short texts into the pieces of a unigram model (Kudo, "Subword Regularization", ACL 2018) without building it.

The tokenizer of the `tokenizers` library takes a second and much memory to build, which pays off for long texts only.
"""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from search.records import Ids, Vectors

SPACE = "▁"
# What an unknown character scores below the least probable piece, as in `tokenizers`.
UNKNOWN_PENALTY = 10.0
_WORDS = re.compile(f"{SPACE}[^{SPACE}]*|[^{SPACE}]+")


class _Path(NamedTuple):
    """The best way to split the characters up to a position: its score, and its last piece."""

    score: float
    start: int
    piece: int


class PieceTable:
    """The pieces of a model with their scores."""

    def __init__(self, blob: bytes, starts: Ids, scores: Vectors, unknown: int) -> None:
        """Read the pieces.

        Args:
            blob: The pieces in UTF-8, one after another.
            starts: Where each piece starts, and the end of the last one, shape (n + 1,).
            scores: The log-probability of each piece, shape (n,).
            unknown: The number of the piece for unknown characters.
        """
        ends = starts.tolist()
        pieces = [blob[start:end] for start, end in pairwise(ends)]
        # Of equal pieces the last one counts, as in `tokenizers`.
        self._numbers = dict(zip(pieces, range(len(pieces)), strict=True))
        self._scores = scores
        self._unknown = unknown
        self._unknown_score = float(scores.min()) - UNKNOWN_PENALTY
        self._longest = max(map(len, pieces))

    def split(self, text: str) -> list[int]:
        """Return the numbers of the pieces of a text."""
        marked = text.replace(" ", SPACE)
        if marked and not marked.startswith(SPACE):
            marked = SPACE + marked
        return [piece for word in _WORDS.findall(marked) for piece in self._split_word(word)]

    def _split_word(self, word: str) -> list[int]:
        """Return the most probable pieces (Viterbi, 1967); unknown characters next to each other are one piece."""
        encoded = [character.encode("utf-8", "replace") for character in word]
        best: list[_Path | None] = [_Path(0.0, 0, 0), *[None] * len(encoded)]
        for start in range(len(encoded)):
            self._extend(best, start, encoded)
        pieces: list[int] = []
        end = len(encoded)
        while end:
            path = best[end]
            assert path is not None
            if not (pieces and pieces[-1] == path.piece == self._unknown):
                pieces.append(path.piece)
            end = path.start
        return pieces[::-1]

    def _extend(self, best: list[_Path | None], start: int, encoded: Sequence[bytes]) -> None:
        """Note what is better than before for all pieces that begin at a position."""
        before = best[start]
        assert before is not None
        piece, numbers = b"", self._numbers
        for end in range(start + 1, len(encoded) + 1):
            piece += encoded[end - 1]
            if len(piece) > self._longest:
                break
            number = numbers.get(piece)
            if number is None and end > start + 1:
                continue
            gain = self._unknown_score if number is None else float(self._scores[number])
            after = best[end]
            if after is None or before.score + gain > after.score:
                best[end] = _Path(before.score + gain, start, self._unknown if number is None else number)
