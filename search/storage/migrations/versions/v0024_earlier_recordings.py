"""Remember which items were indexed before: of recordings, less was read than is read now."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"

STATEMENT = """INSERT INTO setting (key, value)
    SELECT 'earlier_segments', CAST(max(id) AS TEXT) FROM segment HAVING max(id) IS NOT NULL"""


def upgrade() -> None:
    """Store the last segment."""
    op.execute(sa.text(STATEMENT))
