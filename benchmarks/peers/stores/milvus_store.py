"""Milvus Lite with the index that it chooses (AUTOINDEX)."""

from pathlib import Path

import numpy as np
from pymilvus import DataType, MilvusClient

BATCH = 1_000


class Milvus:
    """A collection in a file."""

    def build(self, vectors: np.ndarray, buckets: np.ndarray, folder: Path) -> None:
        """Insert the vectors."""
        folder.mkdir(parents=True)
        self._client = MilvusClient(str(folder / "milvus.db"))
        schema = self._client.create_schema()
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("bucket", DataType.INT64)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=vectors.shape[1])
        indexes = self._client.prepare_index_params()
        indexes.add_index("vector", index_type="AUTOINDEX", metric_type="IP")
        self._client.create_collection("vectors", schema=schema, index_params=indexes)
        for start in range(0, len(vectors), BATCH):
            stop = min(start + BATCH, len(vectors))
            rows = [
                {"id": number, "bucket": int(buckets[number]), "vector": vectors[number]}
                for number in range(start, stop)
            ]
            self._client.insert("vectors", rows)
        self._client.flush("vectors")
        self._client.load_collection("vectors")

    def search(self, query: np.ndarray, below: int | None) -> np.ndarray:
        """Search with an expression."""
        expression = "" if below is None else f"bucket < {below}"
        found = self._client.search("vectors", [query], filter=expression, limit=10, consistency_level="Strong")
        return np.array([hit["id"] for hit in found[0]], np.int64)

    def delete(self, ids: np.ndarray) -> None:
        """Delete entities."""
        self._client.delete("vectors", ids=ids.tolist())

    def list_processes(self) -> list[int]:
        """Return no process, since the store is in this one."""
        return []


def make(_variant: str) -> Milvus:
    """Return the store."""
    return Milvus()
