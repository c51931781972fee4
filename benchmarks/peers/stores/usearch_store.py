"""usearch. Its Python API has no filter: 1,000 results are searched and filtered."""

from pathlib import Path

import numpy as np
from usearch.index import Index

OVERSAMPLED = 1_000


class Usearch:
    """An index in memory."""

    def build(self, vectors: np.ndarray, buckets: np.ndarray, folder: Path) -> None:
        """Build the index with its default parameters and write it."""
        self._index = Index(ndim=vectors.shape[1], metric="ip")
        self._index.add(np.arange(len(vectors)), vectors)
        self._buckets = buckets
        folder.mkdir(parents=True)
        self._index.save(str(folder / "index.usearch"))

    def search(self, query: np.ndarray, below: int | None) -> np.ndarray:
        """Search, and filter the results."""
        if below is None:
            return self._index.search(query, 10).keys.astype(np.int64)
        keys = self._index.search(query, OVERSAMPLED).keys.astype(np.int64)
        return keys[self._buckets[keys] < below][:10]

    def delete(self, ids: np.ndarray) -> None:
        """Remove vectors."""
        self._index.remove(ids)

    def list_processes(self) -> list[int]:
        """Return no process, since the store is in this one."""
        return []


def make(_variant: str) -> Usearch:
    """Return the store."""
    return Usearch()
