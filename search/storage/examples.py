"""Searches to begin with, made from what is in the library."""

import re
from collections.abc import Iterator

from sqlalchemy import ColumnElement, and_, func, select

from search.records import Example, ItemType, Rights, SegmentKind
from search.storage import tables as t
from search.storage.database import Database
from search.storage.filters import is_indexed
from search.storage.rights import is_own, is_readable

# A value of fewer items is no good example.
MIN_ITEMS = 2
# The number of recordings, and of utterances in each, among which words are chosen.
MAX_RECORDINGS = 20
_SENTENCE = re.compile(r"[^.,;:!?…—。，、；：！？]+")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]")
# How many words, or letters of a script without spaces, are searched for.
MIN_WORDS, MAX_WORDS = 3, 6
MIN_LETTERS, MAX_LETTERS = 4, 12


def list_examples(database: Database, rights: Rights) -> list[Example]:
    """Return one search of each kind, as far as something is found, from what the caller may read."""
    readable = and_(is_indexed(), is_readable(rights))
    examples: list[Example] = []
    if tag := _find_frequent(database, t.tag.c.name, readable):
        examples.append(Example("tag", tag[0], {"tags": [tag[0]]}, tag[1]))
    if month := _find_frequent(database, func.substr(t.item.c.captured_at, 1, 7), and_(readable, _is_dated_photo())):
        after, before = month[0], _find_next_month(month[0])
        request = {"types": [str(ItemType.IMAGE)], "after": after, "before": before}
        examples.append(Example("month", after, request, month[1]))
    if words := next(_list_spoken(database, readable), None):
        examples.append(Example("words", words, {"text": f'"{words}"'}))
    if folder := _find_folder(database, and_(is_indexed(), is_own(rights))):
        path = folder[0].rstrip("/")
        examples.append(Example("folder", path.rpartition("/")[2], {"path": path}, folder[1]))
    if camera := _find_frequent(database, t.item.c.camera, readable):
        examples.append(Example("camera", camera[0], {"camera": camera[0]}, camera[1]))
    return examples


def _find_frequent(
    database: Database, value: ColumnElement[str], condition: ColumnElement[bool]
) -> tuple[str, int] | None:
    """Return the most frequent value with its number of items, or None if no value has several."""
    number = func.count()
    query = select(value, number).select_from(t.item).where(condition, value.is_not(None))
    if value is t.tag.c.name:
        query = query.join(t.tag, t.tag.c.item_id == t.item.c.id)
    with database.read() as db:
        row = db.execute(query.group_by(value).order_by(number.desc(), value).limit(1)).first()
    return (row[0], row[1]) if row is not None and row[1] >= MIN_ITEMS else None


def _find_folder(database: Database, condition: ColumnElement[bool]) -> tuple[str, int] | None:
    """Return the folder with the most items directly in it, except for the sources themselves."""
    sources = select(t.source.c.path + "/")
    return _find_frequent(database, t.item.c.folder, and_(condition, t.item.c.folder.not_in(sources)))


def _is_dated_photo() -> ColumnElement[bool]:
    c = t.item.c
    return and_(c.type == ItemType.IMAGE, c.captured_at.is_not(None), c.is_date_guessed.is_(False))


def _find_next_month(month: str) -> str:
    year, number = int(month[:4]), int(month[5:])
    return f"{year + number // 12:04}-{number % 12 + 1:02}"


def _list_spoken(database: Database, condition: ColumnElement[bool]) -> Iterator[str]:
    """Yield some words that are said in recordings, in their order there."""
    c = t.segment.c
    recordings = (
        select(t.item.c.id)
        .where(condition, t.item.c.type.in_((ItemType.AUDIO, ItemType.VIDEO)), t.item.c.language.is_not(None))
        .limit(MAX_RECORDINGS)
    )
    with database.read() as db:
        for item_id in db.execute(recordings).scalars().all():
            query = select(c.text).where(c.item_id == item_id, c.kind == SegmentKind.SPEECH).order_by(c.id)
            for text in db.execute(query.limit(MAX_RECORDINGS)).scalars():
                yield from filter(None, map(_cut_words, _SENTENCE.findall(text or "")))


def _cut_words(sentence: str) -> str:
    """Return the first words of a sentence, or nothing if there are too few."""
    sentence = sentence.strip().replace('"', "")
    if _UNSPACED.search(sentence):
        return sentence[:MAX_LETTERS] if len(sentence) >= MIN_LETTERS else ""
    words = sentence.split()
    return " ".join(words[:MAX_WORDS]) if len(words) >= MIN_WORDS else ""
