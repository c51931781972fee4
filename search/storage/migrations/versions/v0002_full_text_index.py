"""Index analyzed words in the full-text index; add perceptual hashes of images and camera names."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

# `list_pieces` and `list_wholes` are functions of the connection (see `search.storage.database`), so that SQLite's own
# tokenizer only has to split at spaces.
STATEMENTS = (
    "DROP TRIGGER segment_added",
    "DROP TRIGGER segment_deleted",
    "DROP TABLE words_vocabulary",
    "DROP TABLE words",
    """CREATE VIRTUAL TABLE words USING fts5 (pieces, wholes, content='',
       tokenize="unicode61 remove_diacritics 0 categories 'L* N* M* S* Co'")""",
    "CREATE VIRTUAL TABLE words_vocabulary USING fts5vocab (words, row)",
    """CREATE TRIGGER segment_added AFTER INSERT ON segment WHEN new.text IS NOT NULL BEGIN
       INSERT INTO words (rowid, pieces, wholes) VALUES (new.id, list_pieces(new.text), list_wholes(new.text)); END""",
    """CREATE TRIGGER segment_deleted AFTER DELETE ON segment WHEN old.text IS NOT NULL BEGIN
       INSERT INTO words (words, rowid, pieces, wholes)
       VALUES ('delete', old.id, list_pieces(old.text), list_wholes(old.text)); END""",
    """INSERT INTO words (rowid, pieces, wholes)
       SELECT id, list_pieces(text), list_wholes(text) FROM segment WHERE text IS NOT NULL""",
    "ALTER TABLE segment ADD COLUMN look BIGINT",
    "ALTER TABLE item ADD COLUMN camera TEXT",
)


def upgrade() -> None:
    """Rebuild the full-text index and add the columns."""
    for statement in STATEMENTS:
        op.execute(sa.text(statement.replace(":", "\\:")))
