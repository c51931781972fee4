"""Add uploaded query images and feedback, under names that the next migration changes."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

STATEMENTS = (
    "CREATE TABLE asked_picture (id TEXT PRIMARY KEY, body BLOB NOT NULL, asked_at TEXT NOT NULL)",
    """CREATE TABLE opinion (text TEXT NOT NULL,
       item_id INTEGER NOT NULL REFERENCES item(id) ON DELETE CASCADE, is_relevant BOOLEAN NOT NULL,
       given_at TEXT NOT NULL, PRIMARY KEY (text, item_id)) WITHOUT ROWID""",
    "CREATE INDEX ix_opinion_item_id ON opinion (item_id)",
)


def upgrade() -> None:
    """Add the tables."""
    for statement in STATEMENTS:
        op.execute(sa.text(statement))
