"""One embedding space as a reader sees it: a generation, the rows since, and what is gone."""

import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sqlalchemy import func, select

from search.records import Filters, Ids, Vectors
from search.store import tables as t
from search.store.database import Database, match_ids
from search.store.filters import select_embeddings, select_hidden
from search.store.vectors import (
    SAMPLE,
    Generation,
    find_manifests,
    list_ids,
    load_generation,
    search_index,
    write_generation,
)

# Rows since the last generation are compared one by one; beyond this share a new one is built.
DELTA_SHARE = 0.1
DELTA_FLOOR = 2_000


@dataclass(frozen=True)
class Snapshot:
    """What searches see; replaced as a whole, never changed. denied: ids never to return."""

    revision: int
    generation: Generation | None
    delta_ids: Ids
    delta: Vectors
    denied: Ids
    sample: Vectors

    @property
    def count(self) -> int:
        """How many vectors can be compared, those denied included."""
        built = self.generation.manifest.count if self.generation else 0
        return built + len(self.delta_ids)

    def read_ids(self) -> set[int]:
        """Give the ids that a search can return."""
        ids = set(self.delta_ids.tolist())
        if self.generation is not None:
            ids |= set(list_ids(self.generation.index).tolist())
        return ids - set(self.denied.tolist())


class SpaceIndex:
    """Searches one space. Safe to share between threads."""

    def __init__(self, database: Database, space_id: int, dimension: int, fingerprint: str, folder: Path) -> None:
        """Read nothing yet; `refresh` loads. folder: where this space's generations lie."""
        self.space_id = space_id
        self.dimension = dimension
        self._database = database
        self._fingerprint = fingerprint
        self._folder = folder
        self._lock = threading.Lock()
        self._snapshot: Snapshot | None = None

    def refresh(self, revision: int) -> Snapshot:
        """Give a snapshot at least as new as the catalogue's `revision`, loading what changed."""
        snapshot = self._snapshot
        if snapshot is not None and snapshot.revision >= revision:
            return snapshot
        with self._lock:
            if self._snapshot is None or self._snapshot.revision < revision:
                self._snapshot = self._load(revision)
            return self._snapshot

    def search(self, snapshot: Snapshot, queries: Vectors, k: int, allowed: Ids | None) -> list[tuple[Ids, Vectors]]:
        """Give (embedding ids, inner products) per query, best first, at most k each.

        queries: shape (q, d), unit length; allowed: the only ids to return, ascending, or None.
        """
        parts: list[list[tuple[Ids, Vectors]]] = [[] for _ in queries]
        if snapshot.generation is not None and snapshot.generation.manifest.count:
            index = snapshot.generation.index
            scores, ids = search_index(index, queries, min(k, index.ntotal), allowed, snapshot.denied)
            for part, row_ids, row_scores in zip(parts, ids, scores, strict=True):
                part.append((row_ids[row_ids >= 0], row_scores[row_ids >= 0]))
        if len(snapshot.delta_ids):
            keep = ~np.isin(snapshot.delta_ids, snapshot.denied)
            if allowed is not None:
                keep &= np.isin(snapshot.delta_ids, allowed)
            products = queries @ snapshot.delta[keep].T
            for part, row in zip(parts, products, strict=True):
                part.append((snapshot.delta_ids[keep], row))
        return [_merge(part, k) for part in parts]

    def read_segments(self, embedding_ids: Ids) -> dict[int, tuple[int, int]]:
        """Give (segment id, item id) by embedding id; rows that are gone are left out."""
        c = t.embedding.c
        query = (
            select(c.id, c.segment_id, t.segment.c.item_id)
            .join(t.segment, t.segment.c.id == c.segment_id)
            .where(match_ids(c.id, embedding_ids.tolist()))
        )
        with self._database.read() as db:
            return {row.id: (row.segment_id, row.item_id) for row in db.execute(query)}

    def read_vectors(self, embedding_ids: Ids) -> Vectors:
        """Give stored vectors in the order of their ids, shape (n, d), float32; zeros for rows gone."""
        query = select(t.embedding.c.id, t.embedding.c.vector).where(
            match_ids(t.embedding.c.id, embedding_ids.tolist())
        )
        with self._database.read() as db:
            rows = {row.id: np.frombuffer(row.vector, "<f2") for row in db.execute(query)}
        nothing = np.zeros(self.dimension, np.float16)
        return np.stack([rows.get(one, nothing) for one in embedding_ids.tolist()]).astype(np.float32)

    def build(self, revision: int) -> Snapshot:
        """Write a new generation from all committed rows and give the snapshot that uses it."""
        with self._lock:
            self._snapshot = self._build(revision)
            return self._snapshot

    def read_live_ids(self) -> set[int]:
        """Give the ids of the committed embeddings of indexed items, as SQL has them."""
        return set(select_embeddings(self._database, self.space_id, Filters()).tolist())

    def count_rows(self) -> int:
        """Give the number of committed embeddings of this space."""
        query = select(func.count()).select_from(t.embedding).where(t.embedding.c.space_id == self.space_id)
        with self._database.read() as db:
            return int(db.execute(query).scalar_one())

    def _load(self, revision: int) -> Snapshot:
        generation = self._find_generation()
        mark = generation.manifest.mark if generation else 0
        delta_ids, delta = self._read_rows(mark)
        built = generation.manifest.count if generation else 0
        if len(delta_ids) > max(DELTA_FLOOR, DELTA_SHARE * built):
            return self._build(revision)
        return self._assemble(revision, generation, delta_ids, delta)

    def _find_generation(self) -> Generation | None:
        manifests = find_manifests(self._folder, self._fingerprint)
        current = self._snapshot.generation if self._snapshot else None
        for manifest in manifests:
            if current is not None and manifest == current.manifest:
                return current
            generation = load_generation(self._folder, manifest)
            if generation is not None:
                return generation
        return None

    def _build(self, revision: int) -> Snapshot:
        ids, vectors = self._read_rows(0)
        manifests = find_manifests(self._folder, self._fingerprint)
        previous = manifests[0].generation if manifests else 0
        mark = int(ids[-1]) if len(ids) else 0
        manifest = write_generation(self._folder, ids, vectors, self._fingerprint, mark, previous)
        generation = load_generation(self._folder, manifest)
        nothing = np.zeros(0, np.int64)
        return self._assemble(revision, generation, nothing, np.zeros((0, self.dimension), np.float32))

    def _assemble(self, revision: int, generation: Generation | None, delta_ids: Ids, delta: Vectors) -> Snapshot:
        gone = np.array(self._read_tombstones(), np.int64)
        denied = np.union1d(gone, select_hidden(self._database, self.space_id))
        sample = generation.sample if generation is not None and len(generation.sample) else delta[:SAMPLE]
        return Snapshot(revision, generation, delta_ids, delta, denied, sample)

    def _read_rows(self, mark: int) -> tuple[Ids, Vectors]:
        c = t.embedding.c
        query = select(c.id, c.vector).where(c.space_id == self.space_id, c.id > mark).order_by(c.id)
        with self._database.read() as db:
            rows = db.execute(query).all()
        ids = np.array([row[0] for row in rows], np.int64)
        body = b"".join(row[1] for row in rows)
        vectors = np.frombuffer(body, "<f2").astype(np.float32).reshape(len(rows), self.dimension)
        return ids, vectors

    def _read_tombstones(self) -> list[int]:
        query = select(t.tombstone.c.embedding_id).where(t.tombstone.c.space_id == self.space_id)
        with self._database.read() as db:
            return [row[0] for row in db.execute(query)]


def _merge(parts: list[tuple[Ids, Vectors]], k: int) -> tuple[Ids, Vectors]:
    if not parts:
        return np.zeros(0, np.int64), np.zeros(0, np.float32)
    ids = np.concatenate([ids for ids, _ in parts])
    scores = np.concatenate([scores for _, scores in parts])
    order = np.argsort(-scores, kind="stable")[:k]
    return ids[order], scores[order]
