"""Add the tags that the machine gives, and by which version of the tagger each item was tagged."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

STATEMENTS = (
    "ALTER TABLE item ADD COLUMN tagger TEXT",
    "CREATE INDEX ix_item_state_tagger ON item (state, tagger)",
    """CREATE TABLE machine_tag (item_id INTEGER NOT NULL REFERENCES item(id) ON DELETE CASCADE, name TEXT NOT NULL,
       score FLOAT NOT NULL, start FLOAT, described BOOLEAN NOT NULL, PRIMARY KEY (item_id, name))""",
    "CREATE INDEX ix_machine_tag_name ON machine_tag (name)",
    """CREATE TABLE machine_tag_name (name TEXT NOT NULL, language TEXT NOT NULL, label TEXT NOT NULL,
       PRIMARY KEY (name, language))""",
)


def upgrade() -> None:
    """Add the tables and the column. The next run of the indexer tags the images."""
    for statement in STATEMENTS:
        op.execute(sa.text(statement))
