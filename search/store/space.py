"""One embedding space as a reader sees it: a generation, the rows since, and what is gone."""

import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sqlalchemy import func, select

from search.records import Filters, Ids, SegmentKind, Vectors
from search.store import tables as t
from search.store.database import Database, match_ids
from search.store.filters import select_embeddings, select_hidden
from search.store.vectors import (
    SAMPLE,
    Generation,
    Manifest,
    find_manifests,
    load_generation,
    measure_hubs,
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
    delta_hubs: Vectors

    def read_hubs(self, ids: Ids) -> Vectors:
        """Give how near each vector comes to the nearest query of the bank, shape (n,); 0 for ids not here."""
        hubs = np.zeros(len(ids), np.float32)
        parts = [(self.delta_ids, self.delta_hubs)]
        if self.generation is not None:
            parts.append((self.generation.ids, self.generation.hubs))
        for known, values in parts:
            if len(known):
                at = np.minimum(np.searchsorted(known, ids), len(known) - 1)
                hit = known[at] == ids
                hubs[hit] = values[at[hit]]
        return hubs

    @property
    def count(self) -> int:
        """How many vectors can be compared, those denied included."""
        built = self.generation.manifest.count if self.generation else 0
        return built + len(self.delta_ids)

    def read_ids(self) -> set[int]:
        """Give the ids that a search can return."""
        ids = set(self.delta_ids.tolist())
        if self.generation is not None:
            ids |= set(self.generation.ids.tolist())
        return ids - set(self.denied.tolist())


@dataclass(frozen=True)
class Owner:
    """The segment that an embedding belongs to. confidence, look: as in `Segment`."""

    segment_id: int
    item_id: int
    kind: SegmentKind
    confidence: float | None
    look: int | None


@dataclass(frozen=True)
class Rows:
    """Stored embeddings: ids (n,), vectors (n, d) as they were computed, but for float16, and their owners."""

    ids: Ids
    vectors: Vectors
    owners: list[Owner]


class SpaceIndex:
    """Searches one space. Safe to share between threads."""

    def __init__(self, database: Database, space_id: int, fingerprint: str, bank: Vectors, folder: Path) -> None:
        """Read nothing yet; `refresh` loads.

        bank: unrelated queries by which hubs are told, shape (b, d); folder: where the generations lie.
        """
        self.space_id = space_id
        self.dimension = bank.shape[1]
        self._bank = bank
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

    def read_rows(self, embedding_ids: Ids) -> Rows:
        """Give what is stored of embeddings in the order of their ids; rows that are gone are left out."""
        c, s = t.embedding.c, t.segment.c
        columns = (c.id, c.vector, c.segment_id, s.item_id, s.kind, s.confidence, s.look)
        query = select(*columns).join(t.segment, s.id == c.segment_id).where(match_ids(c.id, embedding_ids.tolist()))
        with self._database.read() as db:
            found = {row[0]: row for row in db.execute(query)}
        rows = [found[one] for one in embedding_ids.tolist() if one in found]
        body = b"".join(row[1] for row in rows)
        vectors = np.frombuffer(body, "<f2").astype(np.float32).reshape(len(rows), self.dimension)
        owners = [Owner(row[2], row[3], SegmentKind(row[4]), row[5], row[6]) for row in rows]
        return Rows(np.array([row[0] for row in rows], np.int64), vectors, owners)

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
        draft = Manifest(previous + 1, self._fingerprint, self.dimension, mark)
        manifest = write_generation(self._folder, ids, vectors, self._bank, draft)
        generation = load_generation(self._folder, manifest)
        nothing = np.zeros(0, np.int64)
        return self._assemble(revision, generation, nothing, np.zeros((0, self.dimension), np.float32))

    def _assemble(self, revision: int, generation: Generation | None, delta_ids: Ids, delta: Vectors) -> Snapshot:
        gone = np.array(self._read_tombstones(), np.int64)
        denied = np.union1d(gone, select_hidden(self._database, self.space_id))
        sample = generation.sample if generation is not None and len(generation.sample) else delta[:SAMPLE]
        return Snapshot(revision, generation, delta_ids, delta, denied, sample, measure_hubs(delta, self._bank))

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
