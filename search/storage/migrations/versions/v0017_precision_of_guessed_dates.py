"""Add how precise a date is that was guessed from the name of a folder."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Add the column. The next run of the indexer guesses the dates of the items that have none."""
    op.execute(sa.text("ALTER TABLE item ADD COLUMN date_precision TEXT"))
