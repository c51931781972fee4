"""Create the ledger, segments, embeddings, the full-text index and tombstones."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

# Triggers on `segment` and `embedding` update the full-text table and the tombstones, so that no code can change one
# without the other.
STATEMENTS = (
    "CREATE TABLE setting (key TEXT PRIMARY KEY, value TEXT NOT NULL)",
    """CREATE TABLE space (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, model TEXT NOT NULL,
       fingerprint TEXT NOT NULL, dimension INTEGER NOT NULL)""",
    "CREATE TABLE source (id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, added_at TEXT NOT NULL)",
    """CREATE TABLE item (id INTEGER PRIMARY KEY AUTOINCREMENT,
       source_id INTEGER NOT NULL REFERENCES source(id) ON DELETE CASCADE, path TEXT NOT NULL UNIQUE,
       type TEXT, state TEXT NOT NULL, reason TEXT, size BIGINT NOT NULL, mtime_ns BIGINT NOT NULL,
       content_hash TEXT, title TEXT, captured_at TEXT, duration FLOAT, width INTEGER, height INTEGER, language TEXT,
       indexed_at TEXT)""",
    "CREATE INDEX ix_item_source_id ON item (source_id)",
    "CREATE INDEX ix_item_content_hash ON item (content_hash)",
    "CREATE INDEX ix_item_captured_at ON item (captured_at)",
    "CREATE INDEX ix_item_state_type ON item (state, type)",
    """CREATE TABLE segment (id INTEGER PRIMARY KEY AUTOINCREMENT,
       item_id INTEGER NOT NULL REFERENCES item(id) ON DELETE CASCADE, kind TEXT NOT NULL, text TEXT,
       start FLOAT, "end" FLOAT, page INTEGER, "offset" INTEGER, confidence FLOAT)""",
    "CREATE INDEX ix_segment_item_id ON segment (item_id)",
    """CREATE TABLE embedding (id INTEGER PRIMARY KEY AUTOINCREMENT,
       segment_id INTEGER NOT NULL REFERENCES segment(id) ON DELETE CASCADE,
       space_id INTEGER NOT NULL REFERENCES space(id) ON DELETE CASCADE, vector BLOB NOT NULL,
       UNIQUE (space_id, segment_id))""",
    "CREATE INDEX ix_embedding_segment_id ON embedding (segment_id)",
    """CREATE TABLE tombstone (id INTEGER PRIMARY KEY AUTOINCREMENT, space_id INTEGER NOT NULL,
       embedding_id INTEGER NOT NULL)""",
    "CREATE INDEX ix_tombstone_embedding_id ON tombstone (embedding_id)",
    """CREATE TRIGGER embedding_deleted AFTER DELETE ON embedding BEGIN
       INSERT INTO tombstone (space_id, embedding_id) VALUES (old.space_id, old.id); END""",
    """CREATE VIRTUAL TABLE words USING fts5 (text, content='segment', content_rowid='id',
       tokenize='unicode61 remove_diacritics 2')""",
    "CREATE VIRTUAL TABLE words_vocabulary USING fts5vocab (words, row)",
    """CREATE TRIGGER segment_added AFTER INSERT ON segment WHEN new.text IS NOT NULL BEGIN
       INSERT INTO words (rowid, text) VALUES (new.id, new.text); END""",
    """CREATE TRIGGER segment_deleted AFTER DELETE ON segment WHEN old.text IS NOT NULL BEGIN
       INSERT INTO words (words, rowid, text) VALUES ('delete', old.id, old.text); END""",
)


def upgrade() -> None:
    """Create every table, index and trigger of the first version."""
    for statement in STATEMENTS:
        op.execute(sa.text(statement.replace(":", "\\:")))
