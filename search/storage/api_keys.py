"""The API keys of accounts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, Select, delete, func, insert, or_, select, update

from search.errors import NotFoundError
from search.records import Account, ApiKey, Role
from search.storage import account_tables as a
from search.storage.accounts import make_account, read_sources, select_accounts
from search.storage.database import Database, now

# The time of the last use is updated at most this often, so that few requests need to write.
MIN_UPDATE_INTERVAL = timedelta(minutes=1)


@dataclass(frozen=True)
class NewKey:
    """A key to store.

    Attributes:
        name: What it is for.
        role: The most that it may do.
        sources: The ids of the sources that it may read; None for all sources of its account.
        expires_at: When it expires, in UTC, ISO 8601; None if it does not.
    """

    name: str
    role: Role
    sources: Sequence[int] | None = None
    expires_at: str | None = None


@dataclass(frozen=True)
class UsedKey:
    """A key that a request was sent with.

    Attributes:
        key: The key.
        account: Its account.
    """

    key: ApiKey
    account: Account


class ApiKeys:
    """Reads and writes of API keys. Each method that writes is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, account_id: int, new: NewKey, prefix: str, token_hash: str) -> ApiKey:
        """Store a key.

        Args:
            account_id: The account in whose name it is used.
            new: The key.
            prefix: Its first characters.
            token_hash: The hash of the whole key.
        """
        row = {
            "account_id": account_id,
            "name": new.name,
            "prefix": prefix,
            "token_hash": token_hash,
            "role": new.role,
            "has_all_sources": new.sources is None,
            "created_at": now(),
            "expires_at": new.expires_at,
        }
        with self._database.write(bump_revision=False) as db:
            key_id = db.execute(insert(a.api_key).values(row).returning(a.api_key.c.id)).scalar_one()
            rows = [{"key_id": key_id, "source_id": source_id} for source_id in sorted(set(new.sources or ()))]
            if rows:
                db.execute(insert(a.api_key_source), rows)
        return self.get(key_id)

    def list_all(self, account_id: int | None = None) -> list[ApiKey]:
        """Return the keys of an account, or of all accounts, newest first."""
        query = _select_keys().order_by(a.api_key.c.id.desc())
        if account_id is not None:
            query = query.where(a.api_key.c.account_id == account_id)
        with self._database.read() as db:
            return [_make_key(row) for row in db.execute(query)]

    def get(self, key_id: int, account_id: int | None = None) -> ApiKey:
        """Return one key; with an account, only if it is a key of this account. Raises NotFoundError."""
        query = _select_keys().where(a.api_key.c.id == key_id)
        if account_id is not None:
            query = query.where(a.api_key.c.account_id == account_id)
        with self._database.read() as db:
            row = db.execute(query).one_or_none()
        if row is None:
            raise NotFoundError(f"There is no key {key_id}. GET /api/v1/keys lists the keys.")
        return _make_key(row)

    def find(self, token_hash: str) -> UsedKey | None:
        """Return a key that has not expired and its account, and store that it was used; None if there is none."""
        c = a.api_key.c
        query = _select_keys().where(c.token_hash == token_hash, or_(c.expires_at.is_(None), c.expires_at > now()))
        with self._database.read() as db:
            row = db.execute(query).one_or_none()
            if row is None:
                return None
            owner = select_accounts().where(a.account.c.id == row.account_id, a.account.c.is_disabled.is_(False))
            account = db.execute(owner).one_or_none()
        if account is None:
            return None
        if row.last_used_at is None or row.last_used_at < now(past=MIN_UPDATE_INTERVAL):
            self._database.store_use(update(a.api_key).where(c.id == row.id).values(last_used_at=now()))
        return UsedKey(_make_key(row), make_account(account))

    def drop(self, key_id: int) -> None:
        """Delete a key, which is refused from then on."""
        with self._database.write(bump_revision=False) as db:
            db.execute(delete(a.api_key).where(a.api_key.c.id == key_id))


def _select_keys() -> Select[Any]:
    c = a.api_key_source.c
    sources = select(func.group_concat(c.source_id)).where(c.key_id == a.api_key.c.id).scalar_subquery()
    return select(a.api_key, sources.label("sources"))


def _make_key(row: Row[Any]) -> ApiKey:
    return ApiKey(
        id=row.id,
        account_id=row.account_id,
        name=row.name,
        prefix=row.prefix,
        role=Role(row.role),
        sources=read_sources(row.has_all_sources, row.sources),
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
    )
