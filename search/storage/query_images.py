"""Pictures that somebody searched by, kept so that an address or a saved search can name them."""

import hashlib
from datetime import timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from search.errors import NotFoundError
from search.storage import tables as t
from search.storage.database import Database, now

# One that no saved search names is kept for so long after it was last asked with.
KEPT = timedelta(days=90)
# That it was asked with is written down no more often than this: a search should not have to write.
NOTED = timedelta(days=1)


class QueryImages:
    """Reads and writes of such pictures. Every public write is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, body: bytes) -> str:
        """Keep the bytes of a picture file and give its id, the same for the same bytes; old ones are dropped."""
        image_id = hashlib.sha256(body).hexdigest()[:32]
        c = t.query_image.c
        row = {"id": image_id, "body": body, "used_at": now()}
        named = select(t.saved_search.c.id).where(func.instr(t.saved_search.c.request, c.id) > 0).exists()
        with self._database.write(bump_revision=False) as db:
            db.execute(delete(t.query_image).where(c.used_at < now(past=KEPT), ~named))
            kept = upsert(t.query_image).values(row)
            db.execute(kept.on_conflict_do_update(index_elements=[c.id], set_={"used_at": row["used_at"]}))
        return image_id

    def read(self, image_id: str) -> bytes:
        """Return the bytes of a picture that was kept. Raises NotFoundError."""
        c = t.query_image.c
        with self._database.read() as db:
            row = db.execute(select(c.body, c.used_at).where(c.id == image_id)).one_or_none()
        if row is None:
            raise NotFoundError(
                f"the picture {image_id} is not kept any more: those that nobody has searched by for {KEPT.days} "
                "days are dropped; add it again"
            )
        if row.used_at < now(past=NOTED):
            with self._database.write(bump_revision=False) as db:
                db.execute(update(t.query_image).where(c.id == image_id).values(used_at=now()))
        return bytes(row.body)
