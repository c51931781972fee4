"""FAISS indexes over embeddings: built, written, read and searched. Home of faiss."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from search.errors import HomeError
from search.records import Ids, Vectors

# Below this many vectors exhaustive search is fast enough and exact; above it cells are probed.
FLAT_LIMIT = 20_000
# How many cells are probed when every vector may be returned, and which share of them is enough in any case; measured
# by benchmarks/evaluation/recall.py from 30,000 to 1,000,000 vectors.
PROBES = 250
PROBED_SHARE = 0.4
# A deep search probes so many times the cells that what it asks for would fill.
DEEP_FACTOR = 10
# Cells are found by so many vectors each, drawn by chance, in so many rounds, and the range of numbers in them by so
# many vectors in all: enough for the recall above, and little to hold beside the index.
TRAINED_PER_CELL = 20
ROUNDS = 10
RANGED = 8_192
BLOCK = 2_048


def _import_faiss() -> Any:
    """Import faiss when it is first needed; its type stubs describe the C++ interface, so as Any."""
    import faiss

    return faiss


def build_index(ids: Ids, vectors: Vectors, flat_limit: int = FLAT_LIMIT) -> Any:
    """Build a FAISS index over unit vectors of shape (n, d), float16 or float32, under the given ids."""
    faiss = _import_faiss()
    n, dimension = vectors.shape
    if n <= flat_limit:
        flat = faiss.IndexScalarQuantizer(dimension, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
        index = faiss.IndexIDMap2(flat)
    else:
        cells = int(4 * n**0.5)
        quantizer = faiss.IndexFlatIP(dimension)
        index = faiss.IndexIVFScalarQuantizer(
            quantizer, dimension, cells, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT
        )
        drawn = _draw_vectors(vectors, cells * TRAINED_PER_CELL)
        quantizer.add(_find_centres(faiss, drawn, cells))
        index.train(drawn[:RANGED])
    for start in range(0, n, BLOCK):
        part = slice(start, start + BLOCK)
        index.add_with_ids(vectors[part].astype(np.float32), ids[part])
    return index


def _draw_vectors(vectors: Vectors, count: int) -> Vectors:
    """Return so many of the vectors in an order of chance, always the same, as float32."""
    n, dimension = vectors.shape
    chosen = np.random.default_rng(0).permutation(n)[:count]
    drawn = np.empty((len(chosen), dimension), np.float32)
    for start in range(0, len(chosen), BLOCK):
        drawn[start : start + BLOCK] = vectors[chosen[start : start + BLOCK]]
    return drawn


def _find_centres(faiss: Any, vectors: Vectors, cells: int) -> Vectors:
    """Return centers of cells by spherical k-means, shape (cells, d)."""
    # FAISS warns of fewer vectors than it would like.
    means = faiss.Kmeans(vectors.shape[1], cells, niter=ROUNDS, spherical=True, seed=0, min_points_per_centroid=1)
    means.train(vectors)
    centers: Vectors = means.centroids
    return centers


def write_index(index: Any, path: Path) -> None:
    """Write an index to a file. Raises HomeError when there is no room or no right."""
    try:
        _import_faiss().write_index(index, str(path))
    except RuntimeError as error:
        raise HomeError(f"cannot write {path}: {error}") from error


def read_index(path: Path) -> Any:
    """Read an index from a file."""
    return _import_faiss().read_index(str(path))


def search_index(
    index: Any, queries: Vectors, k: int, allowed: Ids | None, denied: Ids, probes: int | None = None
) -> tuple[Vectors, Ids]:
    """Return inner products and ids, shape (q, k), best first; id -1 where there are fewer than k.

    allowed: the only ids to return; denied: ids never to return. Both int64, ascending. Where cells are probed, more
    are the fewer vectors are allowed, and all when few are: then the answer is as exact as the stored vectors. probes:
    how many in place of that.
    """
    faiss = _import_faiss()
    selector, kept = None, None
    if allowed is not None:
        chosen = np.setdiff1d(allowed, denied, assume_unique=True)
        selector = kept = _make_bitmap(faiss, chosen)
    elif denied.size:
        kept = _make_bitmap(faiss, denied)  # the selector below does not keep it alive
        selector = faiss.IDSelectorNot(kept)
    with _limit_threads(faiss, len(queries)):
        if not isinstance(index, faiss.IndexIVF):
            scores, ids = index.search(queries, k, params=faiss.SearchParameters(sel=selector))
            return scores, ids
        share = 1.0 if allowed is None else len(allowed) / max(index.ntotal, 1)
        cells = choose_probes(index.nlist, share, k / max(index.ntotal, 1)) if probes is None else probes
        cells = min(cells, index.nlist)
        scores, ids = index.search(queries, k, params=faiss.SearchParametersIVF(nprobe=cells, sel=selector))
        if probes is None and cells < index.nlist and (ids < 0).any():
            # Fewer than asked for were in the cells that were probed: there may be more in the others.
            scores, ids = index.search(queries, k, params=faiss.SearchParametersIVF(nprobe=index.nlist, sel=selector))
    return scores, ids


@contextmanager
def _limit_threads(faiss: Any, most: int) -> Iterator[None]:
    """Let FAISS use no more threads than there are queries, each of which is searched by one thread anyway.

    Others would only wait for a core that numpy's threads still hold: a search of 0.3 ms took 12 ms. The setting is
    that of the calling thread.
    """
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(max(1, min(before, most)))
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)


def choose_probes(cells: int, share: float, wanted: float = 0.0) -> int:
    """Return how many cells to probe.

    Args:
        cells: The number of all cells.
        share: The share of all vectors that may be returned.
        wanted: The share of all vectors that is asked for.
    """
    # What is allowed may be close together, far from the query: more than in proportion. The nearest tenth of all
    # vectors is spread over most cells.
    probes = min(PROBES, PROBED_SHARE * cells) / max(share, 1e-9) ** 1.6
    return min(cells, int(max(probes, DEEP_FACTOR * wanted * cells)) + 1)


def _make_bitmap(faiss: Any, ids: Ids) -> Any:
    """Return a selector of the ids: one bit each, the fastest there is."""
    bits = np.zeros(int(ids[-1]) + 1 if len(ids) else 8, bool)
    bits[ids] = True
    return faiss.IDSelectorBitmap(np.packbits(bits, bitorder="little"))
