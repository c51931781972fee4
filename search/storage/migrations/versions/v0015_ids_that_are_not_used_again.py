"""Never use the id of a removed source again, and replace ids of query images that can be computed from the image."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

STATEMENTS = (
    # Recreated, since SQLite cannot add AUTOINCREMENT to a table.
    """CREATE TABLE new_source (id INTEGER PRIMARY KEY AUTOINCREMENT, path TEXT NOT NULL UNIQUE, added_at TEXT NOT NULL,
       is_watched BOOLEAN NOT NULL DEFAULT 0, exclude TEXT, reads_hidden BOOLEAN NOT NULL DEFAULT 0, problem TEXT)""",
    """INSERT INTO new_source (id, path, added_at, is_watched, exclude, reads_hidden, problem)
       SELECT id, path, added_at, is_watched, exclude, reads_hidden, problem FROM source""",
    "DROP TABLE source",
    "ALTER TABLE new_source RENAME TO source",
)
# Saved searches name their images in the request and in the address.
IMAGE_STATEMENTS = (
    "UPDATE query_image SET id = :new WHERE id = :old",
    "UPDATE saved_search SET request = replace(request, :old, :new), address = replace(address, :old, :new)",
)


def upgrade() -> None:
    """Recreate the table of sources. Without accounts, query images keep their ids, which bookmarks may contain."""
    for statement in STATEMENTS:
        op.execute(sa.text(statement))
    connection = op.get_bind()
    if connection.execute(sa.text("SELECT 1 FROM account LIMIT 1")).first() is None:
        return
    for old in connection.execute(sa.text("SELECT id FROM query_image")).scalars().all():
        values = {"old": old, "new": secrets.token_hex(16)}
        for statement in IMAGE_STATEMENTS:
            connection.execute(sa.text(statement), values)
