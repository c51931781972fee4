"""Add who gave feedback. Wrong passwords are no longer counted in the catalog."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

STATEMENTS = (
    # Recreated, since several accounts may judge the same result.
    """CREATE TABLE new_feedback (id INTEGER PRIMARY KEY, text TEXT NOT NULL,
       item_id INTEGER NOT NULL REFERENCES item(id) ON DELETE CASCADE, is_relevant BOOLEAN NOT NULL,
       given_at TEXT NOT NULL, owner_id INTEGER REFERENCES account(id) ON DELETE CASCADE)""",
    """INSERT INTO new_feedback (text, item_id, is_relevant, given_at)
       SELECT text, item_id, is_relevant, given_at FROM feedback""",
    "DROP TABLE feedback",
    "ALTER TABLE new_feedback RENAME TO feedback",
    "CREATE INDEX ix_feedback_text ON feedback (text)",
    "CREATE INDEX ix_feedback_item_id ON feedback (item_id)",
    "CREATE INDEX ix_feedback_owner_id ON feedback (owner_id)",
    "ALTER TABLE account DROP COLUMN failed_attempts",
    "ALTER TABLE account DROP COLUMN locked_until",
)


def upgrade() -> None:
    """Change the tables. Feedback that was given before has no owner."""
    for statement in STATEMENTS:
        op.execute(sa.text(statement))
