"""The texts in the images of items: which are still to be read, and what was read."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import delete, insert, or_, select, text, update

from search.records import FileFacts, ItemType, Segment, SegmentKind, State, Vectors
from search.storage import tables as t
from search.storage.database import Database, match_values, pack_values
from search.storage.filters import match_folder
from search.storage.saving import make_segment_columns

# The types that can have images, in the order in which they are read.
TYPES = (ItemType.IMAGE, ItemType.DOCUMENT, ItemType.VIDEO)
# Paths of one run are given as conditions; a run of more paths reads the whole library.
MAX_PATHS = 100


@dataclass(frozen=True)
class UnreadFile:
    """A file in whose images no text was searched yet.

    Attributes:
        item_id: The id of its item.
        file: The file.
        content_hash: The hash of its content.
    """

    item_id: int
    file: FileFacts
    content_hash: str


class ImageTexts:
    """Reads and writes of the texts in images. Each method that writes is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list_unread(self, reader: str, roots: Sequence[str] = ()) -> list[UnreadFile]:
        """Return the files in whose images this reader has not searched for text: images, then documents, then films.

        Args:
            reader: The fingerprint of the reader.
            roots: Only files at these absolute paths or below them; empty for all.
        """
        c = t.item.c
        query = select(t.item).where(
            c.state == State.INDEXED, c.problem.is_(None), c.type.in_(TYPES), c.content_hash.is_not(None)
        )
        query = query.where(or_(c.text_reader.is_(None), c.text_reader != reader))
        # Of documents, only scanned pages have images.
        images = select(t.segment.c.id).where(t.segment.c.item_id == c.id, t.segment.c.kind == SegmentKind.IMAGE)
        query = query.where(or_(c.type != ItemType.DOCUMENT, images.exists()))
        if 0 < len(roots) <= MAX_PATHS:
            query = query.where(or_(*(match_folder(root) for root in roots)))
        with self._database.read() as db:
            rows = db.execute(query.order_by(c.id)).all()
        files = [
            UnreadFile(
                row.id,
                FileFacts(row.path, row.source_id, ItemType(row.type), row.size, row.mtime_ns, row.sidecar),
                row.content_hash,
            )
            for row in rows
        ]
        return sorted(files, key=lambda unread: TYPES.index(unread.file.type or ItemType.IMAGE))

    def read_vectors(self, item_ids: Sequence[int], space_id: int) -> dict[int, Vectors]:
        """Return the vector of the first image of items by their id, shape (d,), float32.

        Args:
            item_ids: The items. Those without a vector are left out.
            space_id: The space of the vectors.
        """
        s, e = t.segment.c, t.embedding.c
        query = (
            select(s.item_id, e.vector)
            .join(t.embedding, e.segment_id == s.id)
            .where(match_values(s.item_id), s.kind == SegmentKind.IMAGE, e.space_id == space_id)
            .order_by(s.id.desc())
        )
        with self._database.read() as db:
            rows = db.execute(query, pack_values(item_ids)).all()
        return {row.item_id: np.frombuffer(row.vector, "<f2").astype(np.float32) for row in rows}

    def mark_read(self, reader: str, item_ids: Sequence[int]) -> None:
        """Store that there is no text in the images of some items."""
        if item_ids:
            self.save(reader, item_ids, [], [], 0)

    def save(
        self,
        reader: str,
        item_ids: Sequence[int],
        segments: Sequence[Segment],
        vectors: Sequence[Vectors],
        space_id: int,
    ) -> None:
        """Store the text that was read in the images of items with the same content, in place of what was read before.

        Args:
            reader: The fingerprint of the reader.
            item_ids: The items; those that are no longer indexed are left out.
            segments: The blocks of text.
            vectors: The vector of each.
            space_id: The space of the vectors.
        """
        s, c = t.segment.c, t.item.c
        packed = pack_values(item_ids)
        with self._database.write() as db:
            db.execute(delete(t.segment).where(match_values(s.item_id), s.kind == SegmentKind.OCR), packed)
            known = db.execute(select(c.id).where(match_values(c.id), c.state == State.INDEXED), packed).scalars().all()
            last = db.execute(text("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'segment'")).scalar()
            pairs = [(item, *pair) for item in known for pair in zip(segments, vectors, strict=True)]
            rows = [
                {"id": int(last or 0) + number, "item_id": item, **make_segment_columns(segment)}
                for number, (item, segment, _) in enumerate(pairs, start=1)
            ]
            if rows:
                db.execute(insert(t.segment), rows)
                embeddings = [
                    {"segment_id": row["id"], "space_id": space_id, "vector": vector.astype("<f2").tobytes()}
                    for row, (_, _, vector) in zip(rows, pairs, strict=True)
                ]
                db.execute(insert(t.embedding), embeddings)
            db.execute(update(t.item).where(match_values(c.id)).values(text_reader=reader), packed)
