"""Uploaded query images, stored so that addresses and saved searches can refer to them."""

import hashlib
from datetime import timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from search.errors import NotFoundError
from search.storage import tables as t
from search.storage.database import Database, now

# An image that no saved search refers to is deleted this long after its last use.
MAX_AGE = timedelta(days=90)
# The time of the last use is updated at most this often, so that few searches need to write.
MIN_UPDATE_INTERVAL = timedelta(days=1)


class QueryImages:
    """Reads and writes of query images. Each method that writes is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, body: bytes) -> str:
        """Store an image file and return its id, a hash of the bytes. Also delete expired images."""
        image_id = hashlib.sha256(body).hexdigest()[:32]
        c = t.query_image.c
        row = {"id": image_id, "body": body, "used_at": now()}
        is_referenced = select(t.saved_search.c.id).where(func.instr(t.saved_search.c.request, c.id) > 0).exists()
        with self._database.write(bump_revision=False) as db:
            db.execute(delete(t.query_image).where(c.used_at < now(past=MAX_AGE), ~is_referenced))
            insert = upsert(t.query_image).values(row)
            db.execute(insert.on_conflict_do_update(index_elements=[c.id], set_={"used_at": row["used_at"]}))
        return image_id

    def read(self, image_id: str) -> bytes:
        """Return the bytes of an image and update the time of its last use. Raises NotFoundError."""
        c = t.query_image.c
        with self._database.read() as db:
            row = db.execute(select(c.body, c.used_at).where(c.id == image_id)).one_or_none()
        if row is None:
            raise NotFoundError(
                f"the query image {image_id} does not exist: images that were not used for {MAX_AGE.days} days are "
                "deleted. Upload it again"
            )
        if row.used_at < now(past=MIN_UPDATE_INTERVAL):
            with self._database.write(bump_revision=False) as db:
                db.execute(update(t.query_image).where(c.id == image_id).values(used_at=now()))
        return bytes(row.body)
