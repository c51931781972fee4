"""Rename retrievers, roles of spaces, image segments, phash, placeholder, feedback and query_image."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

RETRIEVERS = {"picture": "visual", "meaning": "semantic", "words": "lexical"}
# The table is recreated, since SQLite cannot drop a unique column.
STATEMENTS = (
    """CREATE TABLE new_space (id INTEGER PRIMARY KEY, retriever TEXT NOT NULL, role TEXT NOT NULL, model TEXT NOT NULL,
       fingerprint TEXT NOT NULL, dimension INTEGER NOT NULL, UNIQUE (retriever, role))""",
    """INSERT INTO new_space (id, retriever, role, model, fingerprint, dimension)
       SELECT id, CASE WHEN name LIKE 'picture%' THEN 'visual' ELSE 'semantic' END,
              CASE WHEN name LIKE '%/next' THEN 'next' WHEN name LIKE '%/previous' THEN 'previous' ELSE 'active' END,
              model, fingerprint, dimension FROM space""",
    "DROP TABLE space",
    "ALTER TABLE new_space RENAME TO space",
    "UPDATE segment SET kind = 'image' WHERE kind = 'picture'",
    "ALTER TABLE segment RENAME COLUMN look TO phash",
    "ALTER TABLE item RENAME COLUMN blur TO placeholder",
    "ALTER TABLE opinion RENAME TO feedback",
    "DROP INDEX ix_opinion_item_id",
    "CREATE INDEX ix_feedback_item_id ON feedback (item_id)",
    "ALTER TABLE asked_picture RENAME TO query_image",
    "ALTER TABLE query_image RENAME COLUMN asked_at TO used_at",
)


def upgrade() -> None:
    """Rename tables, columns and the names in stored searches and jobs."""
    for statement in STATEMENTS:
        op.execute(sa.text(statement))
    _rewrite("saved", "request", rename_request)
    _rewrite("job", "task", rename_task)


def rename_request(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return a stored search with the new names of retrievers and query images."""
    renamed = dict(request)
    if isinstance(weights := request.get("weights"), dict):
        renamed["weights"] = {RETRIEVERS.get(name, name): value for name, value in weights.items()}
    if isinstance(parts := request.get("parts"), list):
        renamed["parts"] = [
            {"query_image" if name == "picture" else name: value for name, value in part.items()} for part in parts
        ]
    return renamed


def rename_task(task: Mapping[str, Any]) -> dict[str, Any]:
    """Return a stored task with the new name of a model's role."""
    renamed = dict(task)
    purpose = renamed.pop("purpose", None)
    return renamed | {"role": RETRIEVERS.get(purpose, purpose)}


def _rewrite(table: str, column: str, rename: Callable[[Mapping[str, Any]], dict[str, Any]]) -> None:
    db = op.get_bind()
    for row_id, text in db.execute(sa.text(f"SELECT id, {column} FROM {table}")).all():  # noqa: S608 - names from above
        values = {"text": json.dumps(rename(json.loads(text)), ensure_ascii=table == "job"), "id": row_id}
        db.execute(sa.text(f"UPDATE {table} SET {column} = :text WHERE id = :id"), values)  # noqa: S608
