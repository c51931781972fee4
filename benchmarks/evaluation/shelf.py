"""The vectors of one space in memory."""

import numpy as np

from search.library import Library
from search.records import Lane, Owners, Vectors
from search.storage.embedding_rows import lift


def read_space(library: Library, lane: Lane) -> tuple[Vectors, Owners, Vectors]:
    """Return all vectors of a space, their owners and their baselines."""
    space = library.spaces[lane]
    snapshot = space.refresh(library.catalogue.read_revision())
    vectors, owners, baselines = snapshot.gather(np.array(sorted(snapshot.read_ids()), np.int64))
    return lift(vectors), owners, baselines
