"""Add jobs, watched sources, embedded metadata, word times and sidecar files."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

STATEMENTS = (
    "ALTER TABLE source ADD COLUMN is_watched BOOLEAN NOT NULL DEFAULT 0",
    "ALTER TABLE item ADD COLUMN artist TEXT",
    "ALTER TABLE item ADD COLUMN album TEXT",
    "ALTER TABLE item ADD COLUMN description TEXT",
    "ALTER TABLE item ADD COLUMN latitude FLOAT",
    "ALTER TABLE item ADD COLUMN longitude FLOAT",
    "ALTER TABLE item ADD COLUMN orientation INTEGER",
    "ALTER TABLE item ADD COLUMN sidecar TEXT",
    "ALTER TABLE item ADD COLUMN missing_since TEXT",
    "ALTER TABLE segment ADD COLUMN no_speech FLOAT",
    "ALTER TABLE segment ADD COLUMN word_times TEXT",
    """CREATE TABLE tag (item_id INTEGER NOT NULL REFERENCES item(id) ON DELETE CASCADE, name TEXT NOT NULL,
       PRIMARY KEY (item_id, name)) WITHOUT ROWID""",
    "CREATE INDEX ix_tag_name ON tag (name)",
    """CREATE TABLE job (id INTEGER PRIMARY KEY AUTOINCREMENT, task TEXT NOT NULL, state TEXT NOT NULL,
       created_at TEXT NOT NULL, started_at TEXT, ended_at TEXT, done INTEGER NOT NULL DEFAULT 0,
       total INTEGER NOT NULL DEFAULT 0, seconds FLOAT NOT NULL DEFAULT 0, detail TEXT, summary TEXT, error TEXT,
       is_cancelling BOOLEAN NOT NULL DEFAULT 0)""",
    "CREATE INDEX ix_job_state ON job (state)",
)


def upgrade() -> None:
    """Add the columns and tables."""
    for statement in STATEMENTS:
        op.execute(sa.text(statement.replace(":", "\\:")))
