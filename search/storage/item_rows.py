"""Items and segments from the rows of the catalog."""

import json
from dataclasses import fields
from typing import Any

from sqlalchemy import Row, func, select

from search.records import (
    FoundSegment,
    Item,
    ItemPlace,
    ItemType,
    MachineTag,
    MediaFacts,
    Segment,
    SegmentKind,
    State,
    TextLine,
    Word,
)
from search.storage import tables as t
from search.storage.dates import read_modified
from search.storage.volumes import find_volume, is_available

SEGMENT_COLUMNS = tuple(field.name for field in fields(Segment) if field.name not in {"words", "lines"})
MEDIA_COLUMNS = tuple(field.name for field in fields(MediaFacts) if field.name != "tags")


def select_items() -> Any:
    """Return the query for items, with what `make_item` needs of other tables."""
    c = t.tag.c
    tags = select(func.json_group_array(c.name)).where(c.item_id == t.item.c.id).scalar_subquery()
    m = t.machine_tag.c
    recognized = func.json_group_array(func.json_array(m.name, m.score, m.start, m.described))
    machine_tags = select(recognized).where(m.item_id == t.item.c.id).scalar_subquery()
    storage = (is_available().label("is_available"), find_volume().label("volume"))
    labels = (
        t.source.c.path.label("source_path"),
        tags.label("tags"),
        machine_tags.label("machine_tags"),
        read_modified().label("modified_at"),
    )
    places = (t.item_place.c.area, t.item_place.c.city, t.item_place.c.rounded_area)
    query = select(t.item, *labels, *storage, *places).join(t.source, t.source.c.id == t.item.c.source_id)
    return query.outerjoin(t.item_place, t.item_place.c.item_id == t.item.c.id)


def make_item(row: Row[Any]) -> Item:
    """Return the item of a row of `select_items`."""
    return Item(
        id=row.id,
        path=row.path,
        source=row.source_path,
        type=ItemType(row.type) if row.type else None,
        state=State(row.state),
        reason=row.problem or row.reason,
        size=row.size,
        mtime_ns=row.mtime_ns,
        belongs_to=row.belongs_to,
        facts=MediaFacts(**{name: getattr(row, name) for name in MEDIA_COLUMNS}, tags=tuple(json.loads(row.tags))),
        is_available=bool(row.is_available),
        volume=row.volume or "",
        modified_at=row.modified_at,
        machine_tags=_make_machine_tags(row.machine_tags),
        place=ItemPlace(row.area, row.city, row.rounded_area) if row.area is not None else None,
    )


def _make_machine_tags(document: str) -> tuple[MachineTag, ...]:
    """Return tags from the array in JSON that `select_items` selects, the most probable first."""
    tags = [MachineTag(name, score, start, bool(named)) for name, score, start, named in json.loads(document)]
    return tuple(sorted(tags, key=lambda tag: (-tag.score, tag.name)))


def make_segment(row: Row[Any]) -> FoundSegment:
    """Return the segment of a row."""
    values = {name: getattr(row, name) for name in SEGMENT_COLUMNS}
    words = tuple(Word(*word) for word in json.loads(row.word_times)) if row.word_times else ()
    lines = tuple(TextLine(tuple(quad), line) for quad, line in json.loads(row.text_lines)) if row.text_lines else ()
    segment = Segment(**values | {"kind": SegmentKind(row.kind)}, words=words, lines=lines)
    return FoundSegment(row.id, row.item_id, segment)
