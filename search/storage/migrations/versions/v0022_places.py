"""Add where items were captured. The next run of the indexer fills it for items that are indexed already."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"

STATEMENTS = (
    """CREATE TABLE item_place (item_id INTEGER NOT NULL PRIMARY KEY REFERENCES item(id) ON DELETE CASCADE,
       area TEXT NOT NULL, city INTEGER, rounded_area TEXT) WITHOUT ROWID""",
    "CREATE INDEX ix_item_place_area_city ON item_place (area, city)",
)


def upgrade() -> None:
    """Add the table."""
    for statement in STATEMENTS:
        op.execute(sa.text(statement))
