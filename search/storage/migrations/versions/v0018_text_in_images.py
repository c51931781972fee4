"""Add the places of lines of text in images, and what read the text in the images of an item."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

STATEMENTS = (
    "ALTER TABLE segment ADD COLUMN text_lines TEXT",
    "ALTER TABLE item ADD COLUMN text_reader TEXT",
)


def upgrade() -> None:
    """Add the columns. The next run reads the text in the images of the items that are indexed already."""
    for statement in STATEMENTS:
        op.execute(sa.text(statement))
