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
    # A join ends at the first match; a list of all matches would be made first.
    matches = match.columns(column("rowid", Integer)).subquery()
    query = select(t.segment.c.id).join(matches, matches.c.rowid == t.segment.c.id)
    query = query.join(t.item, t.item.c.id == t.segment.c.item_id).where(is_indexed(), is_readable(rights)).limit(1)
    with database.read() as db:
        return db.execute(query).first() is not None
