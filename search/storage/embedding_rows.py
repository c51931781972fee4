"""Stored embeddings as arrays, in the order of their ids."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import func, select

from search.records import Flags, Ids, RowMetadata, Vectors
from search.storage import tables as t
from search.storage.database import Database

# `segment` and `item` are ids. `has_phash` is set if `phash`, the perceptual hash of an image, is valid. `confidence`
# is NaN for everything except recognized speech.
ROW_METADATA = np.dtype(
    [("segment", "<i8"), ("item", "<i8"), ("phash", "<i8"), ("has_phash", "?"), ("confidence", "<f4")], align=True
)
ROWS_PER_BLOCK = 2_048


@dataclass(frozen=True)
class Rows:
    """Stored embeddings.

    Attributes:
        ids: Embedding ids, ascending, shape (n,).
        vectors: Shape (n, d), float16.
        metadata: Shape (n,), of dtype `ROW_METADATA`.
    """

    ids: Ids
    vectors: Vectors
    metadata: RowMetadata

    @property
    def spoken(self) -> Flags:
        """Which rows are of recognized speech, shape (n,)."""
        return find_spoken(self.metadata)

    def find(self, ids: Ids) -> tuple[Ids, Ids]:
        """Find the rows of some ids; unknown ids are ignored.

        Args:
            ids: Embedding ids in any order, shape (m,).

        Returns:
            For each known id, its position in `ids` and the position of its row, shape (k,) each.
        """
        if not len(self.ids):
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        rows = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        positions = np.flatnonzero(self.ids[rows] == ids)
        return positions, rows[positions]


def find_spoken(metadata: RowMetadata) -> Flags:
    """Return which rows are of recognized speech, shape (n,)."""
    flags: Flags = ~np.isnan(metadata["confidence"])
    return flags


def make_rows(dimension: int) -> Rows:
    """Return an empty set of rows, with vectors of shape (0, dimension)."""
    return Rows(np.zeros(0, np.int64), np.zeros((0, dimension), "<f2"), np.zeros(0, ROW_METADATA))


def join_rows(parts: Sequence[Rows]) -> Rows:
    """Concatenate rows; the ids of each part must be higher than those of the part before."""
    return Rows(
        np.concatenate([part.ids for part in parts]),
        np.concatenate([part.vectors for part in parts]),
        np.concatenate([part.metadata for part in parts]),
    )


def count_rows(database: Database, space_id: int, above: int = 0) -> int:
    """Return the number of committed embeddings of a space with ids above `above`."""
    c = t.embedding.c
    query = select(func.count()).select_from(t.embedding).where(c.space_id == space_id, c.id > above)
    with database.read() as db:
        return int(db.execute(query).scalar_one())


def read_blocks(database: Database, space_id: int, dimension: int, above: int) -> Iterator[Rows]:
    """Yield the committed embeddings of a space with ids above `above`, `ROWS_PER_BLOCK` at a time."""
    c, s = t.embedding.c, t.segment.c
    query = (
        select(c.id, c.vector, c.segment_id, s.item_id, s.phash, s.confidence)
        .join(t.segment, s.id == c.segment_id)
        .where(c.space_id == space_id, c.id > above)
        .order_by(c.id)
    )
    with database.read() as db:
        result = db.execute(query)
        while block := result.fetchmany(ROWS_PER_BLOCK):
            ids, vectors, segments, items, phashes, confidences = zip(*block, strict=True)
            metadata = np.zeros(len(block), ROW_METADATA)
            metadata["segment"], metadata["item"] = segments, items
            metadata["has_phash"] = [phash is not None for phash in phashes]
            metadata["phash"] = [phash or 0 for phash in phashes]
            metadata["confidence"] = [np.nan if confidence is None else confidence for confidence in confidences]
            matrix = np.frombuffer(b"".join(vectors), "<f2").reshape(len(block), dimension)
            yield Rows(np.array(ids, np.int64), matrix, metadata)


def mark_ids(ids: Ids, size: int) -> Flags:
    """Return for every number below `size` whether it is in `ids`, shape (size,)."""
    flags = np.zeros(size, bool)
    flags[ids[ids < size]] = True
    return flags


def to_float32(vectors: Vectors) -> Vectors:
    """Convert float16 vectors of any shape to float32.

    The sign, exponent and fraction bits of float16 are moved to their positions in float32, and a multiplication
    corrects the exponent bias. This is about six times as fast as numpy's own conversion. The result is undefined for
    infinity and NaN.
    """
    bits = vectors.view("<i2").astype(np.int32)
    bits <<= _FRACTION_SHIFT
    bits &= _SIGN_EXTENSION_MASK
    result: Vectors = bits.view(np.float32)
    result *= _BIAS_FACTOR
    return result


_FRACTION_SHIFT = np.int32(13)
_SIGN_EXTENSION_MASK = np.uint32(0x8FFF_E000).view(np.int32)
_BIAS_FACTOR = np.float32(2.0**112)
