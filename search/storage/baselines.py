"""Baselines: how unrelated texts score against each stored vector, which a query's similarity is compared with.

A baseline depends only on the vector and on the packaged query bank, so it is computed once, when a vector is indexed.
"""

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from search.records import Vectors

# The columns of each part: mean and standard deviation of its products with the bank, their quantile `HIGH_SHARE`, and
# their maximum.
COLUMNS = 4
HIGH_SHARE = 0.98
ROWS_PER_BLOCK = 1_024


@dataclass(frozen=True)
class QueryBank:
    """Unrelated texts as queries to a space.

    Attributes:
        vectors: Shape (b, d), float32.
        parts: The lengths of the parts of a vector that are compared separately; their sum is d.
    """

    vectors: Vectors
    parts: tuple[int, ...]

    @cached_property
    def digest(self) -> str:
        """A hash of everything that baselines depend on; baselines of another bank are computed again."""
        head = f"{COLUMNS} {HIGH_SHARE} {self.parts}".encode()
        return hashlib.sha256(head + self.vectors.astype("<f2").tobytes()).hexdigest()[:16]

    @property
    def width(self) -> int:
        """The number of columns of a baseline."""
        return COLUMNS * len(self.parts)


def measure_baselines(vectors: Vectors, bank: QueryBank) -> Vectors:
    """Compute how the texts of a bank score against vectors, part by part.

    Args:
        vectors: Shape (n, d), float16 or float32.
        bank: The texts.

    Returns:
        Mean, deviation, high quantile and maximum for each part, shape (n, 4 * parts), float32.
    """
    out = np.zeros((len(vectors), bank.width), np.float32)
    if not len(bank.vectors):
        return out
    scale = np.float32(len(bank.parts) ** 0.5)  # each part of a stored vector has the same share of its unit length
    rank = min(len(bank.vectors) - 1, int(HIGH_SHARE * len(bank.vectors)))
    for start in range(0, len(vectors), ROWS_PER_BLOCK):
        rows = vectors[start : start + ROWS_PER_BLOCK].astype(np.float32) * scale
        column, low = 0, 0
        for length in bank.parts:
            products = rows[:, low : low + length] @ bank.vectors[:, low : low + length].T
            block = out[start : start + len(rows), column : column + COLUMNS]
            block[:, 0] = products.mean(axis=1)
            block[:, 1] = products.std(axis=1)
            block[:, 3] = products.max(axis=1)
            products.partition(rank, axis=1)
            block[:, 2] = products[:, rank]
            column, low = column + COLUMNS, low + length
    return out
