"""Whether the catalog agrees with itself."""

from sqlalchemy import text

from search.storage.database import Database


def check_database(database: Database) -> list[str]:
    """Return what SQLite's own checks find wrong, one line each."""
    with database.read() as db:
        lines = [str(row[0]) for row in db.execute(text("PRAGMA integrity_check"))]
        lines += [f"{row[0]} row {row[1]} lacks its {row[2]}" for row in db.execute(text("PRAGMA foreign_key_check"))]
    return [line for line in lines if line != "ok"]


def find_strays(database: Database) -> list[str]:
    """Return where the parts of an item contradict its state, one line each."""
    questions = {
        "indexed items hold no segment": "SELECT count(*) FROM item WHERE state = 'indexed' AND NOT EXISTS "
        "(SELECT 1 FROM segment WHERE item_id = item.id)",
        "failed or skipped items hold segments": "SELECT count(*) FROM item WHERE state IN "
        "('failed', 'skipped', 'pending') AND EXISTS (SELECT 1 FROM segment WHERE item_id = item.id)",
        "text segments are not in the full-text index": "SELECT count(*) FROM segment "
        "WHERE text IS NOT NULL AND id NOT IN (SELECT id FROM words_docsize)",
        "full-text entries have no segment": "SELECT count(*) FROM words_docsize "
        "WHERE id NOT IN (SELECT id FROM segment)",
    }
    with database.read() as db:
        counts = {name: db.execute(text(query)).scalar_one() for name, query in questions.items()}
    return [f"{number} {name}" for name, number in counts.items() if number]
