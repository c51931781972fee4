"""Recordings that were indexed by a version that read less of them: no chapters, and no further subtitle languages."""

from sqlalchemy import Integer, cast, func, select

from search.records import ItemType, State
from search.storage import tables as t
from search.storage.database import Database

# The setting with the last segment that was written before the update.
_KEY = "earlier_segments"


def count_earlier_recordings(database: Database) -> int:
    """Return the number of films and sound recordings of which less was read than is read now."""
    item, segment = t.item.c, t.segment.c
    last = select(cast(t.setting.c.value, Integer)).where(t.setting.c.key == _KEY).scalar_subquery()
    # All segments of an item are replaced when it is indexed again, and ids are never used again.
    is_earlier = select(segment.id).where(segment.item_id == item.id, segment.id <= last).exists()
    query = (
        select(func.count())
        .select_from(t.item)
        .where(item.state == State.INDEXED, item.type.in_((ItemType.AUDIO, ItemType.VIDEO)), is_earlier)
    )
    with database.read() as db:
        return int(db.execute(query).scalar_one())
