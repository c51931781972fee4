"""The sessions of accounts that signed in with a browser."""

from datetime import timedelta

from sqlalchemy import delete, insert, update

from search.records import Account
from search.storage import account_tables as a
from search.storage.accounts import make_account, select_accounts
from search.storage.database import Database, now

# The time of the last use is updated at most this often, so that few requests need to write.
MIN_UPDATE_INTERVAL = timedelta(minutes=5)


class Sessions:
    """Reads and writes of sessions. Each method that writes is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, account_id: int, token_hash: str, lifetime: timedelta) -> None:
        """Store a new session, and delete those that have expired.

        Args:
            account_id: The account.
            token_hash: The hash of the token of the session.
            lifetime: How long it lasts after its last use.
        """
        c = a.session.c
        row = {
            "token_hash": token_hash,
            "account_id": account_id,
            "created_at": now(),
            "used_at": now(),
            "expires_at": now(past=-lifetime),
        }
        with self._database.write(bump_revision=False) as db:
            db.execute(delete(a.session).where(c.expires_at <= now()))
            db.execute(insert(a.session).values(row))

    def find(self, token_hash: str, lifetime: timedelta) -> Account | None:
        """Return the account of a session that has not expired, and extend the session; None if there is none.

        Args:
            token_hash: The hash of the token.
            lifetime: How long a session lasts after its last use.
        """
        c = a.session.c
        query = (
            select_accounts()
            .add_columns(c.used_at)
            .join(a.session, c.account_id == a.account.c.id)
            .where(c.token_hash == token_hash, c.expires_at > now(), a.account.c.is_disabled.is_(False))
        )
        with self._database.read() as db:
            row = db.execute(query).one_or_none()
        if row is None:
            return None
        if row.used_at < now(past=MIN_UPDATE_INTERVAL):
            values = {"used_at": now(), "expires_at": now(past=-lifetime)}
            self._database.store_use(update(a.session).where(c.token_hash == token_hash).values(values))
        return make_account(row)

    def drop(self, token_hash: str) -> None:
        """End a session."""
        with self._database.write(bump_revision=False) as db:
            db.execute(delete(a.session).where(a.session.c.token_hash == token_hash))
