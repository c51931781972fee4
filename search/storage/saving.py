"""Write many files to the ledger at once, inside a transaction of the caller."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, insert, select, text
from sqlalchemy.dialects.sqlite import insert as upsert

from search.records import FileFacts, MediaFacts, Record, Segment, State
from search.storage import tables as t
from search.storage.database import match_values, pack_values
from search.storage.hidden_items import hide_again

ROWS_PER_STATEMENT = 1_000


def save_rows(db: Connection, files: Sequence[FileFacts], state: State, reason: str | None) -> None:
    """Insert or reset the rows of files and delete their segments and tags.

    Args:
        db: A connection in a transaction.
        files: The files.
        state: Their new state.
        reason: Why they have this state, for users.
    """
    for start in range(0, len(files), ROWS_PER_STATEMENT):
        block = files[start : start + ROWS_PER_STATEMENT]
        common = {"state": state, "reason": reason, "problem": None, "missing_since": None, "tagger": None}
        _save_items(db, [vars(file) | common for file in block])


def save_records(db: Connection, records: Sequence[Record], moment: str) -> list[int]:
    """Write items with their tags, segments and embeddings, replacing the old ones.

    Args:
        db: A connection in a transaction.
        records: The items.
        moment: When they were indexed, in UTC, ISO 8601.

    Returns:
        The ids of the items, in order.

    Raises:
        IndexError: An embedding has no segment.
    """
    if not records:
        return []
    common = {"state": State.INDEXED, "problem": None, "missing_since": None, "indexed_at": moment, "tagger": None}
    items = [
        vars(record.file)
        | _make_media_columns(record.media)
        | {"content_hash": record.content_hash, "reason": record.remark, "text_reader": record.text_reader}
        | common
        for record in records
    ]
    ids = _save_items(db, items)
    tags = [
        {"item_id": ids[record.file.path], "name": name}
        for record in records
        for name in dict.fromkeys(record.media.tags)
    ]
    places = [{"item_id": ids[one.file.path], **vars(one.place)} for one in records if one.place is not None]
    segments, embeddings = _make_segment_rows(db, records, ids)
    for table, rows in ((t.tag, tags), (t.item_place, places), (t.segment, segments), (t.embedding, embeddings)):
        if rows:
            db.execute(insert(table), rows)
    hide_again(db, ids.values())
    return [ids[record.file.path] for record in records]


def _make_segment_rows(
    db: Connection, records: Sequence[Record], ids: Mapping[str, int]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the rows of the segments and of their embeddings.

    Args:
        db: A connection in a transaction.
        records: The items.
        ids: The id of each item by path.
    """
    # There is only one writer, so the next segment ids are known.
    last = db.execute(text("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'segment'")).scalar_one()
    segments: list[dict[str, Any]] = []
    embeddings: list[dict[str, Any]] = []
    for record in records:
        first = last + len(segments) + 1
        segments += [
            {"id": first + position, "item_id": ids[record.file.path], **make_segment_columns(segment)}
            for position, segment in enumerate(record.segments)
        ]
        embeddings += [
            {"segment_id": first + position, "space_id": space, "vector": vector.astype("<f2").tobytes()}
            for position, space, vector in record.embeddings
        ]
        if any(position >= len(record.segments) for position, _, _ in record.embeddings):
            raise IndexError(f"an embedding of {record.file.path} has no segment")
    return segments, embeddings


def _save_items(db: Connection, rows: Sequence[dict[str, Any]]) -> dict[str, int]:
    """Insert or update items by path, delete their segments and tags, and return their ids by path."""
    statement = upsert(t.item)
    changed = {name: statement.excluded[name] for name in rows[0]}
    db.execute(statement.on_conflict_do_update(index_elements=["path"], set_=changed), list(rows))
    ids = {row.path: row.id for row in db.execute(_IDS_BY_PATH, pack_values(row["path"] for row in rows))}
    for deletion in (_DROP_SEGMENTS, _DROP_TAGS, _DROP_MACHINE_TAGS, _DROP_PLACES):
        db.execute(deletion, pack_values(ids.values()))
    return ids


def _make_media_columns(media: MediaFacts) -> dict[str, Any]:
    """Return the columns of an item that hold metadata: everything except the tags, which have their own table."""
    return {name: value for name, value in vars(media).items() if name != "tags"}


def make_segment_columns(segment: Segment) -> dict[str, Any]:
    """Return the columns of a segment."""
    words = json.dumps(segment.words, ensure_ascii=False) if segment.words else None
    pairs = [(line.quad, line.text) for line in segment.lines]
    lines = json.dumps(pairs, ensure_ascii=False) if pairs else None
    plain = {name: value for name, value in vars(segment).items() if name not in {"words", "lines"}}
    return plain | {"word_times": words, "text_lines": lines}


_IDS_BY_PATH = select(t.item.c.path, t.item.c.id).where(match_values(t.item.c.path))
_DROP_SEGMENTS = delete(t.segment).where(match_values(t.segment.c.item_id))
_DROP_TAGS = delete(t.tag).where(match_values(t.tag.c.item_id))
_DROP_MACHINE_TAGS = delete(t.machine_tag).where(match_values(t.machine_tag.c.item_id))
_DROP_PLACES = delete(t.item_place).where(match_values(t.item_place.c.item_id))
