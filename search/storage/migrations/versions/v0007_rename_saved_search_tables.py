"""Rename the tables of saved searches and of their results."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

STATEMENTS = (
    "ALTER TABLE saved RENAME TO saved_search",
    "ALTER TABLE found RENAME TO search_result",
    "ALTER TABLE search_result RENAME COLUMN saved_id TO search_id",
    "DROP INDEX ix_found_item_id",
    "CREATE INDEX ix_search_result_item_id ON search_result (item_id)",
)


def upgrade() -> None:
    """Rename the tables."""
    for statement in STATEMENTS:
        op.execute(sa.text(statement))
