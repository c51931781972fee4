"""The word lane's store: SQLite's full-text index over every text segment."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Float, bindparam, literal_column, select, text

from search.records import Filters
from search.store import tables as t
from search.store.database import Database
from search.store.filters import make_conditions

TOKEN = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class WordHit:
    """A segment that holds some of the words. bm25: higher is better."""

    segment_id: int
    item_id: int
    bm25: float
    text: str


def split_words(value: str) -> list[str]:
    """Give the words of a text as the index folds them: lower case, no accents, in order."""
    folded = unicodedata.normalize("NFKD", value.lower())
    return TOKEN.findall("".join(c for c in folded if not unicodedata.combining(c)))


def search_words(database: Database, words: Sequence[str], filters: Filters, limit: int) -> list[WordHit]:
    """Give the segments of indexed items that hold any of the words, best BM25 first."""
    if not words:
        return []
    match = " OR ".join(f'"{word}"' for word in dict.fromkeys(words))
    score: ColumnElement[float] = literal_column("bm25(words)", Float)
    index = text("words MATCH :match").bindparams(bindparam("match", match))
    query = (
        select(t.segment.c.id, t.segment.c.item_id, t.segment.c.text, score.label("score"))
        .select_from(t.segment)
        .join(text("words"), text("words.rowid = segment.id"))
        .join(t.item, t.item.c.id == t.segment.c.item_id)
        .join(t.source, t.source.c.id == t.item.c.source_id)
        .where(index, make_conditions(filters))
        .order_by(score, t.segment.c.id)
        .limit(limit)
    )
    with database.read() as db:
        return [WordHit(row.id, row.item_id, -row.score, row.text) for row in db.execute(query)]


def count_words(database: Database, words: Sequence[str]) -> tuple[dict[str, int], int]:
    """Give in how many segments each word occurs, and how many text segments there are."""
    query = text("SELECT term, doc FROM words_vocabulary WHERE term = :word")
    with database.read() as db:
        total = db.execute(text("SELECT count(*) FROM words_docsize")).scalar_one()
        counts = {}
        for word in dict.fromkeys(words):
            row = db.execute(query, {"word": word}).first()
            counts[word] = int(row.doc) if row else 0
    return counts, int(total)
