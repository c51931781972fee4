"""Completions of what is being typed: tags, cameras, artists, albums, folders and names of files.

Every read steps through an index by prefix, from one distinct value to the next, so that its time does not depend on
the number of files.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from sqlalchemy import select, text

from search.records import Rights, Suggestion
from search.storage import tables as t
from search.storage.database import Database
from search.storage.filters import is_indexed
from search.storage.folders import find_all, list_paths
from search.storage.rights import is_shared, is_visible
from search.text.names import compose_name, fold_name

# The number of suggestions of each kind, unless there are few others.
MAX_OF_A_KIND = 3
# Up to this many distinct values, words inside values are completed too.
MAX_SCANNED = 2_000
MIN_LAST_WORD = 2
# The number of lists of folders that are kept, each for the rights of some callers.
MAX_CACHED = 8
_REVISION = select(t.setting.c.value).where(t.setting.c.key == "revision")
# Comes after all characters in names.
_LAST = "\U0010ffff"


@dataclass(frozen=True)
class _Column:
    """A column whose values are suggested.

    Attributes:
        rows: The rows in SQL, with `item` among them, in the order in which they are joined. They name the index, since
            SQLite would prefer that of the state, which nearly all items have.
        name: The name of the column in SQL. An index has it without differences of case.
        condition: The condition of this index.
        scans: Whether the column has few distinct values, so that words inside them can be found too.
    """

    rows: str
    name: str
    condition: str = "TRUE"
    scans: bool = True


# The columns by the filter that takes their values; None is the name of a file.
COLUMNS: dict[str | None, _Column] = {
    "tags": _Column("tag INDEXED BY ix_tag_prefix CROSS JOIN item ON item.id = tag.item_id", "tag.name"),
    "camera": _Column("item INDEXED BY ix_item_camera", "item.camera", "item.camera IS NOT NULL"),
    "artist": _Column("item INDEXED BY ix_item_artist", "item.artist", "item.artist IS NOT NULL"),
    "album": _Column("item INDEXED BY ix_item_album", "item.album", "item.album IS NOT NULL"),
    None: _Column("item INDEXED BY ix_item_name", "item.name", scans=False),
}


def suggest(database: Database, typed: str, rights: Rights, limit: int) -> list[Suggestion]:
    """Return completions of a text or of its last word, the best of each kind first.

    Args:
        database: The catalog.
        typed: What is typed so far.
        rights: What the caller may read: values of other items are not suggested.
        limit: The largest number of suggestions.
    """
    whole = (compose_name(typed) or "").lstrip()
    last = whole.split()[-1] if whole.split() else ""
    ends = [whole] if last in {whole, ""} or len(last) < MIN_LAST_WORD else [whole, last]
    found: dict[tuple[str | None, str | int], Suggestion] = {}
    for end in filter(None, ends):
        for one in _complete(database, end, rights, limit):
            found.setdefault((one.filter, one.value), one)
    return list(found.values())[:limit]


def _complete(database: Database, typed: str, rights: Rights, limit: int) -> list[Suggestion]:
    """Return completions of one text, `MAX_OF_A_KIND` of each kind first."""
    kinds = [
        *(_list_values(database, name, column, typed, rights) for name, column in COLUMNS.items() if name),
        _list_folders(database, typed, rights),
        _list_albums(database, typed, rights),
        _list_values(database, None, COLUMNS[None], typed, rights),
    ]
    lists = [list(islice(kind, limit)) for kind in kinds]
    first = [one for values in lists for one in values[:MAX_OF_A_KIND]]
    return (first + [one for values in lists for one in values[MAX_OF_A_KIND:]])[:limit]


def _list_values(
    database: Database, name: str | None, column: _Column, typed: str, rights: Rights
) -> Iterator[Suggestion]:
    """Yield the values of a column that begin with a text, then those with a word that does."""
    begins, has_word = _make_tests(typed)
    values = [one for low in _list_spellings(typed) for one in _step(database, column, low, low + _LAST, 20, rights)]
    values += [one for one in _list_shared(database, column, rights) if begins(one)]
    if column.scans and len(values) < MAX_OF_A_KIND:
        scanned = _step(database, column, "", _LAST, MAX_SCANNED, rights)
        values += [one for one in (*scanned, *_list_shared(database, column, rights)) if has_word(one)]
    for value in dict.fromkeys(values):
        yield Suggestion(typed, name, value, value)


def _step(database: Database, column: _Column, low: str, high: str, limit: int, rights: Rights) -> list[str]:
    """Return the distinct values of the caller's own items from `low` to before `high`, at most `limit`."""
    if rights.sources == ():
        return []
    own = "" if rights.sources is None else f" AND item.source_id IN ({', '.join(map(str, rights.sources))})"
    folded = f"{column.name} COLLATE NOCASE"
    value = f"SELECT {column.name} FROM {column.rows} WHERE item.state = 'indexed' AND {column.condition}{own}"  # noqa: S608
    order = f"AND {folded} < :high ORDER BY {folded} LIMIT 1"
    statement = f"""
        WITH RECURSIVE found (value) AS (
            SELECT ({value} AND {folded} >= :low {order})
            UNION ALL
            SELECT ({value} AND {folded} > found.value {order}) FROM found WHERE found.value IS NOT NULL
        )
        SELECT value FROM found WHERE value IS NOT NULL LIMIT :limit"""  # noqa: S608 - names and numbers only
    with database.read() as db:
        return list(db.execute(text(statement), {"low": low, "high": high, "limit": limit}).scalars())


