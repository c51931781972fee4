"""Write, read and search FAISS indexes over embeddings. Home of faiss, with `faiss_build`."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from search.deadline import check_deadline
from search.errors import HomeError
from search.records import Flags, Ids, Vectors

# Without a filter, the smaller of this many cells and this fraction of all cells is probed, unless another number was
# chosen when the index was built.
DEFAULT_PROBES = 250
MAX_PROBED_SHARE = 0.4
# Up to this share of allowed vectors, all allowed vectors are compared. Above, cells are probed: their number is
# divided by this power of the share. It is above 1, since the allowed vectors may be close together and far from the
# query.
MAX_SCANNED_SHARE = 0.15
FILTER_EXPONENT = 1.6
# A search for many results probes at least this many times the cells that the results would fill.
DEEP_SEARCH_FACTOR = 10
# Bytes of an index that are written before it is checked again whether this thread is to stop.
WRITTEN_TOGETHER = 16 * 1024 * 1024


def import_faiss() -> Any:
    """Import faiss when it is first needed. Returned as Any, since its type stubs describe the C++ interface."""
    import faiss

    return faiss


@dataclass(frozen=True)
class VectorIndex:
    """The index of some rows.

    Attributes:
        ids: The ids of the rows, ascending, shape (n,).
        vectors: Unit length, shape (n, d), float16; they can be a mapped file.
        cells: The FAISS inverted file; None if all vectors are compared.
        probes: The number of cells that a search without a filter probes; None for the default.
    """

    ids: Ids
    vectors: Vectors
    cells: Any = None
    probes: int | None = None

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def cell_count(self) -> int:
        """The number of cells; 0 without cells."""
        return int(self.cells.nlist) if self.cells is not None else 0

    @cached_property
    def flat(self) -> Any:
        """A FAISS index that compares all vectors. It reads them where they are, and has their positions as ids."""
        faiss = import_faiss()
        index = faiss.IndexScalarQuantizer(
            self.vectors.shape[1], faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
        )
        stored = self.vectors.reshape(-1).view(np.uint8)
        index.codes = faiss.MaybeOwnedVectorUInt8.create_view(faiss.swig_ptr(stored), stored.nbytes, index.codes.owner)
        index.ntotal = len(self.ids)
        return index

    def mark(self, ids: Ids) -> Flags:
        """Return for each row whether its id is in `ids`, which must be ascending, shape (n,)."""
        flags = np.zeros(len(self.ids), bool)
        positions = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        flags[positions[self.ids[positions] == ids]] = True
        return flags


def write_index(index: Any, path: Path) -> None:
    """Write an index to a file.

    Raises:
        HomeError: The disk is full or permission is denied.
        CancelledError: This thread is to stop.
    """

    def write(block: bytes) -> None:
        check_deadline()
        stream.write(block)

    faiss = import_faiss()
    try:
        with path.open("wb") as stream:
            faiss.write_index(index, faiss.PyCallbackIOWriter(write, WRITTEN_TOGETHER))
    except OSError as error:
        raise HomeError(f"Cannot write {path}: {error}. Check the free space and the permissions.") from error


def read_index(path: Path) -> Any:
    """Map an index into memory: the system reads the cells that are probed, and takes the memory back when needed.

    Raises RuntimeError when FAISS cannot read the file.
    """
    faiss = import_faiss()
    index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP)
    mapped = faiss.try_extract_index_ivf(index)
    lists: Any = faiss.downcast_InvertedLists(mapped.invlists) if mapped is not None else None
    if hasattr(lists, "prefetch_nthread"):
        lists.prefetch_nthread = 0  # each search would start up to 32 threads
    return index


def search_index(
    index: VectorIndex, queries: Vectors, k: int, allowed: Ids | None, denied: Ids, probes: int | None = None
) -> tuple[Vectors, Ids]:
    """Return inner products and ids, shape (q, k), best first; the id is -1 where there are fewer than k results.

    With few allowed vectors, all of them are compared, and no result is missed. With more, the fewer vectors are
    allowed, the more cells are probed.

    Args:
        index: The index.
        queries: Shape (q, d), unit length.
        k: The number of results of a query.
        allowed: The only ids to return, int64, ascending; None for all.
        denied: Ids that must not be returned, int64, ascending.
        probes: The number of cells to probe instead of the computed one.
    """
    share = 1.0 if allowed is None else len(allowed) / max(len(index), 1)
    with _limit_threads(len(queries)):
        if index.cells is None or (probes is None and share <= MAX_SCANNED_SHARE):
            return _search_all(index, queries, k, allowed, denied)
        return _search_cells(index, queries, k, allowed, denied, probes)


def _search_all(index: VectorIndex, queries: Vectors, k: int, allowed: Ids | None, denied: Ids) -> tuple[Vectors, Ids]:
    """Compare all allowed vectors."""
    faiss = import_faiss()
    selector = None
    if allowed is not None or denied.size:
        flags = ~index.mark(denied) if allowed is None else index.mark(allowed) & ~index.mark(denied)
        selector = faiss.IDSelectorBitmap(np.packbits(flags, bitorder="little"))
    scores, positions = index.flat.search(queries, k, params=faiss.SearchParameters(sel=selector))
    return scores, np.where(positions < 0, -1, index.ids[positions])


def _search_cells(
    index: VectorIndex, queries: Vectors, k: int, allowed: Ids | None, denied: Ids, probes: int | None
) -> tuple[Vectors, Ids]:
    """Compare the allowed vectors in the cells that are nearest to each query."""
    faiss, cells = import_faiss(), index.cells
    selector, bitmap = None, None
    if allowed is not None:
        chosen = np.setdiff1d(allowed, denied, assume_unique=True)
        selector = bitmap = _make_bitmap(faiss, chosen)
    elif denied.size:
        bitmap = _make_bitmap(faiss, denied)  # this name keeps it alive: the selector below holds no reference
        selector = faiss.IDSelectorNot(bitmap)
    count = max(len(index), 1)
    share = 1.0 if allowed is None else len(allowed) / count
    wanted = choose_probes(cells.nlist, share, k / count, index.probes) if probes is None else probes
    wanted = min(wanted, cells.nlist)
    scores, ids = cells.search(queries, k, params=faiss.SearchParametersIVF(nprobe=wanted, sel=selector))
    if probes is None and wanted < cells.nlist and (ids < 0).any():
        # The probed cells contain fewer than k allowed vectors; the other cells may contain more.
        scores, ids = cells.search(queries, k, params=faiss.SearchParametersIVF(nprobe=cells.nlist, sel=selector))
    return scores, ids


@contextmanager
def _limit_threads(max_threads: int) -> Iterator[None]:
    """Limit the threads of FAISS to the number of queries, since each query is searched by one thread.

    More threads would wait for cores that numpy's threads still use: a search of 0.3 ms took 12 ms. The setting only
    affects the calling thread.
    """
    faiss = import_faiss()
    previous = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(max(1, min(previous, max_threads)))
    try:
        yield
    finally:
        faiss.omp_set_num_threads(previous)


def choose_probes(cells: int, share: float, wanted: float = 0.0, measured: int | None = None) -> int:
    """Return the number of cells to probe.

    Args:
        cells: The number of all cells.
        share: The fraction of all vectors that a filter allows, 0 to 1.
        wanted: The fraction of all vectors that is requested, 0 to 1.
        measured: The number that was chosen for searches without a filter when the index was built.
    """
    base = min(DEFAULT_PROBES, MAX_PROBED_SHARE * cells)
    if measured is not None:
        # The nearest allowed vectors can be in cells where none of the nearest vectors is, so that what was measured
        # without a filter is not enough.
        base = measured if share == 1 else max(base, measured)
    # The nearest tenth of all vectors is spread over most cells, hence `DEEP_SEARCH_FACTOR`.
    probes = base / max(share, 1e-9) ** FILTER_EXPONENT
    return min(cells, int(max(probes, DEEP_SEARCH_FACTOR * wanted * cells)) + 1)


def _make_bitmap(faiss: Any, ids: Ids) -> Any:
    """Return a selector with one bit per id, the fastest kind of selector."""
    bits = np.zeros(int(ids[-1]) + 1 if len(ids) else 8, bool)
    bits[ids] = True
    return faiss.IDSelectorBitmap(np.packbits(bits, bitorder="little"))
