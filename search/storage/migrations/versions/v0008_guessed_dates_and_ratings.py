"""Add whether a date was read from the file name, and the rating of an item."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

STATEMENTS = (
    "ALTER TABLE item ADD COLUMN is_date_guessed BOOLEAN NOT NULL DEFAULT 0",
    "ALTER TABLE item ADD COLUMN rating INTEGER",
)


def upgrade() -> None:
    """Add the columns."""
    for statement in STATEMENTS:
        op.execute(sa.text(statement))
