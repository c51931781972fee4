"""Which words of the full-text index a caller may know of."""

from sqlalchemy import Integer, bindparam, column, select, text

from search.records import Rights
from search.storage import tables as t
from search.storage.database import Database
from search.storage.filters import is_indexed
from search.storage.rights import is_readable


def is_word_readable(database: Database, word: str, rights: Rights) -> bool:
    """Return whether an indexed item that a caller may read contains a word of the index.

    Args:
        database: The database.
        word: A word as it is indexed, folded.
        rights: What the caller may read.
    """
    match = text("SELECT rowid FROM words WHERE words MATCH :word").bindparams(bindparam("word", f'"{word}"'))
    segments = match.columns(column("rowid", Integer)).scalar_subquery()
    query = select(t.segment.c.id).join(t.item, t.item.c.id == t.segment.c.item_id)
    with database.read() as db:
        found = db.execute(query.where(t.segment.c.id.in_(segments), is_indexed(), is_readable(rights)).limit(1))
        return found.first() is not None
