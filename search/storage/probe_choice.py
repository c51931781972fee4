"""Choose how many cells of an index a search probes, by the recall that is measured when the index is built."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from search.deadline import check_deadline
from search.records import Ids, Vectors
from search.storage.embedding_rows import to_float32
from search.storage.faiss_index import VectorIndex, search_index

# The recall that both kinds of queries must reach. The texts of the bank are unrelated to the library; texts that
# something in it answers are found with fewer cells.
MIN_RECALL = 0.99
# Queries of each kind. Recall is the share of the `BEST` nearest vectors that are among the `DEPTH` that a search finds
# and compares exactly.
TEXTS, VECTORS = 200, 100
BEST, DEPTH = 10, 256
# The first number of cells that is tried; then each is about 1.4 times the one before.
MIN_PROBES, GROWTH = 8, 2**0.5
ROWS_PER_BLOCK = 8_192


@dataclass(frozen=True)
class ProbeChoice:
    """How the cells of an index are searched, and the recall@10 measured with it.

    Attributes:
        cells: The number of cells.
        probes: The number of cells that a search without a filter probes.
        text_recall: The recall of texts, 0 to 1; None if the model has no texts to measure with.
        vector_recall: The recall of vectors of the index, each searched with itself left out, 0 to 1.
    """

    cells: int
    probes: int
    text_recall: float | None
    vector_recall: float


def choose_by_recall(index: VectorIndex, texts: Vectors) -> ProbeChoice:
    """Return the smallest number of cells with which searches find what an exhaustive search finds.

    Texts are measured separately, since they are far from all vectors of images: their nearest vectors are spread over
    more cells.

    Args:
        index: An index with cells.
        texts: Vectors of texts as queries, shape (m, d); some are drawn.

    Raises:
        CancelledError: This thread is to stop.
    """
    rng = np.random.default_rng(0)
    rows = np.sort(rng.permutation(len(index))[:VECTORS])
    text_rows = np.sort(rng.permutation(len(texts))[:TEXTS])
    queries = np.concatenate([texts[text_rows].astype(np.float32), to_float32(index.vectors[rows])])
    itself = np.concatenate([np.full(len(text_rows), -1), index.ids[rows]])
    exact = _find_exactly(index, queries, itself)
    nothing = np.zeros(0, np.int64)
    for probes in _list_probes(index.cells.nlist):
        check_deadline()
        found = [search_index(index, query[None], DEPTH, None, nothing, probes)[1][0] for query in queries]
        recalls = np.array([np.isin(best, ids).mean() for best, ids in zip(exact, found, strict=True)])
        text_recall = float(recalls[: len(text_rows)].mean()) if len(text_rows) else None
        vector_recall = float(recalls[len(text_rows) :].mean())
        if min(vector_recall, 1.0 if text_recall is None else text_recall) >= MIN_RECALL:
            break
    return ProbeChoice(index.cells.nlist, probes, text_recall, vector_recall)


def _list_probes(cells: int) -> Iterator[int]:
    probes = float(MIN_PROBES)
    while probes < cells:
        yield round(probes)
        probes *= GROWTH
    yield cells


def _find_exactly(index: VectorIndex, queries: Vectors, itself: Ids) -> Ids:
    """Return the ids of the nearest vectors of each query, without one id each, by comparing all, shape (q, BEST)."""
    scores = np.full((len(queries), BEST), -np.inf, np.float32)
    ids = np.full((len(queries), BEST), -1, np.int64)
    for start in range(0, len(index), ROWS_PER_BLOCK):
        check_deadline()
        block_ids = index.ids[start : start + ROWS_PER_BLOCK]
        products = queries @ to_float32(index.vectors[start : start + ROWS_PER_BLOCK]).T
        products[block_ids == itself[:, None]] = -np.inf
        scores = np.concatenate([scores, products], axis=1)
        ids = np.concatenate([ids, np.broadcast_to(block_ids, products.shape)], axis=1)
        best = np.argpartition(-scores, BEST - 1, axis=1)[:, :BEST]
        scores, ids = np.take_along_axis(scores, best, axis=1), np.take_along_axis(ids, best, axis=1)
    return ids
