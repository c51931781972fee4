"""The creation of accounts."""

from collections.abc import Sequence
from dataclasses import dataclass

from search.access.passwords import check_password, hash_password
from search.errors import UsageError
from search.open_home import OpenHome
from search.records import ACCOUNT_ROLES, Account, Role
from search.storage.accounts import Accounts

MAX_NAME_LENGTH = 100


@dataclass(frozen=True)
class NewAccount:
    """An account to create.

    Attributes:
        name: The name to sign in with.
        role: What it may do.
        sources: The ids of the sources that it may read; None for all.
        password: Its password; None if someone else, such as an identity provider, knows who it is.
        external_id: Who it is at an identity provider.
    """

    name: str
    role: Role
    sources: Sequence[int] | None = None
    password: str | None = None
    external_id: str | None = None


def add_account(library: OpenHome, new: NewAccount) -> Account:
    """Create an account.

    Raises:
        UsageError: The name is taken or not valid, the password is too weak, or a source does not exist.
    """
    check_name(new.name)
    if new.role not in ACCOUNT_ROLES:
        raise UsageError(f"role: must be {', '.join(ACCOUNT_ROLES)}, not {new.role}")
    if new.password is not None:
        check_password(new.password, new.name)
    password_hash = hash_password(new.password) if new.password is not None else None
    sources = find_sources(library, new.role, new.sources)
    return Accounts(library.database).add(new.name, new.role, sources, password_hash, new.external_id)


def check_name(name: str) -> None:
    """Raise UsageError if a name cannot be the name of an account."""
    if not 1 <= len(name) <= MAX_NAME_LENGTH or name != name.strip() or not name.isprintable():
        raise UsageError(f"name: must have 1 to {MAX_NAME_LENGTH} visible characters without spaces at its ends")


def find_sources(library: OpenHome, role: Role, sources: Sequence[int] | None) -> list[int] | None:
    """Return the sources that an account gets: who may upload files may also read the uploads.

    Raises:
        UsageError: A source does not exist.
    """
    if sources is None:
        return None
    known = {source.id for source in library.sources.list_all()}
    unknown = sorted(set(sources) - known)
    if unknown:
        raise UsageError(f"sources: there is no source {unknown[0]}. GET /api/v1/sources lists the sources.")
    uploads = [library.sources.add(str(library.home.uploads))] if role is Role.EDIT else []
    return sorted({*sources, *uploads})
