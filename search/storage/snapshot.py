"""What one search sees of a space: a generation, the rows that were added since, and the ids never to return."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from search.records import Flags, Ids, RowMetadata, Sample, Vectors
from search.storage.embedding_rows import ROW_METADATA, ROWS_PER_BLOCK, Rows, to_float32
from search.storage.generations import Generation

# Up to this many rows of the delta are kept in float32 for the next search.
MAX_FLOAT32_ROWS = 4_000


class StoredRows(NamedTuple):
    """The stored data of some embeddings.

    Attributes:
        vectors: Shape (n, d), float16.
        metadata: Shape (n,), of dtype `ROW_METADATA`.
        baselines: The baselines of each vector, shape (n, k), float32.
    """

    vectors: Vectors
    metadata: RowMetadata
    baselines: Vectors


@dataclass(frozen=True)
class Snapshot:
    """The immutable state of an index that a search uses.

    Attributes:
        revision: The revision of the catalog that it contains.
        generation: The built index, if there is one.
        delta: The rows that were added since the generation.
        delta_baselines: Their baselines, shape (m, k), float32.
        denied: The ids that must not be returned, ascending, shape (d,).
        sample: Random vectors of the space.
    """

    revision: int
    generation: Generation | None
    delta: Rows
    delta_baselines: Vectors
    denied: Ids
    sample: Sample

    def gather(self, ids: Ids) -> StoredRows:
        """Return the stored data of embeddings, in the order of their ids in `ids`; zeros for unknown ids."""
        vectors = np.zeros((len(ids), self.delta.vectors.shape[1]), "<f2")
        metadata = np.zeros(len(ids), ROW_METADATA)
        baselines = np.zeros((len(ids), self.delta_baselines.shape[1]), np.float32)
        for rows, known_baselines in self._list_parts():
            positions, found = rows.find(ids)
            if len(positions) == len(ids):
                return StoredRows(rows.vectors[found], rows.metadata[found], known_baselines[found])
            vectors[positions], metadata[positions], baselines[positions] = (
                rows.vectors[found],
                rows.metadata[found],
                known_baselines[found],
            )
        return StoredRows(vectors, metadata, baselines)

    def multiply_delta(self, queries: Vectors) -> Vectors:
        """Return the inner products of queries with the rows of the delta, shape (q, m).

        Args:
            queries: Shape (q, d), float32.
        """
        if len(self.delta.ids) <= MAX_FLOAT32_ROWS:
            return queries @ self._float32_delta.T
        starts = range(0, len(self.delta.ids), ROWS_PER_BLOCK)
        parts = [queries @ to_float32(self.delta.vectors[start : start + ROWS_PER_BLOCK]).T for start in starts]
        return np.concatenate(parts, axis=1)

    @cached_property
    def _float32_delta(self) -> Vectors:
        return to_float32(self.delta.vectors)

    def select(self, items: Flags) -> Ids:
        """Return the embedding ids of some items, ascending.

        Args:
            items: Whether each item is selected, by item id from 0, shape (highest id + 1,).
        """
        return np.concatenate(
            [rows.ids[items[np.minimum(rows.metadata["item"], len(items) - 1)]] for rows, _ in self._list_parts()]
        )

    def read_ids(self) -> set[int]:
        """Return the embedding ids that a search can return."""
        return {row_id for rows, _ in self._list_parts() for row_id in rows.ids.tolist()} - set(self.denied.tolist())

    def _list_parts(self) -> list[tuple[Rows, Vectors]]:
        built = [(self.generation.rows, self.generation.baselines)] if self.generation is not None else []
        return [*built, (self.delta, self.delta_baselines)]
