"""Build, write, read and search FAISS indexes over embeddings. Home of faiss."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from search.deadline import check_deadline
from search.errors import HomeError
from search.records import Ids, Vectors

# Up to this many vectors exhaustive search is fast enough and exact. Above, an inverted file divides the vectors into
# cells, and a search probes only those nearest to the query (Sivic and Zisserman, "Video Google", ICCV 2003).
MAX_FLAT_VECTORS = 20_000
# Without a filter, the smaller of this many cells and this fraction of all cells is probed. The values were chosen with
# benchmarks/evaluation/recall.py and 30,000 to 1,000,000 vectors.
DEFAULT_PROBES = 250
MAX_PROBED_SHARE = 0.4
# With a filter, the number of probed cells is divided by this power of the fraction of vectors that it allows. It is
# above 1, since the allowed vectors may be close together and far from the query.
FILTER_EXPONENT = 1.6
# A search for many results probes at least this many times the cells that the results would fill.
DEEP_SEARCH_FACTOR = 10
# Random training vectors per cell, k-means iterations, and training vectors of the scalar quantizer. Higher numbers
# improve recall little and need more memory.
TRAINING_VECTORS_PER_CELL = 20
KMEANS_ITERATIONS = 10
MAX_QUANTIZER_VECTORS = 8_192
ROWS_PER_BLOCK = 2_048
# Bytes of an index that are written before it is checked again whether this thread is to stop.
WRITTEN_TOGETHER = 16 * 1024 * 1024


def _import_faiss() -> Any:
    """Import faiss when it is first needed. Returned as Any, since its type stubs describe the C++ interface."""
    import faiss

    return faiss


def build_index(ids: Ids, vectors: Vectors, max_flat: int = MAX_FLAT_VECTORS) -> Any:
    """Build a FAISS index for inner products.

    Args:
        ids: The id of each vector, shape (n,).
        vectors: Unit length, shape (n, d), float16 or float32.
        max_flat: Up to this many vectors the index is exhaustive and exact; above, it is an inverted file.

    Raises:
        CancelledError: This thread is to stop.
    """
    faiss = _import_faiss()
    n, dimension = vectors.shape
    if n <= max_flat:
        exact = faiss.IndexScalarQuantizer(dimension, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
        index = faiss.IndexIDMap2(exact)
    else:
        cells = int(4 * n**0.5)
        quantizer = faiss.IndexFlatIP(dimension)
        index = faiss.IndexIVFScalarQuantizer(
            quantizer, dimension, cells, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT
        )
        drawn = _draw_vectors(vectors, cells * TRAINING_VECTORS_PER_CELL)
        quantizer.add(_find_centers(faiss, drawn, cells))
        index.train(drawn[:MAX_QUANTIZER_VECTORS])
    for start in range(0, n, ROWS_PER_BLOCK):
        check_deadline()
        block = slice(start, start + ROWS_PER_BLOCK)
        index.add_with_ids(vectors[block].astype(np.float32), ids[block])
    return index


def _draw_vectors(vectors: Vectors, count: int) -> Vectors:
    """Return up to `count` random vectors as float32; the seed is fixed."""
    n, dimension = vectors.shape
    positions = np.random.default_rng(0).permutation(n)[:count]
    drawn = np.empty((len(positions), dimension), np.float32)
    for start in range(0, len(positions), ROWS_PER_BLOCK):
        drawn[start : start + ROWS_PER_BLOCK] = vectors[positions[start : start + ROWS_PER_BLOCK]]
    return drawn


def _find_centers(faiss: Any, vectors: Vectors, cells: int) -> Vectors:
    """Return the centers of cells, shape (cells, d).

    Spherical k-means: Dhillon and Modha, "Concept decompositions for large sparse text data using clustering", Machine
    Learning, 2001. FAISS cannot be stopped within a call, so each call is one iteration.
    """
    # Without `min_points_per_centroid` FAISS warns when there are few vectors.
    options = {"niter": 1, "spherical": True, "seed": 0, "min_points_per_centroid": 1}
    kmeans = faiss.Kmeans(vectors.shape[1], cells, **options)
    centers: Vectors | None = None
    for _ in range(KMEANS_ITERATIONS):
        check_deadline()
        kmeans.train(vectors, init_centroids=centers)
        centers = kmeans.centroids
    assert centers is not None
    return centers


def write_index(index: Any, path: Path) -> None:
    """Write an index to a file.

    Raises:
        HomeError: The disk is full or permission is denied.
        CancelledError: This thread is to stop.
    """

    def write(block: bytes) -> None:
        check_deadline()
        stream.write(block)

    faiss = _import_faiss()
    try:
        with path.open("wb") as stream:
            faiss.write_index(index, faiss.PyCallbackIOWriter(write, WRITTEN_TOGETHER))
    except OSError as error:
        raise HomeError(f"Cannot write {path}: {error}. Check the free space and the permissions.") from error


def read_index(path: Path) -> Any:
    """Read an index from a file. Raises RuntimeError when FAISS cannot read it."""
    return _import_faiss().read_index(str(path))


def search_index(
    index: Any, queries: Vectors, k: int, allowed: Ids | None, denied: Ids, probes: int | None = None
) -> tuple[Vectors, Ids]:
    """Return inner products and ids, shape (q, k), best first; the id is -1 where there are fewer than k results.

    The fewer vectors are allowed, the more cells are probed. With few allowed vectors all cells are probed, and no
    result is missed.

    Args:
        index: A FAISS index.
        queries: Shape (q, d), unit length.
        k: The number of results of a query.
        allowed: The only ids to return, int64, ascending; None for all.
        denied: Ids that must not be returned, int64, ascending.
        probes: The number of cells to probe instead of the computed one.
    """
    faiss = _import_faiss()
    selector, bitmap = None, None
    if allowed is not None:
        chosen = np.setdiff1d(allowed, denied, assume_unique=True)
        selector = bitmap = _make_bitmap(faiss, chosen)
    elif denied.size:
        bitmap = _make_bitmap(faiss, denied)  # this name keeps it alive: the selector below holds no reference
        selector = faiss.IDSelectorNot(bitmap)
    with _limit_threads(faiss, len(queries)):
        if not isinstance(index, faiss.IndexIVF):
            scores, ids = index.search(queries, k, params=faiss.SearchParameters(sel=selector))
            return scores, ids
        share = 1.0 if allowed is None else len(allowed) / max(index.ntotal, 1)
        cells = choose_probes(index.nlist, share, k / max(index.ntotal, 1)) if probes is None else probes
        cells = min(cells, index.nlist)
        scores, ids = index.search(queries, k, params=faiss.SearchParametersIVF(nprobe=cells, sel=selector))
        if probes is None and cells < index.nlist and (ids < 0).any():
            # The probed cells contain fewer than k allowed vectors; the other cells may contain more.
            scores, ids = index.search(queries, k, params=faiss.SearchParametersIVF(nprobe=index.nlist, sel=selector))
    return scores, ids


@contextmanager
def _limit_threads(faiss: Any, max_threads: int) -> Iterator[None]:
    """Limit the threads of FAISS to the number of queries, since each query is searched by one thread.

    More threads would wait for cores that numpy's threads still use: a search of 0.3 ms took 12 ms. The setting only
    affects the calling thread.
    """
    previous = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(max(1, min(previous, max_threads)))
    try:
        yield
    finally:
        faiss.omp_set_num_threads(previous)


def choose_probes(cells: int, share: float, wanted: float = 0.0) -> int:
    """Return the number of cells to probe.

    Args:
        cells: The number of all cells.
        share: The fraction of all vectors that a filter allows, 0 to 1.
        wanted: The fraction of all vectors that is requested, 0 to 1.
    """
    # The nearest tenth of all vectors is spread over most cells, hence `DEEP_SEARCH_FACTOR`.
    probes = min(DEFAULT_PROBES, MAX_PROBED_SHARE * cells) / max(share, 1e-9) ** FILTER_EXPONENT
    return min(cells, int(max(probes, DEEP_SEARCH_FACTOR * wanted * cells)) + 1)


def _make_bitmap(faiss: Any, ids: Ids) -> Any:
    """Return a selector with one bit per id, the fastest kind of selector."""
    bits = np.zeros(int(ids[-1]) + 1 if len(ids) else 8, bool)
    bits[ids] = True
    return faiss.IDSelectorBitmap(np.packbits(bits, bitorder="little"))
