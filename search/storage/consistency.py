"""Consistency checks of the catalog."""

from sqlalchemy import text

from search.storage.database import Database


def check_database(database: Database) -> list[str]:
    """Return the problems that SQLite's own checks find, one line each."""
    with database.read() as db:
        lines = [str(row[0]) for row in db.execute(text("PRAGMA integrity_check"))]
        lines += [
            f"{row[0]} row {row[1]} has no matching row in {row[2]}"
            for row in db.execute(text("PRAGMA foreign_key_check"))
        ]
    return [line for line in lines if line != "ok"]


def find_contradictions(database: Database) -> list[str]:
    """Return contradictions between the items, their segments and the full-text index, one line each."""
    queries = {
        "indexed items have no segment": "SELECT count(*) FROM item WHERE state = 'indexed' AND NOT EXISTS "
        "(SELECT 1 FROM segment WHERE item_id = item.id)",
        # Items that were excluded after they had been indexed are skipped, and keep their segments.
        "failed or pending items have segments": "SELECT count(*) FROM item WHERE state IN "
        "('failed', 'pending') AND EXISTS (SELECT 1 FROM segment WHERE item_id = item.id)",
        "text segments are not in the full-text index": "SELECT count(*) FROM segment "
        "WHERE text IS NOT NULL AND id NOT IN (SELECT id FROM words_docsize)",
        "full-text entries have no segment": "SELECT count(*) FROM words_docsize "
        "WHERE id NOT IN (SELECT id FROM segment)",
    }
    with database.read() as db:
        counts = {name: db.execute(text(query)).scalar_one() for name, query in queries.items()}
    return [f"{number} {name}" for name, number in counts.items() if number]
