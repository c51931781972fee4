"""Add the secrets that webhooks are signed with."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Add the column."""
    op.execute(sa.text("ALTER TABLE saved_search ADD COLUMN webhook_secret TEXT"))
