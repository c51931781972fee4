"""FAISS: `flat` is exhaustive, `hnsw` a graph."""

import os
from pathlib import Path

import faiss
import numpy as np

LINKS, EF_CONSTRUCTION, EF_SEARCH = 32, 200, 100


class Faiss:
    """An index in memory. A filter is a bitmap, made before it is searched."""

    def __init__(self, variant: str) -> None:
        self._variant = variant

    def build(self, vectors: np.ndarray, buckets: np.ndarray, folder: Path) -> None:
        """Build the index and write it."""
        dimension = vectors.shape[1]
        faiss.omp_set_num_threads(os.cpu_count() or 1)
        if self._variant == "hnsw":
            self._index = faiss.IndexHNSWFlat(dimension, LINKS, faiss.METRIC_INNER_PRODUCT)
            self._index.hnsw.efConstruction = EF_CONSTRUCTION
            self._index.add(vectors)
        else:
            self._index = faiss.IndexIDMap2(faiss.IndexFlatIP(dimension))
            self._index.add_with_ids(vectors, np.arange(len(vectors)))
        self._bitmaps = {below: np.packbits(buckets < below, bitorder="little") for below in (1, 10)}
        # One query is searched faster by one thread: others wait for the cores that numpy's threads still use.
        faiss.omp_set_num_threads(1)
        folder.mkdir(parents=True)
        faiss.write_index(self._index, str(folder / "index.faiss"))

    def search(self, query: np.ndarray, below: int | None) -> np.ndarray:
        """Search with a selector."""
        selector = None if below is None else faiss.IDSelectorBitmap(self._bitmaps[below])
        if self._variant == "hnsw":
            parameters = faiss.SearchParametersHNSW(efSearch=EF_SEARCH, sel=selector)
        else:
            parameters = faiss.SearchParameters(sel=selector)
        return self._index.search(query[None], 10, params=parameters)[1][0]

    def delete(self, ids: np.ndarray) -> None:
        """Remove vectors."""
        if self._variant == "hnsw":
            raise NotImplementedError("IndexHNSW cannot remove vectors")
        self._index.remove_ids(ids)

    def list_processes(self) -> list[int]:
        """Return no process, since the store is in this one."""
        return []


def make(variant: str) -> Faiss:
    """Return the store."""
    return Faiss(variant)
