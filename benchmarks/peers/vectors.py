"""The vectors that stores are measured with: those of real photos, repeated with noise, and of real texts."""

from pathlib import Path

import numpy as np

from search.open_home import open_home
from search.records import Retriever, Vectors
from search.settings import read_settings
from search.storage.embedding_rows import to_float32

K = 10
# Each vector is in one of 100 buckets; a filter allows the first of them.
BUCKETS, ONE_PERCENT, TEN_PERCENT = 100, 1, 10
BLOCK = 5_000


def write_vectors(home: Path, texts: Path, path: Path) -> None:
    """Write the image vectors of a home, shape (n, d), and those of texts, shape (q, d), float32.

    Args:
        home: A home with indexed photos.
        texts: A file with one text per line.
        path: The file to write, .npz.
    """
    with open_home(read_settings(home=home)) as library:
        space = library.indexes[Retriever.VISUAL]
        snapshot = space.refresh(library.catalog.read_revision())
        vectors, _, _ = snapshot.gather(np.array(sorted(snapshot.read_ids()), np.int64))
        lines = texts.read_text(encoding="utf-8").splitlines()
        queries = np.concatenate([library.models.image_encoder.encode_texts([line]) for line in lines])
    np.savez(path, vectors=to_float32(vectors), queries=queries.astype(np.float32))


def write_library(originals: Path, size: int, path: Path) -> None:
    """Write a library of a given size: vectors, buckets, queries, and the exact results.

    Args:
        originals: The file of `write_vectors`.
        size: The number of vectors.
        path: The file to write, .npz.
    """
    rng = np.random.default_rng(size)
    with np.load(originals) as file:
        rows, queries = file["vectors"], file["queries"]
    drawn = rng.integers(len(rows), size=size)
    vectors = np.concatenate(
        [add_noise(rows[drawn[start : start + BLOCK]], rng) for start in range(0, size, BLOCK)], dtype=np.float32
    )
    buckets = rng.integers(BUCKETS, size=size)
    exact = {
        f"exact_{below}": find_exact(vectors, queries, np.flatnonzero(buckets < below))
        for below in (BUCKETS, TEN_PERCENT, ONE_PERCENT)
    }
    np.savez(path, vectors=vectors, buckets=buckets, queries=queries, **exact)


def add_noise(rows: Vectors, rng: np.random.Generator) -> Vectors:
    """Return unit vectors near the given ones, with a cosine of about 0.9, as `benchmarks/evaluation/speed.py` does."""
    noise = rng.normal(size=rows.shape).astype(np.float32)
    moved = rows + 0.45 * noise / np.linalg.norm(noise, axis=1, keepdims=True)
    result: Vectors = (moved / np.linalg.norm(moved, axis=1, keepdims=True)).astype(np.float32)
    return result


def find_exact(vectors: Vectors, queries: Vectors, allowed: np.ndarray) -> np.ndarray:
    """Return the positions of the ten vectors with the highest inner products of each query, shape (q, 10)."""
    scores = queries @ vectors[allowed].T
    return allowed[np.argsort(-scores, axis=1, kind="stable")[:, :K]]
