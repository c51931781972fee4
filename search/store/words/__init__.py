"""The word lane's store: SQLite's full-text index over every text segment."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Float, bindparam, literal_column, select, text

from search.records import Filters, SegmentKind
from search.store import tables as t
from search.store.analysis import Word, analyze
from search.store.database import Database
from search.store.filters import make_conditions
from search.store.words.forms import count_segments, find_forms


@dataclass(frozen=True)
class Wanted:
    """A word of the query with its forms in the index, how much each counts, and in how many segments it is."""

    word: Word
    forms: dict[str, float]
    count: int


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
    """Give the words with their forms, and how many text segments there are."""
    with database.read() as db:
        total = db.execute(text("SELECT count(*) FROM words_docsize")).scalar_one()
        wanted = []
        for word in words:
            forms = find_forms(db, word.whole) if word.is_plain else {word.whole: 1.0}
            wanted.append(Wanted(word, forms, count_segments(db, [*forms, *word.pieces[:1]])))
    return wanted, int(total)


def search_words(database: Database, wanted: Sequence[Wanted], filters: Filters, limit: int) -> list[WordHit]:
    """Give the segments of indexed items that hold any of the words, best BM25 first."""
    if not wanted:
        return []
    score: ColumnElement[float] = literal_column("bm25(words)", Float)
    index = text("words MATCH :match").bindparams(bindparam("match", " OR ".join(map(_match_word, wanted))))
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


def measure_held(wanted: Wanted, held: frozenset[str]) -> float:
    """Give how much of a word a text holds, 0 to 1; held: the pieces and wholes of the text."""
    best = max((weight for form, weight in wanted.forms.items() if form in held), default=0.0)
    return 1.0 if not wanted.word.is_plain and held.issuperset(wanted.word.pieces) else best


def list_held(value: str) -> frozenset[str]:
    """Give everything that a text is found by."""
    analysis = analyze(value)
    return frozenset(analysis.pieces) | frozenset(analysis.wholes)


def _match_word(wanted: Wanted) -> str:
    alternatives = [f'"{form}"' for form in wanted.forms]
    if not wanted.word.is_plain:
        alternatives.append(f'pieces : "{" ".join(wanted.word.pieces)}"')
    return " OR ".join(f"({one})" for one in alternatives)
