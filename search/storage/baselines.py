"""Baselines: how unrelated texts score against each stored vector. The score of a query is compared with them.

A baseline depends only on the vector and on the packaged query bank, so it is computed once, when a vector is indexed.
"""

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from search.records import BANK_QUANTILE, Vectors

# For each part: the mean, the standard deviation, the quantile `BANK_QUANTILE` and the maximum of its inner products
# with the bank.
COLUMNS = 4
ROWS_PER_BLOCK = 1_024


@dataclass(frozen=True)
class QueryBank:
    """Texts that have nothing to do with the library, encoded as queries to a space.

    Attributes:
        vectors: Shape (b, d), float32.
        parts: The lengths of the parts of a vector that are compared separately; their sum is d.
    """

    vectors: Vectors
    parts: tuple[int, ...]

    @cached_property
    def digest(self) -> str:
        """A hash of everything that baselines depend on; when it changes, they are computed again."""
        head = f"{COLUMNS} {BANK_QUANTILE} {self.parts}".encode()
        return hashlib.sha256(head + self.vectors.astype("<f2").tobytes()).hexdigest()[:16]

    @property
    def width(self) -> int:
        """The number of columns of a baseline."""
        return COLUMNS * len(self.parts)


def measure_baselines(vectors: Vectors, bank: QueryBank) -> Vectors:
    """Compute statistics of the inner products of each vector with the query bank, separately for each part.

    Args:
        vectors: Shape (n, d), float16 or float32.
        bank: The query bank.

    Returns:
        Mean, standard deviation, high quantile and maximum for each part, shape (n, 4 * parts), float32; zero if the
        bank is empty.
    """
    baselines = np.zeros((len(vectors), bank.width), np.float32)
    if not len(bank.vectors):
        return baselines
    scale = np.float32(len(bank.parts) ** 0.5)  # each part of a stored vector has the same share of its unit length
    rank = min(len(bank.vectors) - 1, int(BANK_QUANTILE * len(bank.vectors)))
    for start in range(0, len(vectors), ROWS_PER_BLOCK):
        rows = vectors[start : start + ROWS_PER_BLOCK].astype(np.float32) * scale
        column, low = 0, 0
        for length in bank.parts:
            products = rows[:, low : low + length] @ bank.vectors[:, low : low + length].T
            block = baselines[start : start + len(rows), column : column + COLUMNS]
            block[:, 0] = products.mean(axis=1)
            block[:, 1] = products.std(axis=1)
            block[:, 3] = products.max(axis=1)
            products.partition(rank, axis=1)
            block[:, 2] = products[:, rank]
            column, low = column + COLUMNS, low + length
    return baselines
