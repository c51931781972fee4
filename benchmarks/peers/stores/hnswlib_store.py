"""hnswlib. A filter is a function in Python that is called for each vector on the way."""

from pathlib import Path

import hnswlib
import numpy as np

LINKS, EF_CONSTRUCTION, EF_SEARCH = 16, 200, 100


class Hnswlib:
    """An index in memory."""

    def build(self, vectors: np.ndarray, buckets: np.ndarray, folder: Path) -> None:
        """Build the index and write it."""
        self._index = hnswlib.Index(space="ip", dim=vectors.shape[1])
        self._index.init_index(max_elements=len(vectors), M=LINKS, ef_construction=EF_CONSTRUCTION)
        self._index.add_items(vectors, np.arange(len(vectors)))
        self._index.set_ef(EF_SEARCH)
        self._allowed = {below: set(np.flatnonzero(buckets < below).tolist()) for below in (1, 10)}
        folder.mkdir(parents=True)
        self._index.save_index(str(folder / "index.hnsw"))

    def search(self, query: np.ndarray, below: int | None) -> np.ndarray:
        """Search; nothing if the graph reaches fewer than ten allowed vectors, which raises an error."""
        allow = None if below is None else self._allowed[below].__contains__
        try:
            # With a filter, one thread is what its documentation recommends.
            labels, _ = self._index.knn_query(query[None], k=10, num_threads=1, filter=allow)
        except RuntimeError:
            return np.zeros(0, np.int64)
        return labels[0].astype(np.int64)

    def delete(self, ids: np.ndarray) -> None:
        """Mark vectors as deleted."""
        for number in ids.tolist():
            self._index.mark_deleted(number)

    def list_processes(self) -> list[int]:
        """Return no process, since the store is in this one."""
        return []


def make(_variant: str) -> Hnswlib:
    """Return the store."""
    return Hnswlib()
