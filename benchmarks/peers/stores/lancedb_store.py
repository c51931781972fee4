"""LanceDB with its default vector index (IVF_PQ) and re-ranking by the stored vectors."""

from pathlib import Path

import lancedb
import numpy as np
import pyarrow as pa

# Below this number of vectors its documentation says that no index is needed.
MIN_INDEXED = 50_000
REFINE_FACTOR = 10


class Lance:
    """A table in a folder."""

    def build(self, vectors: np.ndarray, buckets: np.ndarray, folder: Path) -> None:
        """Write the table and its indexes."""
        dimension = vectors.shape[1]
        rows = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), dimension)
        table = pa.table({"id": np.arange(len(vectors)), "bucket": buckets, "vector": rows})
        self._table = lancedb.connect(str(folder)).create_table("vectors", table)
        if len(vectors) >= MIN_INDEXED:
            self._table.create_index(metric="dot", vector_column_name="vector")
        self._table.create_scalar_index("bucket")

    def search(self, query: np.ndarray, below: int | None) -> np.ndarray:
        """Search, with the filter first."""
        search = self._table.search(query).distance_type("dot").refine_factor(REFINE_FACTOR).limit(10)
        if below is not None:
            search = search.where(f"bucket < {below}", prefilter=True)
        return search.select(["id", "_distance"]).to_arrow()["id"].to_numpy()

    def delete(self, ids: np.ndarray) -> None:
        """Delete rows."""
        self._table.delete(f"id IN ({', '.join(map(str, ids.tolist()))})")

    def list_processes(self) -> list[int]:
        """Return no process, since the store is in this one."""
        return []


def make(_variant: str) -> Lance:
    """Return the store."""
    return Lance()
