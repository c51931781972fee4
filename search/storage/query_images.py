"""Uploaded query images, stored so that addresses and saved searches can refer to them."""

import secrets
import threading
import time
from collections import OrderedDict
from datetime import timedelta

from sqlalchemy import Delete, delete, func, insert, select, update

from search.errors import NotFoundError
from search.storage import tables as t
from search.storage.database import Database, now

# An image that no saved search refers to is deleted this long after its last use.
MAX_DAYS = 90
# The limits of images that are kept in memory only.
MAX_IN_MEMORY = 100
MAX_SECONDS_IN_MEMORY = 3600.0
# The time of the last use is updated at most this often, so that few searches need to write.
MIN_UPDATE_INTERVAL = timedelta(days=1)


class QueryImages:
    """Reads and writes of query images. Each method that writes is one transaction."""

    def __init__(self, database: Database, max_days: int = MAX_DAYS) -> None:
        """Create the store.

        Args:
            database: The database.
            max_days: Days without use after which an image is deleted.
        """
        self._database = database
        self._max_age = timedelta(days=max_days)

    def keep(self, body: bytes) -> str:
        """Store an image file and return its new id. Also delete expired images."""
        image_id = _make_id()
        row = {"id": image_id, "body": body, "used_at": now()}
        with self._database.write(bump_revision=False) as db:
            db.execute(_delete_unused(self._max_age))
            db.execute(insert(t.query_image).values(row))
        return image_id

    def read(self, image_id: str) -> bytes:
        """Return the bytes of an image and update the time of its last use. Raises NotFoundError."""
        c = t.query_image.c
        with self._database.read() as db:
            row = db.execute(select(c.body, c.used_at).where(c.id == image_id)).one_or_none()
        if row is None:
            raise NotFoundError(
                f"the query image {image_id} does not exist: images that were not used for {self._max_age.days} days "
                "are deleted. Upload it again"
            )
        if row.used_at < now(past=MIN_UPDATE_INTERVAL):
            with self._database.write(bump_revision=False) as db:
                db.execute(update(t.query_image).where(c.id == image_id).values(used_at=now()))
        return bytes(row.body)

    def delete_unused(self) -> None:
        """Delete the images that were not used for too long."""
        with self._database.write(bump_revision=False) as db:
            db.execute(_delete_unused(self._max_age))


class MemoryQueryImages:
    """Query images that are never written to disk: a few, for a short time. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._images: OrderedDict[str, tuple[float, bytes]] = OrderedDict()

    def keep(self, body: bytes) -> str:
        """Keep an image file and return its new id."""
        image_id = _make_id()
        with self._lock:
            self._drop_expired()
            self._images[image_id] = (time.monotonic(), body)
            while len(self._images) > MAX_IN_MEMORY:
                self._images.popitem(last=False)
        return image_id

    def read(self, image_id: str) -> bytes:
        """Return the bytes of an image. Raises NotFoundError."""
        with self._lock:
            self._drop_expired()
            if image_id in self._images:
                return self._images[image_id][1]
        raise NotFoundError(
            f"the query image {image_id} does not exist: this server keeps query images for an hour at most. "
            "Upload it again"
        )

    def _drop_expired(self) -> None:
        limit = time.monotonic() - MAX_SECONDS_IN_MEMORY
        for image_id in [key for key, (kept_at, _) in self._images.items() if kept_at < limit]:
            del self._images[image_id]


def _make_id() -> str:
    """Return a random id: one that is computed from the image would reveal whether somebody searched by it."""
    return secrets.token_hex(16)


def _delete_unused(max_age: timedelta) -> Delete:
    """Return the statement that deletes old images that no saved search refers to."""
    c = t.query_image.c
    is_referenced = select(t.saved_search.c.id).where(func.instr(t.saved_search.c.request, c.id) > 0).exists()
    return delete(t.query_image).where(c.used_at <= now(past=max_age), ~is_referenced)
