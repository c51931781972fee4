"""Rebuild the full-text index: digits of all scripts are equal, names keep their signs, hidden marks are left out."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

# An entry is deleted by the words that it was added with, so entries of an older analysis could not be deleted singly.
STATEMENTS = (
    "INSERT INTO words (words) VALUES ('delete-all')",
    """INSERT INTO words (rowid, pieces, wholes)
       SELECT id, list_pieces(text), list_wholes(text) FROM segment WHERE text IS NOT NULL""",
)


def upgrade() -> None:
    """Rebuild the index."""
    for statement in STATEMENTS:
        op.execute(sa.text(statement))
