"""Store chapters as their own kind of segment, and the language of subtitles."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"

STATEMENTS = (
    "ALTER TABLE segment ADD COLUMN language TEXT",
    # In a recording, only titles of chapters were passages with a time.
    """UPDATE segment SET kind = 'chapter' WHERE kind = 'passage' AND start IS NOT NULL
       AND item_id IN (SELECT id FROM item WHERE type IN ('audio', 'video'))""",
)


def upgrade() -> None:
    """Add the column, and rename the kind of what is stored."""
    for statement in STATEMENTS:
        op.execute(sa.text(statement))
