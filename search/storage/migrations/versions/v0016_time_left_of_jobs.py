"""Add the estimated remaining time of jobs."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Change the table."""
    op.execute(sa.text("ALTER TABLE job ADD COLUMN seconds_left FLOAT"))
