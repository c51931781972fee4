"""Add what users have hidden, and the cover and the order of albums."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"

STATEMENTS = (
    """CREATE TABLE hidden_item (id INTEGER NOT NULL PRIMARY KEY, content_hash TEXT, path TEXT NOT NULL,
       source_id INTEGER REFERENCES source (id) ON DELETE CASCADE, hidden_at TEXT NOT NULL)""",
    "CREATE INDEX ix_hidden_item_content_hash ON hidden_item (content_hash)",
    "CREATE INDEX ix_hidden_item_path ON hidden_item (path)",
    "CREATE INDEX ix_hidden_item_source_id ON hidden_item (source_id)",
    "ALTER TABLE album ADD COLUMN cover_id INTEGER REFERENCES item (id) ON DELETE SET NULL",
    "CREATE INDEX ix_album_cover_id ON album (cover_id)",
    "ALTER TABLE album_item ADD COLUMN position INTEGER NOT NULL DEFAULT 0",
)


def upgrade() -> None:
    """Change the tables."""
    for statement in STATEMENTS:
        op.execute(sa.text(statement))
