"""The vector index of one space: a generation, the rows that were added since, and the ids that were deleted."""

import threading
from pathlib import Path

import numpy as np
from sqlalchemy import select

from search.records import Filters, Ids, Sample, Vectors
from search.storage import tables as t
from search.storage.baselines import QueryBank, measure_baselines
from search.storage.database import Database, join_ids, read_ids
from search.storage.embedding_rows import (
    count_rows,
    join_rows,
    make_rows,
    read_blocks,
    to_float32,
)
from search.storage.faiss_index import search_index
from search.storage.filters import select_embeddings, select_hidden
from search.storage.generation_rows import RowsWithBaselines, draw_sample
from search.storage.generations import (
    BuildOptions,
    Generation,
    GenerationManifest,
    check_generation,
    drop_generation,
    find_generation_manifests,
    load_generation,
    lock_folder,
    write_generation,
)
from search.storage.snapshot import Snapshot
from search.storage.unrelated_text import UnrelatedStatistics, measure_unrelated

# Rows that were added since the last generation, the delta, are searched exhaustively. Above this fraction of the
# generation, and above this number, the writer builds a new generation.
MAX_DELTA_SHARE = 0.1
MIN_DELTA_ROWS = 4_000
# Without a generation, the statistics of unrelated vectors are measured again when the sample has grown by this factor.
MIN_SAMPLE_GROWTH = 1.5


