"""Links to albums for people without an account."""

from datetime import timedelta

from sqlalchemy import delete, insert, or_, select, update

from search.errors import NotFoundError
from search.records import Share
from search.storage import account_tables as a
from search.storage import tables as t
from search.storage.database import Database, now
from search.storage.rights import may_share

# The time of the last use is updated at most this often, so that few requests need to write.
MIN_UPDATE_INTERVAL = timedelta(minutes=5)
_COLUMNS = (t.share.c.id, t.share.c.album_id, t.share.c.created_at, t.share.c.expires_at, t.share.c.last_used_at)


class Shares:
    """Reads and writes of links to albums. Each method that writes is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, album_id: int, token_hash: str, expires_at: str | None) -> Share:
        """Store a link.

        Args:
            album_id: The album.
            token_hash: The hash of the token in the link.
            expires_at: When it expires, in UTC, ISO 8601; None if it does not.
        """
        row = {"album_id": album_id, "token_hash": token_hash, "created_at": now(), "expires_at": expires_at}
        with self._database.write(bump_revision=False) as db:
            return Share(**db.execute(insert(t.share).values(row).returning(*_COLUMNS)).one()._mapping)

    def list_all(self, album_id: int) -> list[Share]:
        """Return the links to an album, newest first."""
        query = select(*_COLUMNS).where(t.share.c.album_id == album_id).order_by(t.share.c.id.desc())
        with self._database.read() as db:
            return [Share(**row._mapping) for row in db.execute(query)]

    def find(self, token_hash: str) -> Share | None:
        """Return a link that has not expired and whose owner may share, and store that it was followed; else None."""
        c = t.share.c
        query = (
            select(*_COLUMNS)
            .select_from(t.share)
            .join(t.album, t.album.c.id == c.album_id)
            .outerjoin(a.account, a.account.c.id == t.album.c.owner_id)
        )
        query = query.where(may_share(a.account), or_(c.expires_at.is_(None), c.expires_at > now()))
        query = query.where(c.token_hash == token_hash)
        with self._database.read() as db:
            row = db.execute(query).one_or_none()
        if row is None:
            return None
        if row.last_used_at is None or row.last_used_at < now(past=MIN_UPDATE_INTERVAL):
            self._database.store_use(update(t.share).where(c.id == row.id).values(last_used_at=now()))
        return Share(**row._mapping)

    def drop(self, album_id: int, share_id: int) -> None:
        """Delete a link to an album, which is refused from then on. Raises NotFoundError."""
        c = t.share.c
        with self._database.write() as db:
            if not db.execute(delete(t.share).where(c.id == share_id, c.album_id == album_id)).rowcount:
                raise NotFoundError(
                    f"There is no link {share_id} to this album. GET /api/v1/albums/ID/links lists them."
                )
