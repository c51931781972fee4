"""The vectors of one space in memory."""

import numpy as np

from search.library import Library
from search.records import Retriever, RowMetadata, Vectors
from search.storage.embedding_rows import to_float32


def read_space(library: Library, retriever: Retriever) -> tuple[Vectors, RowMetadata, Vectors]:
    """Return all vectors of a space, their owners and their baselines."""
    space = library.indexes[retriever]
    snapshot = space.refresh(library.catalog.read_revision())
    vectors, owners, baselines = snapshot.gather(np.array(sorted(snapshot.read_ids()), np.int64))
    return to_float32(vectors), owners, baselines