def _list_shared(database: Database, column: _Column, rights: Rights) -> list[str]:
    """Return the distinct values of the items in albums that others share with the caller."""
    if not rights.shared:
        return []
    shown = t.tag.c.name if column.name == "tag.name" else t.item.c[column.name.partition(".")[2]]
    query = select(shown).select_from(t.item).where(is_indexed(), is_shared(rights), shown.is_not(None))
    if shown is t.tag.c.name:
        query = query.join(t.tag, t.tag.c.item_id == t.item.c.id)
    with database.read() as db:
        return list(db.execute(query.distinct().order_by(shown).limit(MAX_SCANNED)).scalars())


def _list_folders(database: Database, typed: str, rights: Rights) -> Iterator[Suggestion]:
    """Yield the folders whose name begins with a text, then those with a word that does."""
    begins, has_word = _make_tests(typed)
    with database.read() as db:
        revision = db.execute(_REVISION).scalar() or ""
    named = _name_folders(database, rights, revision)
    for test in (begins, lambda name: has_word(name) and not begins(name)):
        for name, path in named:
            if test(name):
                yield Suggestion(typed, "path", path, name)


@lru_cache(MAX_CACHED)
def _name_folders(database: Database, rights: Rights, _revision: str) -> list[tuple[str, str]]:
    """Return the names and paths of all folders that the caller may see. They are read again after every write."""
    return [(path.rpartition("/")[2], path) for path in find_all(list_paths(database, rights, is_indexed=True))]


def _list_albums(database: Database, typed: str, rights: Rights) -> Iterator[Suggestion]:
    begins, has_word = _make_tests(typed)
    with database.read() as db:
        rows = db.execute(select(t.album.c.id, t.album.c.name).where(is_visible(rights)).order_by(t.album.c.name)).all()
    for row in sorted(rows, key=lambda row: not begins(row.name)):
        if begins(row.name) or has_word(row.name):
            yield Suggestion(typed, "albums", row.id, row.name)


def _make_tests(typed: str) -> tuple[Callable[[str], bool], Callable[[str], bool]]:
    """Return the tests whether a name begins with a text, and whether a word in the name does."""
    folded = fold_name(typed) or ""
    pattern = re.compile(rf"(?<![^\W_]){re.escape(folded)}")
    return lambda name: (fold_name(name) or "").startswith(folded), lambda name: bool(
        pattern.search(fold_name(name) or "")
    )


def _list_spellings(typed: str) -> list[str]:
    """Return the forms in which a name may be stored. SQLite only ignores the case of the letters A to Z."""
    if typed.isascii():
        return [typed]
    cases = (typed, typed.lower(), typed[:1].upper() + typed[1:])
    return list(dict.fromkeys(unicodedata.normalize(form, one) for form in ("NFC", "NFD") for one in cases))
