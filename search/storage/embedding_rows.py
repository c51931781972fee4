"""Embeddings as arrays: what the catalog holds of them, in the order of their ids."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import func, select

from search.records import Flags, Ids, RowMetadata, Vectors
from search.storage import tables as t
from search.storage.database import Database

# pictured: whether `look`, a picture's perceptual hash, is known; confidence: of recognized speech, else NaN.
ROW_METADATA = np.dtype(
    [("segment", "<i8"), ("item", "<i8"), ("phash", "<i8"), ("pictured", "?"), ("confidence", "<f4")], align=True
)
BLOCK = 2_048


@dataclass(frozen=True)
class Rows:
    """Stored embeddings: ids (n,), ascending; vectors (n, d), float16; owners (n,), of dtype OWNER."""

    ids: Ids
    vectors: Vectors
    metadata: RowMetadata

    @property
    def spoken(self) -> Flags:
        """Which are of recognized speech, (n,)."""
        return find_spoken(self.metadata)

    def find(self, ids: Ids) -> tuple[Ids, Ids]:
        """Return for the ids that are here their places among the ids asked for, and their places here."""
        if not len(self.ids):
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        here = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        asked = np.flatnonzero(self.ids[here] == ids)
        return asked, here[asked]


def find_spoken(metadata: RowMetadata) -> Flags:
    """Tell of which owners (n,) something was said, (n,): only what was heard may have been heard wrongly."""
    flags: Flags = ~np.isnan(metadata["confidence"])
    return flags


def make_rows(dimension: int) -> Rows:
    """Return no rows."""
    return Rows(np.zeros(0, np.int64), np.zeros((0, dimension), "<f2"), np.zeros(0, ROW_METADATA))


def join_rows(parts: Sequence[Rows]) -> Rows:
    """Return several as one; their ids must ascend from part to part."""
    return Rows(
        np.concatenate([one.ids for one in parts]),
        np.concatenate([one.vectors for one in parts]),
        np.concatenate([one.metadata for one in parts]),
    )


def count_rows(database: Database, space_id: int, above: int = 0) -> int:
    """Return the number of committed embeddings of a space with ids above `above`."""
    c = t.embedding.c
    query = select(func.count()).select_from(t.embedding).where(c.space_id == space_id, c.id > above)
    with database.read() as db:
        return int(db.execute(query).scalar_one())


def read_blocks(database: Database, space_id: int, dimension: int, above: int) -> Iterator[Rows]:
    """Return the committed embeddings of a space with ids above `above`, some thousand at a time."""
    c, s = t.embedding.c, t.segment.c
    query = (
        select(c.id, c.vector, c.segment_id, s.item_id, s.phash, s.confidence)
        .join(t.segment, s.id == c.segment_id)
        .where(c.space_id == space_id, c.id > above)
        .order_by(c.id)
    )
    with database.read() as db:
        found = db.execute(query)
        while part := found.fetchmany(BLOCK):
            ids, vectors, segments, items, phashes, sure = zip(*part, strict=True)
            metadata = np.zeros(len(part), ROW_METADATA)
            metadata["segment"], metadata["item"] = segments, items
            metadata["pictured"] = [phash is not None for phash in phashes]
            metadata["phash"] = [phash or 0 for phash in phashes]
            metadata["confidence"] = [np.nan if one is None else one for one in sure]
            body = np.frombuffer(b"".join(vectors), "<f2").reshape(len(part), dimension)
            yield Rows(np.array(ids, np.int64), body, metadata)


def mark_ids(ids: Ids, size: int) -> Flags:
    """Return one flag for every number below `size`: whether it is among the ids."""
    flags = np.zeros(size, bool)
    flags[ids[ids < size]] = True
    return flags


def to_float32(vectors: Vectors) -> Vectors:
    """Return stored vectors as float32, shape as given; all numbers must be finite.

    The bits of a half are moved to where a float has its sign, exponent and fraction, and a product makes up for the
    bias of the exponent: some six times as fast as numpy's own conversion.
    """
    bits = vectors.view("<i2").astype(np.int32)
    bits <<= _FEWER_FRACTION_BITS
    bits &= _WITHOUT_COPIES_OF_SIGN
    result: Vectors = bits.view(np.float32)
    result *= _BIAS
    return result


_FEWER_FRACTION_BITS = np.int32(13)
_WITHOUT_COPIES_OF_SIGN = np.uint32(0x8FFF_E000).view(np.int32)
_BIAS = np.float32(2.0**112)
