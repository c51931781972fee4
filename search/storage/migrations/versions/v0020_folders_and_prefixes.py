"""Add the folder and the name of each file with indexes for suggestions; cameras become part of what names items."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

# Without "/", `rtrim` cuts the name off: it removes all characters of the path that are not "/".
FOLDER = "rtrim(path, replace(path, '/', ''))"
INDEXED = "state = 'indexed'"
COPIED = 'item_id, kind, text, start, "end", page, "offset", confidence, phash, no_speech, word_times'
STATEMENTS = (
    f"ALTER TABLE item ADD COLUMN folder TEXT GENERATED ALWAYS AS ({FOLDER}) VIRTUAL",
    f"""ALTER TABLE item ADD COLUMN name TEXT GENERATED ALWAYS AS (substr(path, length({FOLDER}) + 1)) VIRTUAL""",
    "CREATE INDEX ix_item_folder ON item (folder, state, source_id)",
    f"CREATE INDEX ix_item_name ON item (name COLLATE NOCASE, source_id) WHERE {INDEXED}",
    *(
        f"CREATE INDEX ix_item_{name} ON item ({name} COLLATE NOCASE, source_id) WHERE {INDEXED} AND {name} IS NOT NULL"
        for name in ("camera", "artist", "album")
    ),
    "CREATE INDEX ix_tag_prefix ON tag (name COLLATE NOCASE)",
    # The triggers of the full-text index follow rows that are added and deleted, not rows that are changed. The word
    # "Apple" is left out, as the indexer does: it would make every photo of a phone a result for the fruit.
    f"""CREATE TEMPORARY TABLE old_name AS SELECT segment.id AS old_id, {COPIED},
        CASE WHEN camera LIKE 'Apple %' THEN substr(camera, 7) ELSE camera END AS camera
        FROM segment JOIN item ON item.id = item_id WHERE kind = 'name' AND camera IS NOT NULL""",  # noqa: S608
    "DELETE FROM segment WHERE id IN (SELECT old_id FROM old_name)",
    f"INSERT INTO segment ({COPIED}) SELECT {COPIED.replace('text', 'text || char(10) || camera')} FROM old_name",  # noqa: S608
    "DROP TABLE old_name",
)


def upgrade() -> None:
    """Add the columns and indexes, and replace the names of items with a camera."""
    for statement in STATEMENTS:
        op.execute(sa.text(statement))
