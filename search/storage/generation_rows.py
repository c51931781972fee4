"""The files with the rows of a generation, which are mapped into memory when they are read."""

from collections.abc import Iterable, Set
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from search.deadline import check_deadline
from search.records import Ids, Vectors
from search.storage.baselines import QueryBank, measure_baselines
from search.storage.embedding_rows import ROW_METADATA, Rows, make_rows, to_float32
from search.storage.generation_files import map_array, map_vectors

# Vectors in the sample of a generation.
SAMPLE_SIZE = 1024
# The vectors are stored as raw float16, row by row, and the other data in NumPy's format.
VECTORS_FILE = "vectors.f2"
IDS_FILE, METADATA_FILE, BASELINES_FILE, SAMPLE_FILE = "ids.npy", "metadata.npy", "baselines.npy", "sample.npy"
# Before version 0.2 one file, which cannot be mapped, had everything except the vectors. The array of row metadata is
# named `owners` in it.
OLD_ROWS_FILE = "rows.npz"


@dataclass(frozen=True)
class RowsWithBaselines:
    """Rows and what was computed from them.

    Attributes:
        rows: The rows.
        baselines: Their baselines, shape (n, k), float32.
        sample: The vectors of random rows, shape (m, d), float32; see `draw_sample`.
    """

    rows: Rows
    baselines: Vectors
    sample: Vectors


def read_rows(folder: Path, names: Set[str], dimension: int) -> RowsWithBaselines:
    """Map the rows of a generation.

    Args:
        folder: The folder of the generation.
        names: The names of its files.
        dimension: The length of a vector.

    Raises:
        FileNotFoundError: A file is missing.
        ValueError: A file is damaged.
    """
    if OLD_ROWS_FILE in names:
        with np.load(folder / OLD_ROWS_FILE) as stored:
            ids, metadata, baselines, sample = (stored[name] for name in ("ids", "owners", "baselines", "sample"))
    else:
        files = (IDS_FILE, METADATA_FILE, BASELINES_FILE, SAMPLE_FILE)
        ids, metadata, baselines, sample = (map_array(folder / name) for name in files)
    vectors = map_vectors(folder / VECTORS_FILE, len(ids), dimension)
    # In generations from before version 0.2 one of the fields has another name.
    return RowsWithBaselines(Rows(ids, vectors, metadata.view(ROW_METADATA)), baselines, np.array(sample))


def write_rows(
    folder: Path, blocks: Iterable[Rows], bank: QueryBank, dimension: int, earlier: RowsWithBaselines | None
) -> Rows:
    """Write rows block by block, so that the vectors are never all in memory at once.

    Args:
        folder: The folder of the generation.
        blocks: All rows, ids ascending.
        bank: The query bank that baselines are measured with.
        dimension: The length of a vector.
        earlier: Rows whose baselines were measured with the same bank; those are copied.

    Returns:
        The rows; their vectors are mapped.

    Raises:
        CancelledError: This thread is to stop.
    """
    empty = make_rows(dimension)
    ids, metadata, baselines = [empty.ids], [empty.metadata], [np.zeros((0, bank.width), np.float32)]
    with (folder / VECTORS_FILE).open("wb") as stream:
        for block in blocks:
            check_deadline()
            stream.write(block.vectors.tobytes())
            ids.append(block.ids)
            metadata.append(block.metadata)
            baselines.append(_compute_baselines(block, bank, earlier))
    rows = Rows(
        np.concatenate(ids), map_vectors(folder / VECTORS_FILE, sum(map(len, ids)), dimension), np.concatenate(metadata)
    )
    np.save(folder / IDS_FILE, rows.ids)
    np.save(folder / METADATA_FILE, rows.metadata)
    np.save(folder / BASELINES_FILE, np.concatenate(baselines))
    np.save(folder / SAMPLE_FILE, to_float32(rows.vectors[draw_sample(len(rows.ids))]))
    return rows


def _compute_baselines(block: Rows, bank: QueryBank, earlier: RowsWithBaselines | None) -> Vectors:
    """Return the baselines of rows; those in an earlier generation are copied from it."""
    if earlier is None:
        return measure_baselines(block.vectors, bank)
    baselines = np.zeros((len(block.ids), bank.width), np.float32)
    is_new = np.ones(len(block.ids), bool)
    positions, found = earlier.rows.find(block.ids)
    is_new[positions] = (earlier.rows.vectors[found] != block.vectors[positions]).any(axis=1)
    baselines[positions] = earlier.baselines[found]
    baselines[is_new] = measure_baselines(block.vectors[is_new], bank)
    return baselines


def draw_sample(count: int) -> Ids:
    """Return the random positions of the sample among `count` rows, ascending, shape (m,); the seed is fixed."""
    positions: Ids = np.sort(np.random.default_rng(0).permutation(count)[:SAMPLE_SIZE])
    return positions
