"""The sessions of accounts that signed in with a browser."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, update

from search.records import Account
from search.storage import account_tables as a
from search.storage.accounts import make_account, select_accounts
from search.storage.database import Database, now

# The time of the last use is updated at most this often, so that few requests need to write.
MIN_UPDATE_INTERVAL = timedelta(minutes=5)


@dataclass(frozen=True)
class SessionLimits:
    """How long a session lasts.

    Attributes:
        idle: The time after its last use.
        total: The time after the sign-in, however often it is used.
    """

    idle: timedelta = timedelta(days=14)
    total: timedelta = timedelta(days=30)


DEFAULT_LIMITS = SessionLimits()


class Sessions:
    """Reads and writes of sessions. Each method that writes is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, account_id: int, token_hash: str, limits: SessionLimits, password_hash: str | None) -> bool:
        """Store a new session and that its account has signed in, and delete the sessions that have expired.

        Args:
            account_id: The account.
            token_hash: The hash of the token of the session.
            limits: How long it lasts.
            password_hash: The hash of the password that was checked; None if the account signed in without one.

        Returns:
            False if there is no such account, it is disabled, or it has another password: then nothing is stored.
        """
        c, moment = a.session.c, now()
        row = {
            "token_hash": token_hash,
            "account_id": account_id,
            "created_at": moment,
            "used_at": moment,
            "expires_at": _expire(moment, limits),
        }
        may_sign_in = [a.account.c.id == account_id, a.account.c.is_disabled.is_(False)]
        if password_hash is not None:
            may_sign_in.append(a.account.c.password_hash == password_hash)
        with self._database.write(bump_revision=False) as db:
            if not db.execute(update(a.account).where(*may_sign_in).values(signed_in_at=moment)).rowcount:
                return False
            db.execute(delete(a.session).where(c.expires_at <= moment))
            db.execute(insert(a.session).values(row))
        return True

    def find(self, token_hash: str, limits: SessionLimits) -> Account | None:
        """Return the account of a session that has not expired, and extend the session; None if there is none.

        Args:
            token_hash: The hash of the token.
            limits: How long a session lasts.
        """
        c = a.session.c
        query = (
            select_accounts()
            .add_columns(c.used_at, c.created_at.label("began_at"))
            .join(a.session, c.account_id == a.account.c.id)
            .where(
                c.token_hash == token_hash,
                c.expires_at > now(),
                c.created_at > now(past=limits.total),
                a.account.c.is_disabled.is_(False),
            )
        )
        with self._database.read() as db:
            row = db.execute(query).one_or_none()
        if row is None:
            return None
        if row.used_at < now(past=MIN_UPDATE_INTERVAL):
            values = {"used_at": now(), "expires_at": _expire(row.began_at, limits)}
            self._database.store_use(update(a.session).where(c.token_hash == token_hash).values(values))
        return make_account(row)

    def drop(self, token_hash: str) -> None:
        """End a session."""
        with self._database.write(bump_revision=False) as db:
            db.execute(delete(a.session).where(a.session.c.token_hash == token_hash))

    def drop_all(self, account_id: int) -> None:
        """End all sessions of an account."""
        with self._database.write(bump_revision=False) as db:
            db.execute(delete(a.session).where(a.session.c.account_id == account_id))


def _expire(began_at: str, limits: SessionLimits) -> str:
    """Return when a session that is used now expires, in UTC, ISO 8601.

    Args:
        began_at: When it began.
        limits: How long it lasts.
    """
    return min(now(past=-limits.idle), (datetime.fromisoformat(began_at) + limits.total).isoformat(timespec="seconds"))
