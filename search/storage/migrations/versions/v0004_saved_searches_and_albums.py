"""Add saved searches and their results, albums, and placeholders of items."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

STATEMENTS = (
    "ALTER TABLE item ADD COLUMN blur TEXT",
    """CREATE TABLE saved (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, request TEXT NOT NULL,
       address TEXT NOT NULL, is_watched BOOLEAN NOT NULL DEFAULT 0, webhook TEXT, created_at TEXT NOT NULL,
       checked_at TEXT NOT NULL, error TEXT)""",
    """CREATE TABLE found (saved_id INTEGER NOT NULL REFERENCES saved(id) ON DELETE CASCADE,
       item_id INTEGER NOT NULL REFERENCES item(id) ON DELETE CASCADE, score FLOAT NOT NULL, found_at TEXT NOT NULL,
       is_sent BOOLEAN NOT NULL DEFAULT 0, is_seen BOOLEAN NOT NULL DEFAULT 0, PRIMARY KEY (saved_id, item_id))""",
    "CREATE INDEX ix_found_item_id ON found (item_id)",
    "CREATE TABLE album (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, created_at TEXT NOT NULL)",
    """CREATE TABLE album_item (album_id INTEGER NOT NULL REFERENCES album(id) ON DELETE CASCADE,
       item_id INTEGER NOT NULL REFERENCES item(id) ON DELETE CASCADE, PRIMARY KEY (album_id, item_id))""",
    "CREATE INDEX ix_album_item_item_id ON album_item (item_id)",
)


def upgrade() -> None:
    """Add the column and the tables."""
    for statement in STATEMENTS:
        op.execute(sa.text(statement.replace(":", "\\:")))
