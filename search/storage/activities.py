"""The record of who did what."""

from sqlalchemy import delete, insert, select

from search.records import Activity
from search.storage import account_tables as a
from search.storage.database import Database, now

# Only the newest activities are kept.
MAX_ACTIVITIES = 100_000
# Old ones are deleted once in this many.
_DELETE_INTERVAL = 1_000


class Activities:
    """Reads and writes of activities. Each method that writes is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, account: str | None, action: str, subject: str | None, address: str | None) -> None:
        """Store that somebody did something.

        Args:
            account: The name of the account, if there is one.
            action: What was done, such as `sign-in`.
            subject: What it was done to.
            address: The address of the client.
        """
        c = a.activity.c
        row = {"at": now(), "account": account, "action": action, "subject": subject, "address": address}
        with self._database.write(bump_revision=False) as db:
            added = db.execute(insert(a.activity).values(row).returning(c.id)).scalar_one()
            if added % _DELETE_INTERVAL == 0:
                db.execute(delete(a.activity).where(c.id <= added - MAX_ACTIVITIES))

    def list_page(self, before: int | None, limit: int) -> list[Activity]:
        """Return a page of activities, newest first.

        Args:
            before: Only activities with lower ids; None for the newest.
            limit: The maximum number of activities.
        """
        query = select(a.activity).order_by(a.activity.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(a.activity.c.id < before)
        with self._database.read() as db:
            return [Activity(**row._mapping) for row in db.execute(query)]
