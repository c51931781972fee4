"""Build FAISS indexes: find the centers of cells and assign vectors to them, on a GPU if there is one."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from search.deadline import check_deadline
from search.records import Ids, Vectors
from search.storage.embedding_rows import to_float32
from search.storage.faiss_index import import_faiss

# Up to this many vectors, comparing all of them is fast enough and exact. Above, an inverted file divides the vectors
# into cells, and a search probes only those nearest to the query (Sivic and Zisserman, "Video Google", ICCV 2003).
MAX_FLAT_VECTORS = 20_000
# The number of cells is this multiple of the square root of the number of vectors.
CELLS_FACTOR = 4
# Random training vectors per cell, k-means iterations, and training vectors of the scalar quantizer. Higher numbers
# improve recall little and need more memory.
TRAINING_VECTORS_PER_CELL = 20
KMEANS_ITERATIONS = 10
MAX_QUANTIZER_VECTORS = 8_192
# Vectors that are assigned before it is checked again whether this thread is to stop: a quarter of a second of work
# with 4,000 cells on two cores.
ROWS_PER_BLOCK = 4_096


def build_index(ids: Ids, vectors: Vectors, device: str = "auto", max_flat: int = MAX_FLAT_VECTORS) -> Any | None:
    """Build an inverted file for inner products, with 8-bit vectors.

    Args:
        ids: The id of each vector, shape (n,).
        vectors: Unit length, shape (n, d), float16 or float32.
        device: `auto`, `cpu`, `cuda` or `cuda:1`: whether GPUs may be used, and which.
        max_flat: Up to this many vectors no index is needed.

    Returns:
        The FAISS index; None if comparing all vectors is fast enough.

    Raises:
        CancelledError: This thread is to stop.
    """
    n, dimension = vectors.shape
    if n <= max_flat:
        return None
    faiss = import_faiss()
    drawn, cells = draw_training_vectors(vectors, int(CELLS_FACTOR * n**0.5))
    quantizer = faiss.IndexFlatIP(dimension)
    quantizer.add(find_centers(drawn, cells, device))
    index = faiss.IndexIVFScalarQuantizer(
        quantizer, dimension, cells, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT
    )
    index.train(drawn[:MAX_QUANTIZER_VECTORS])
    del drawn
    assigner = move_to_gpu(quantizer, device)
    for start in range(0, n, ROWS_PER_BLOCK):
        check_deadline()
        block = _read_float32(vectors[start : start + ROWS_PER_BLOCK])
        block_ids = np.ascontiguousarray(ids[start : start + ROWS_PER_BLOCK], np.int64)
        nearest = np.ascontiguousarray(assigner.search(block, 1)[1][:, 0])
        index.add_core(len(block), *map(faiss.swig_ptr, (block, block_ids, nearest)))
    return index


def draw_training_vectors(vectors: Vectors, cells: int) -> tuple[Vectors, int]:
    """Return random vectors as float32, and the number of cells that they can be divided into; the seed is fixed."""
    n, dimension = vectors.shape
    positions = np.random.default_rng(0).permutation(n)[: cells * TRAINING_VECTORS_PER_CELL]
    drawn = np.empty((len(positions), dimension), np.float32)
    for start in range(0, len(positions), ROWS_PER_BLOCK):
        check_deadline()
        drawn[start : start + ROWS_PER_BLOCK] = vectors[positions[start : start + ROWS_PER_BLOCK]]
    return drawn, min(cells, len(drawn))


def find_centers(vectors: Vectors, cells: int, device: str = "cpu") -> Vectors:
    """Return the centers of cells, shape (cells, d), unit length.

    Spherical k-means: Dhillon and Modha, "Concept decompositions for large sparse text data using clustering", Machine
    Learning, 2001. FAISS's own k-means cannot be stopped within an iteration, which takes seconds with 4,000 cells.

    Args:
        vectors: Unit length, in random order, shape (n, d), float32.
        cells: The number of cells, at most n.
        device: As for `build_index`.

    Raises:
        CancelledError: This thread is to stop.
    """
    faiss = import_faiss()
    centers = vectors[:cells].copy()
    for number in range(KMEANS_ITERATIONS):
        quantizer = faiss.IndexFlatIP(vectors.shape[1])
        quantizer.add(centers)
        assigner = move_to_gpu(quantizer, device)
        nearest = np.empty(len(vectors), np.int64)
        for start in range(0, len(vectors), ROWS_PER_BLOCK):
            check_deadline()
            nearest[start : start + ROWS_PER_BLOCK] = assigner.search(vectors[start : start + ROWS_PER_BLOCK], 1)[1][
                :, 0
            ]
        centers = _average(vectors, nearest, centers, number)
    return centers


def _average(vectors: Vectors, nearest: Ids, centers: Vectors, seed: int) -> Vectors:
    """Return the directions of the mean vectors of all cells; an empty cell gets a random vector as its center."""
    averages = np.zeros_like(centers)
    order = np.argsort(nearest, kind="stable")
    for part in _split(order, ROWS_PER_BLOCK):
        check_deadline()
        cells, first = np.unique(nearest[part], return_index=True)
        averages[cells] += np.add.reduceat(vectors[part], first, axis=0)
    empty = np.flatnonzero(np.bincount(nearest, minlength=len(centers)) == 0)
    averages[empty] = vectors[np.random.default_rng(seed).integers(len(vectors), size=len(empty))]
    lengths = np.linalg.norm(averages, axis=1, keepdims=True)
    result: Vectors = averages / np.maximum(lengths, np.float32(1e-12))
    return result


def _split(positions: Ids, size: int) -> Iterator[Ids]:
    for start in range(0, len(positions), size):
        yield positions[start : start + size]


def _read_float32(block: Vectors) -> Vectors:
    return to_float32(block) if block.dtype == np.float16 else block


def move_to_gpu(index: Any, device: str) -> Any:
    """Return a copy of an index on the GPUs that may be used; the index itself without one, or with too little memory.

    The CPU build of FAISS finds no GPU.

    Args:
        index: A FAISS index.
        device: As for `build_index`.
    """
    faiss = import_faiss()
    if device == "cpu" or not faiss.get_num_gpus():
        return index
    _, _, number = device.partition(":")
    try:
        if number:
            return faiss.index_cpu_to_gpu(faiss.StandardGpuResources(), int(number), index)
        return faiss.index_cpu_to_all_gpus(index)
    except RuntimeError:  # raised by FAISS, also if the memory of a GPU is full
        return index
