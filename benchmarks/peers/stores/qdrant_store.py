"""Qdrant in the local mode of its Python client: exhaustive, in this process. Its server is another program."""

from pathlib import Path

import numpy as np
from qdrant_client import QdrantClient, models

BATCH = 1_000


class Qdrant:
    """A collection in memory."""

    def build(self, vectors: np.ndarray, buckets: np.ndarray, folder: Path) -> None:
        """Upload the vectors."""
        folder.mkdir(parents=True)
        self._client = QdrantClient(":memory:")
        parameters = models.VectorParams(size=vectors.shape[1], distance=models.Distance.DOT)
        self._client.create_collection("vectors", vectors_config=parameters)
        for start in range(0, len(vectors), BATCH):
            part = slice(start, start + BATCH)
            batch = models.Batch(
                ids=list(range(len(vectors)))[part],
                vectors=vectors[part].tolist(),
                payloads=[{"bucket": bucket} for bucket in buckets[part].tolist()],
            )
            self._client.upsert("vectors", batch)

    def search(self, query: np.ndarray, below: int | None) -> np.ndarray:
        """Search with a condition."""
        allowed = None
        if below is not None:
            allowed = models.Filter(must=[models.FieldCondition(key="bucket", range=models.Range(lt=below))])
        found = self._client.query_points("vectors", query=query, query_filter=allowed, limit=10, with_payload=False)
        return np.array([point.id for point in found.points], np.int64)

    def delete(self, ids: np.ndarray) -> None:
        """Delete points."""
        self._client.delete("vectors", models.PointIdsList(points=ids.tolist()))

    def list_processes(self) -> list[int]:
        """Return no process, since the store is in this one."""
        return []


def make(_variant: str) -> Qdrant:
    """Return the store."""
    return Qdrant()
