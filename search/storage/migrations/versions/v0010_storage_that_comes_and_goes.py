"""Add volumes, problems of sources and of indexed items that cannot be read, and the attempts of jobs."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

STATEMENTS = (
    """CREATE TABLE volume (path TEXT NOT NULL PRIMARY KEY,
       source_id INTEGER NOT NULL REFERENCES source(id) ON DELETE CASCADE,
       identity TEXT NOT NULL, problem TEXT, last_item_id BIGINT) WITHOUT ROWID""",
    "CREATE INDEX ix_volume_source_id ON volume (source_id)",
    "ALTER TABLE source ADD COLUMN problem TEXT",
    "ALTER TABLE item ADD COLUMN problem TEXT",
    "ALTER TABLE job ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0",
    # Files that could not be read are read again by the next run: it detects a change.
    """UPDATE item SET size = 0, mtime_ns = 0, sidecar = NULL
       WHERE state = 'failed' AND substr(reason, 1, 15) = 'cannot be read\\:'""",
)


def upgrade() -> None:
    """Add the columns and the table."""
    for statement in STATEMENTS:
        op.execute(sa.text(statement))
