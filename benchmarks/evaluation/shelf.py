"""Read the vectors of a space into memory."""

import numpy as np

from search.open_home import OpenHome
from search.records import Retriever, RowMetadata, Vectors
from search.storage.embedding_rows import to_float32


def read_space(library: OpenHome, retriever: Retriever) -> tuple[Vectors, RowMetadata, Vectors]:
    """Return all vectors of a space, shape (n, d), their row metadata (n,) and their baselines (n, k)."""
    space = library.indexes[retriever]
    snapshot = space.refresh(library.catalog.read_revision())
    vectors, metadata, baselines = snapshot.gather(np.array(sorted(snapshot.read_ids()), np.int64))
    return to_float32(vectors), metadata, baselines