class SpaceIndex:
    """The vector index of one space. Safe to share between threads.

    Attributes:
        space_id: The space.
        dimension: The length of a vector.
        device: Where indexes are built: `auto`, `cpu`, `cuda` or `cuda:1`.
    """

    def __init__(self, database: Database, space_id: int, fingerprint: str, bank: QueryBank, folder: Path) -> None:
        """Store the arguments; `refresh` loads the index.

        Args:
            database: The catalog.
            space_id: The space.
            fingerprint: The fingerprint of its model.
            bank: The query bank that baselines are measured with.
            folder: The folder of its generations.
        """
        self.space_id = space_id
        self.dimension = bank.vectors.shape[1]
        self.device = "auto"
        self._bank = bank
        self._database = database
        self._fingerprint = fingerprint
        self._folder = folder
        self._lock = threading.Lock()
        self._snapshot: Snapshot | None = None
        self._loading: GenerationManifest | None = None
        self._unrelated: tuple[Sample, UnrelatedStatistics] | None = None

    def read_unrelated(self) -> UnrelatedStatistics:
        """Return the statistics of unrelated vectors; they are measured again when the sample changes."""
        snapshot = self._snapshot or self.refresh(0)
        cached = self._unrelated
        if cached is None or cached[0] is not snapshot.sample:
            # Without a generation the sample grows with every write; a little growth changes the statistics little.
            if (
                cached is not None
                and snapshot.generation is None
                and len(snapshot.sample) < MIN_SAMPLE_GROWTH * len(cached[0])
            ):
                return cached[1]
            cached = self._unrelated = (snapshot.sample, measure_unrelated(snapshot.sample, self._bank.vectors))
        return cached[1]

    def refresh(self, revision: int) -> Snapshot:
        """Return a snapshot that is at least as new as a revision of the catalog.

        A new generation is loaded in a background thread, so no search waits for it.
        """
        snapshot = self._snapshot
        if snapshot is not None and snapshot.generation is not None and not snapshot.generation.is_mapped:
            # Something has cut the file. The next generation is found, or all rows are read from SQL.
            self._snapshot = snapshot = None
        if snapshot is not None and snapshot.revision >= revision:
            return snapshot
        with self._lock:
            if self._snapshot is None or self._snapshot.revision < revision:
                self._snapshot = self._load(revision)
            return self._snapshot

    def search(self, snapshot: Snapshot, queries: Vectors, k: int, allowed: Ids | None) -> list[tuple[Ids, Vectors]]:
        """Return the embedding ids and inner products of the nearest vectors of each query, best first.

        Args:
            snapshot: The state to search.
            queries: Shape (q, d), unit length.
            k: The maximum number of results of a query.
            allowed: The only ids to return, ascending; None for all.

        Returns:
            For each query, the ids and the inner products, shape (m,) each, where m is at most k.
        """
        parts: list[list[tuple[Ids, Vectors]]] = [[] for _ in queries]
        if snapshot.generation is not None and snapshot.generation.manifest.count:
            index = snapshot.generation.index
            scores, ids = search_index(index, queries, min(k, len(index)), allowed, snapshot.denied)
            for part, row_ids, row_scores in zip(parts, ids, scores, strict=True):
                part.append((row_ids[row_ids >= 0], row_scores[row_ids >= 0]))
        if len(snapshot.delta.ids):
            keep = ~np.isin(snapshot.delta.ids, snapshot.denied)
            if allowed is not None:
                keep &= np.isin(snapshot.delta.ids, allowed)
            for part, row in zip(parts, snapshot.multiply_delta(queries), strict=True):
                part.append((snapshot.delta.ids[keep], row[keep]))
        return [_merge(part, k) for part in parts]

    def build(self, revision: int) -> Snapshot:
        """Write a new generation from all committed rows and return a snapshot that uses it."""
        with lock_folder(self._folder):
            generation = load_generation(self._folder, self._write_generation())
        with self._lock:
            self._snapshot = self._make_snapshot(revision, generation)
            return self._snapshot

    def rebuild_if_stale(self, share: float = MAX_DELTA_SHARE) -> None:
        """Write a new generation if there is none yet or if too many rows were added since the last.

        Writers call this while they write and when they end. The new generation is not loaded.

        Args:
            share: The maximum number of added rows, as a fraction of the rows of the last generation.
        """
        if not self._needs_rebuild(share):
            return
        with lock_folder(self._folder):
            if self._needs_rebuild(share):  # another process may have built it in the meantime
                self._write_generation()

    def read_live_ids(self) -> set[int]:
        """Return the ids of the committed embeddings of indexed items from SQL."""
        return set(select_embeddings(self._database, self.space_id, Filters()).tolist())

    def count_rows(self, above: int = 0) -> int:
        """Return the number of committed embeddings of this space with ids above `above`."""
        return count_rows(self._database, self.space_id, above)

    def _load(self, revision: int) -> Snapshot:
        current = self._snapshot.generation if self._snapshot is not None else None
        if current is None:
            return self._make_snapshot(revision, self._find_generation())
        newest = self._find_newest()
        if newest is not None and newest not in (current.manifest, self._loading):
            self._loading = newest
            threading.Thread(target=self._load_in_background, args=(current, newest), daemon=True).start()
        return self._make_snapshot(revision, current)

    def _load_in_background(self, current: Generation, newest: GenerationManifest) -> None:
        """Load a generation and replace the current generation."""
        generation = self._load_or_drop(newest)
        with self._lock:
            if generation is not None and self._snapshot is not None and self._snapshot.generation is current:
                self._snapshot = self._make_snapshot(self._snapshot.revision, generation)

    def _needs_rebuild(self, share: float) -> bool:
        """Return whether a new generation is needed; this reads the newest manifest and loads no index."""
        newest = self._find_newest()
        if newest is None:
            return self.count_rows() > 0
        return self.count_rows(newest.mark) > max(MIN_DELTA_ROWS, share * newest.count)

    def _make_snapshot(self, revision: int, generation: Generation | None) -> Snapshot:
        """Return a snapshot of a generation and the rows added since; rows in the current snapshot are reused."""
        delta, baselines = make_rows(self.dimension), np.zeros((0, self._bank.width), np.float32)
        if self._snapshot is not None and self._snapshot.generation is generation:
            delta, baselines = self._snapshot.delta, self._snapshot.delta_baselines
        mark = generation.manifest.mark if generation else 0
        above = int(delta.ids[-1]) if len(delta.ids) else mark
        new_blocks = list(read_blocks(self._database, self.space_id, self.dimension, above))
        if new_blocks:
            delta = join_rows([delta, *new_blocks])
            baselines = np.concatenate(
                [baselines, *(measure_baselines(block.vectors, self._bank) for block in new_blocks)]
            )
        deleted = select(t.tombstone.c.embedding_id).where(t.tombstone.c.space_id == self.space_id)
        denied = np.union1d(read_ids(self._database, join_ids(deleted)), select_hidden(self._database, self.space_id))
        sample = generation.sample if generation is not None else None
        if not sample:
            drawn = draw_sample(len(delta.ids))
            sample = Sample(to_float32(delta.vectors[drawn]), delta.spoken[drawn], baselines[drawn])
        return Snapshot(revision, generation, delta, baselines, denied, sample)

    def _find_generation(self) -> Generation | None:
        """Load the newest undamaged generation."""
        generations = map(
            self._load_or_drop, find_generation_manifests(self._folder, self._fingerprint, self._bank.digest)
        )
        return next((generation for generation in generations if generation is not None), None)

    def _load_or_drop(self, manifest: GenerationManifest) -> Generation | None:
        """Load a generation; if it is damaged, delete its manifest and return None."""
        generation = load_generation(self._folder, manifest)
        if generation is None:
            drop_generation(self._folder, manifest)
        elif not generation.is_checked:
            threading.Thread(target=self._check_in_background, args=(generation,), daemon=True).start()
        return generation

    def _check_in_background(self, generation: Generation) -> None:
        """Compare the content of a generation with its hashes; if it is damaged, it is not used any more."""
        if check_generation(self._folder, generation.manifest):
            return
        with self._lock:
            # An index that was replaced meanwhile, and whose files were deleted, does not count.
            if self._snapshot is not None and self._snapshot.generation is generation:
                drop_generation(self._folder, generation.manifest)
                self._snapshot = None

    def check_files(self) -> bool:
        """Compare the content of the generation in use with its hashes. Return whether it is intact.

        A damaged one is not used any more: the next search finds the generation before, or reads all rows from SQL.
        """
        snapshot = self.refresh(0)
        if snapshot.generation is None or check_generation(self._folder, snapshot.generation.manifest, 1.0):
            return True
        with self._lock:
            drop_generation(self._folder, snapshot.generation.manifest)
            self._snapshot = None
        return False

    def _find_newest(self) -> GenerationManifest | None:
        return next(iter(find_generation_manifests(self._folder, self._fingerprint, self._bank.digest)), None)

    def _write_generation(self) -> GenerationManifest:
        """Write a generation from all committed rows; the folder must be locked."""
        newest = self._find_newest()
        draft = GenerationManifest(
            newest.generation + 1 if newest is not None else 1, self._fingerprint, self.dimension
        )
        blocks = read_blocks(self._database, self.space_id, self.dimension, 0)
        options = BuildOptions(self.device, self._find_intact(newest))
        return write_generation(self._folder, blocks, self._bank, draft, options)

    def _find_intact(self, manifest: GenerationManifest | None) -> RowsWithBaselines | None:
        """Return the rows of a generation whose content has its hashes; None if there is none."""
        if manifest is None or not check_generation(self._folder, manifest, 1.0):
            return None
        generation = load_generation(self._folder, manifest)
        return generation.stored if generation is not None else None


def _merge(parts: list[tuple[Ids, Vectors]], k: int) -> tuple[Ids, Vectors]:
    if not parts:
        return np.zeros(0, np.int64), np.zeros(0, np.float32)
    ids = np.concatenate([ids for ids, _ in parts])
    scores = np.concatenate([scores for _, scores in parts])
    order = np.argsort(-scores, kind="stable")[:k]
    return ids[order], scores[order]
