"""Add what a file belongs to, and the patterns of files that a source leaves out."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

STATEMENTS = (
    "ALTER TABLE item ADD COLUMN belongs_to TEXT",
    "CREATE INDEX ix_item_belongs_to ON item (belongs_to) WHERE belongs_to IS NOT NULL",
    "ALTER TABLE source ADD COLUMN exclude TEXT",
    "ALTER TABLE source ADD COLUMN reads_hidden BOOLEAN NOT NULL DEFAULT 0",
)


def upgrade() -> None:
    """Add the columns."""
    for statement in STATEMENTS:
        op.execute(sa.text(statement))
