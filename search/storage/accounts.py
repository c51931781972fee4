"""The accounts of a library."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, delete, false, func, insert, or_, select, true, update
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.exc import IntegrityError

from search.errors import NotFoundError, UsageError
from search.records import Account, Role
from search.storage import account_tables as a
from search.storage import tables as t
from search.storage.database import Database, now
from search.text.names import fold_name


@dataclass(frozen=True)
class Credentials:
    """What is needed to check a password.

    Attributes:
        account: The account.
        password_hash: The hash of its password; None if it has none, as an account of an identity provider.
    """

    account: Account
    password_hash: str | None


@dataclass(frozen=True)
class OtherSignIns:
    """How people sign in without a password here.

    Attributes:
        has_provider: Whether an identity provider is set up.
        has_proxy: Whether a trusted proxy names the account.
    """

    has_provider: bool = False
    has_proxy: bool = False


@dataclass(frozen=True)
class AccountUpdate:
    """Changes of an account; None keeps a value.

    Attributes:
        role: What the account may do.
        is_disabled: Whether it can no longer sign in.
        password_hash: The hash of its new password.
        sets_sources: Whether `sources` replace the current ones.
        sources: The ids of the sources that it may read; None for all.
        added_sources: The ids of further sources that it may read.
        removed_sources: The ids of sources that it may no longer read.
    """

    role: Role | None = None
    is_disabled: bool | None = None
    password_hash: str | None = None
    sets_sources: bool = False
    sources: Sequence[int] | None = None
    added_sources: Sequence[int] = ()
    removed_sources: Sequence[int] = ()


class Accounts:
    """Reads and writes of accounts. Each method that writes is one transaction."""

    def __init__(self, database: Database, others: OtherSignIns = OtherSignIns()) -> None:
        """Prepare the reads and writes.

        Args:
            database: The database of the catalog.
            others: How people sign in without a password.
        """
        self._database = database
        self._others = others

    def add(
        self, name: str, role: Role, sources: Sequence[int] | None, password_hash: str | None, external_id: str | None
    ) -> Account:
        """Create an account.

        Args:
            name: The name to sign in with; it is unique without regard to case.
            role: What the account may do.
            sources: The ids of the sources that it may read; None for all.
            password_hash: The hash of its password, if it has one.
            external_id: Who it is at an identity provider, if it comes from one.

        Raises:
            UsageError: The name is taken, or it is an admin who could not sign in.
        """
        row = {
            "name": name,
            "folded_name": fold_name(name),
            "role": role,
            "has_all_sources": sources is None,
            "password_hash": password_hash,
            "external_id": external_id,
            "created_at": now(),
        }
        try:
            with self._database.write() as db:
                account_id = db.execute(insert(a.account).values(row).returning(a.account.c.id)).scalar_one()
                _add_sources(db, account_id, sources or ())
                self._check_admin(db, account_id)
        except IntegrityError as error:
            raise UsageError(f"name: the account {name!r} already exists; choose another name") from error
        return self.get(account_id)

    def exist(self) -> bool:
        """Return whether there is an account."""
        with self._database.read() as db:
            return db.execute(select(a.account.c.id).limit(1)).first() is not None

    def have_admin(self) -> bool:
        """Return whether an admin can sign in."""
        with self._database.read() as db:
            return self._have_admin(db)

    def list_all(self) -> list[Account]:
        """Return all accounts in order of name."""
        return self._list(select_accounts().order_by(a.account.c.folded_name))

    def get(self, account_id: int) -> Account:
        """Return one account. Raises NotFoundError."""
        found = self._list(select_accounts().where(a.account.c.id == account_id))
        if not found:
            raise NotFoundError(f"There is no account {account_id}. `crossmodal users` lists the accounts.")
        return found[0]

    def find(self, name: str) -> Account:
        """Return the account with a name, without regard to case. Raises NotFoundError."""
        found = self._list(select_accounts().where(a.account.c.folded_name == fold_name(name)))
        if not found:
            raise NotFoundError(f"There is no account {name!r}. `crossmodal users` lists the accounts.")
        return found[0]

    def find_external(self, external_id: str) -> Account | None:
        """Return the account of someone at an identity provider, if there is one."""
        found = self._list(select_accounts().where(a.account.c.external_id == external_id))
        return found[0] if found else None

    def claim_invitation(self, name: str, external_id: str) -> Account | None:
        """Tie an account without a password to someone at an identity provider; None if there is no such account.

        Admins cannot be invited by name, since some providers let people choose their names.

        Args:
            name: The name of the account.
            external_id: Who it is at the identity provider.
        """
        c = a.account.c
        is_open = [c.folded_name == fold_name(name), c.password_hash.is_(None), c.external_id.is_(None)]
        is_open.append(c.role != Role.ADMIN)
        with self._database.write(bump_revision=False) as db:
            if not db.execute(update(a.account).where(*is_open).values(external_id=external_id)).rowcount:
                return None
        return self.find_external(external_id)

    def read_credentials(self, name: str) -> Credentials | None:
        """Return what is needed to check the password of the account with a name; None if there is no such account."""
        query = select_accounts().where(a.account.c.folded_name == fold_name(name))
        with self._database.read() as db:
            row = db.execute(query).one_or_none()
        return Credentials(make_account(row), row.password_hash) if row is not None else None

    def change(self, account_id: int, changes: AccountUpdate) -> None:
        """Change an account in one transaction. A new password, and disabling, end all sessions of the account.

        Raises:
            UsageError: It would be an admin who cannot sign in, or no admin would be left who can.
        """
        given = {name: getattr(changes, name) for name in ("role", "is_disabled", "password_hash")}
        values: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        if changes.sets_sources:
            values["has_all_sources"] = changes.sources is None
        with self._database.write() as db:
            if values:
                db.execute(update(a.account).where(a.account.c.id == account_id).values(values))
            if changes.sets_sources:
                db.execute(delete(a.account_source).where(a.account_source.c.account_id == account_id))
            _add_sources(db, account_id, (*(changes.sources or ()), *changes.added_sources))
            _remove_sources(db, account_id, changes.removed_sources)
            if changes.password_hash is not None or changes.is_disabled:
                db.execute(delete(a.session).where(a.session.c.account_id == account_id))
            if changes.role is Role.ADMIN and not changes.is_disabled:
                self._check_admin(db, account_id)
            if changes.role is not None or changes.is_disabled:
                self._require_admin(db)

    def drop(self, account_id: int) -> None:
        """Delete an account with its sessions, keys, saved searches and feedback.

        Its albums stay, without an owner and unshared.

        Raises:
            UsageError: No admin would be left that can sign in, but other accounts.
        """
        own = select(t.album.c.id).where(t.album.c.owner_id == account_id)
        with self._database.write() as db:
            for table in (t.share, t.album_account):
                db.execute(delete(table).where(table.c.album_id.in_(own)))
            db.execute(update(t.album).where(t.album.c.owner_id == account_id).values(is_shared=False))
            db.execute(delete(a.account).where(a.account.c.id == account_id))
            if db.execute(select(func.count()).select_from(a.account)).scalar():
                self._require_admin(db)

    def _have_admin(self, db: Connection) -> bool:
        c = a.account.c
        query = select(c.id).where(c.role == Role.ADMIN, c.is_disabled.is_(False), self._can_sign_in()).limit(1)
        return db.execute(query).first() is not None

    def _can_sign_in(self) -> ColumnElement[bool]:
        c = a.account.c
        has_identity = c.external_id.is_not(None) if self._others.has_provider else false()
        return or_(c.password_hash.is_not(None), has_identity, true() if self._others.has_proxy else false())

    def _check_admin(self, db: Connection, account_id: int) -> None:
        """Raise UsageError if an account is an admin who cannot sign in."""
        c = a.account.c
        wrong = select(c.name).where(c.id == account_id, c.role == Role.ADMIN, ~self._can_sign_in())
        name = db.execute(wrong).scalar()
        if name is not None:
            raise UsageError(
                f"role: {name} has no password and could not sign in as an admin. Set a password, or let {name} sign "
                "in through the identity provider before you change the role."
            )

    def _require_admin(self, db: Connection) -> None:
        if not self._have_admin(db):
            raise UsageError("This is the last admin who can sign in. Make another account an admin first.")

    def _list(self, query: Select[Any]) -> list[Account]:
        with self._database.read() as db:
            return [make_account(row) for row in db.execute(query)]


def select_accounts() -> Select[Any]:
    """Return the query for accounts with their sources, for `make_account`."""
    c = a.account_source.c
    sources = select(func.group_concat(c.source_id)).where(c.account_id == a.account.c.id).scalar_subquery()
    return select(a.account, sources.label("sources"))


def make_account(row: Row[Any]) -> Account:
    """Return an account from a row of `select_accounts`. An admin may read all sources."""
    role = Role(row.role)
    return Account(
        id=row.id,
        name=row.name,
        role=role,
        sources=None if role is Role.ADMIN else read_sources(row.has_all_sources, row.sources),
        created_at=row.created_at,
        signed_in_at=row.signed_in_at,
        is_disabled=row.is_disabled,
    )


def read_sources(has_all: bool, joined: str | None) -> tuple[int, ...] | None:
    """Return the ids of sources from a comma-separated list; None for all sources."""
    return None if has_all else read_list(joined)


def read_list(joined: str | None) -> tuple[int, ...]:
    """Return the ids in a comma-separated list, ascending."""
    return tuple(sorted(map(int, joined.split(",")))) if joined else ()


def _add_sources(db: Connection, account_id: int, sources: Iterable[int]) -> None:
    rows = [{"account_id": account_id, "source_id": source_id} for source_id in sorted(set(sources))]
    if rows:
        db.execute(upsert(a.account_source).on_conflict_do_nothing(), rows)


def _remove_sources(db: Connection, account_id: int, sources: Sequence[int]) -> None:
    if sources:
        c = a.account_source.c
        db.execute(delete(a.account_source).where(c.account_id == account_id, c.source_id.in_(sources)))
