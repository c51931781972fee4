"""The tags that the machine gave to items, and the vectors to tag further ones."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import CompoundSelect, delete, func, insert, select, union_all, update

from search.records import EVERYTHING, Ids, MachineTag, Rights, SegmentKind, State, Vectors
from search.storage import tables as t
from search.storage.database import Database, match_values, pack_values
from search.storage.rights import is_readable

_KINDS = (SegmentKind.IMAGE, SegmentKind.FRAME)


class UntaggedImages(NamedTuple):
    """The images of some items.

    Attributes:
        items: The ids of the items, some of which may have no image.
        owners: The item of each image, shape (n,).
        starts: The time of each image in a video, in seconds.
        vectors: The stored vectors, shape (n, d), float32.
    """

    items: list[int]
    owners: Ids
    starts: list[float | None]
    vectors: Vectors


class MachineTags:
    """Reads and writes of the tags of the machine."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def has_untagged(self, digest: str) -> bool:
        """Return whether there are items that were not tagged by the tagger with this digest."""
        with self.database.read() as db:
            return db.execute(_select_untagged(digest, 1)).first() is not None

    def read_untagged(self, digest: str, space_id: int, dimension: int, limit: int) -> UntaggedImages:
        """Return the images of items that were not tagged by the tagger with this digest.

        Args:
            digest: The digest of the tagger.
            space_id: The space of the vectors.
            dimension: The length of a vector.
            limit: The maximum number of items.
        """
        s, e = t.segment.c, t.embedding.c
        query = (
            select(s.item_id, s.start, e.vector)
            .join(t.embedding, e.segment_id == s.id)
            .where(match_values(s.item_id), s.kind.in_(_KINDS), e.space_id == space_id)
            .order_by(s.id)
        )
        with self.database.read() as db:
            items = [int(row[0]) for row in db.execute(_select_untagged(digest, limit))]
            rows = db.execute(query, pack_values(items)).all()
        vectors = np.frombuffer(b"".join(row.vector for row in rows), "<f2").reshape(len(rows), dimension)
        owners = np.array([row.item_id for row in rows], np.int64)
        return UntaggedImages(items, owners, [row.start for row in rows], vectors.astype(np.float32))

    def replace(self, items: Sequence[int], given: Mapping[int, Sequence[MachineTag]], digest: str) -> None:
        """Write the tags of items in one transaction.

        Args:
            items: The items; those without tags keep none.
            given: The tags by item.
            digest: The digest of the tagger.
        """
        i, m = t.item.c, t.machine_tag.c
        rows = [{"item_id": item, **tag._asdict()} for item, tags in given.items() for tag in tags]
        with self.database.write() as db:
            db.execute(delete(t.machine_tag).where(match_values(m.item_id)), pack_values(items))
            if rows:
                db.execute(insert(t.machine_tag), rows)
            db.execute(update(t.item).where(match_values(i.id)).values(tagger=digest), pack_values(items))

    def write_names(self, names: Mapping[str, Mapping[str, str]]) -> None:
        """Replace the names of the tags by language, unless they are stored already."""
        rows = [
            {"name": name, "language": language, "label": label}
            for name, labels in names.items()
            for language, label in labels.items()
        ]
        c = t.machine_tag_name.c
        with self.database.read() as db:
            stored = {tuple(row) for row in db.execute(select(c.name, c.language, c.label))}
        if stored == {tuple(row.values()) for row in rows}:
            return
        with self.database.write() as db:
            db.execute(delete(t.machine_tag_name))
            db.execute(insert(t.machine_tag_name), rows)

    def count(self, rights: Rights = EVERYTHING) -> dict[str, int]:
        """Return the number of indexed items with each tag that a caller may read."""
        c = t.machine_tag.c
        query: Any = select(c.name, func.count()).join(t.item, t.item.c.id == c.item_id)
        query = query.where(t.item.c.state == State.INDEXED, is_readable(rights)).group_by(c.name)
        with self.database.read() as db:
            return {name: number for name, number in db.execute(query)}


def _select_untagged(digest: str, limit: int) -> CompoundSelect[Any]:
    """Return the query for ids of items that were not tagged. Each of its parts is a range of an index.

    Items without images are among them, once.
    """
    i = t.item.c
    ranges = (i.tagger.is_(None), i.tagger < digest, i.tagger > digest)
    return union_all(*(select(i.id).where(i.state == State.INDEXED, one) for one in ranges)).limit(limit)
