"""The word lane's store: SQLite's full-text index over every text segment."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import ColumnElement, Float, bindparam, literal_column, select, text

from search.records import Filters, SegmentKind, Vectors
from search.store import tables as t
from search.store.analysis import Word, analyze
from search.store.database import Database
from search.store.filters import make_conditions
from search.store.words.forms import count_segments, read_vocabulary

# A page pasted as a query is asked by its most telling words.
MOST_WORDS = 48


@dataclass(frozen=True)
class Wanted:
    """A word of the query with its forms in the index, how much each counts, and in how many segments it is."""

    word: Word
    forms: dict[str, float]
    count: int

    def list_matches(self) -> list[tuple[float, str]]:
        """Give full-text conditions, each with how much of the word what satisfies it holds."""
        by_weight: dict[float, list[str]] = {}
        for form, weight in self.forms.items():
            by_weight.setdefault(weight, []).append(f'"{form}"')
        if not self.word.is_plain:
            by_weight.setdefault(1.0, []).append(f'pieces : "{" ".join(self.word.pieces)}"')
        return [(weight, " OR ".join(f"({one})" for one in forms)) for weight, forms in by_weight.items()]


@dataclass(frozen=True)
class WordHit:
    """A segment that holds some of the words. bm25: higher is better; confidence: of recognised speech."""

    segment_id: int
    item_id: int
    kind: SegmentKind
    confidence: float | None
    bm25: float
    text: str


def expand_words(database: Database, words: Sequence[Word]) -> tuple[list[Wanted], int]:
    """Give the words with their forms, and how many text segments there are; of many words the most telling."""
    vocabulary = read_vocabulary(database)
    with database.read() as db:
        total = db.execute(text("SELECT count(*) FROM words_docsize")).scalar_one()
        wanted = []
        for word in words:
            forms = vocabulary.find_forms(word.whole) if word.is_plain else {word.whole: 1.0}
            wanted.append(Wanted(word, forms, count_segments(db, [*forms, *word.pieces[:1]])))
    if len(wanted) > MOST_WORDS:
        rarest = sorted(range(len(wanted)), key=lambda at: wanted[at].count)[:MOST_WORDS]
        wanted = [wanted[at] for at in sorted(rarest)]
    return wanted, int(total)


def measure_held(database: Database, wanted: Sequence[Wanted], segment_ids: Sequence[int]) -> Vectors:
    """Give how much of each word the segments hold, shape (segments, words), 0 to 1, asked of the index itself."""
    place = {segment_id: at for at, segment_id in enumerate(segment_ids)}
    held = np.zeros((len(segment_ids), len(wanted)), np.float32)
    query = text("SELECT rowid FROM words WHERE words MATCH :match AND rowid IN (SELECT value FROM json_each(:ids))")
    ids = json.dumps(list(segment_ids))
    with database.read() as db:
        for column, one in enumerate(wanted):
            for weight, match in one.list_matches():
                for row in db.execute(query, {"match": match, "ids": ids}):
                    held[place[row[0]], column] = max(held[place[row[0]], column], weight)
    return held


def search_words(database: Database, wanted: Sequence[Wanted], filters: Filters, limit: int) -> list[WordHit]:
    """Give the segments of indexed items that hold any of the words, best BM25 first."""
    if not wanted:
        return []
    score: ColumnElement[float] = literal_column("bm25(words)", Float)
    index = text("words MATCH :match").bindparams(
        bindparam("match", " OR ".join(match for one in wanted for _, match in one.list_matches()))
    )
    s = t.segment.c
    query = (
        select(s.id, s.item_id, s.kind, s.confidence, s.text, score.label("score"))
        .select_from(t.segment)
        .join(text("words"), text("words.rowid = segment.id"))
        .join(t.item, t.item.c.id == s.item_id)
        .join(t.source, t.source.c.id == t.item.c.source_id)
        .where(index, make_conditions(filters))
        .order_by(score, s.id)
        .limit(limit)
    )
    with database.read() as db:
        return [
            WordHit(row.id, row.item_id, SegmentKind(row.kind), row.confidence, -row.score, row.text)
            for row in db.execute(query)
        ]


def list_held(value: str) -> frozenset[str]:
    """Give everything that a text is found by."""
    analysis = analyze(value)
    return frozenset(analysis.pieces) | frozenset(analysis.wholes)
