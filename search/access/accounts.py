"""The creation of accounts."""

from collections.abc import Sequence
from dataclasses import dataclass

from search.access.passwords import check_password, hash_password
from search.errors import UsageError
from search.open_home import OpenHome
from search.records import ACCOUNT_ROLES, Account, Role
from search.settings import Settings
from search.storage.accounts import Accounts, AccountUpdate, OtherSignIns

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


def find_other_sign_ins(settings: Settings) -> OtherSignIns:
    """Return how people sign in without a password."""
    return OtherSignIns(
        has_provider=bool(settings.oidc_issuer and settings.oidc_client_id),
        has_proxy=bool(settings.user_header and settings.trusted_proxies),
    )


def open_accounts(library: OpenHome) -> Accounts:
    """Return the accounts of a library."""
    return Accounts(library.database, find_other_sign_ins(library.settings))


def add_account(library: OpenHome, new: NewAccount) -> Account:
    """Create an account.

    Raises:
        UsageError: The name is taken or not valid, the password is too weak or missing, or a source does not exist.
    """
    check_name(new.name)
    if new.role not in ACCOUNT_ROLES:
        raise UsageError(f"role: must be {', '.join(ACCOUNT_ROLES)}, not {new.role}")
    if new.password is not None:
        check_password(new.password, new.name)
    password_hash = hash_password(new.password) if new.password is not None else None
    sources = find_sources(library, new.role, new.sources)
    return open_accounts(library).add(new.name, new.role, sources, password_hash, new.external_id)


@dataclass(frozen=True)
class AccountChange:
    """What to change of an account; None keeps a value.

    Attributes:
        role: What it may do.
        is_disabled: Whether it can no longer sign in.
        password: A new password.
        sets_sources: Whether `sources` replace the current ones.
        sources: The ids of the sources that it may read; None for all.
    """

    role: Role | None = None
    is_disabled: bool | None = None
    password: str | None = None
    sets_sources: bool = False
    sources: Sequence[int] | None = None


def change_account(library: OpenHome, account: Account, change: AccountChange) -> None:
    """Change an account: everything, or nothing if a value is not valid.

    Raises:
        UsageError: The password is too weak, a source does not exist, or no admin would be left.
    """
    if change.password is not None:
        check_password(change.password, account.name)
    role = change.role or account.role
    sources = find_sources(library, role, change.sources) if change.sets_sources else None
    added = find_sources(library, role, ()) if change.role is Role.EDIT else None
    # Who may no longer upload files has not chosen to read those of others.
    has_lost_edit = account.role.includes(Role.EDIT) and not role.includes(Role.EDIT)
    update = AccountUpdate(
        role=change.role,
        is_disabled=change.is_disabled,
        password_hash=hash_password(change.password) if change.password is not None else None,
        sets_sources=change.sets_sources,
        sources=sources,
        added_sources=added or (),
        removed_sources=_find_uploads(library) if has_lost_edit else (),
    )
    open_accounts(library).change(account.id, update)


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
    return sorted({*sources, *(_add_uploads(library) if role is Role.EDIT else ())})


def _add_uploads(library: OpenHome) -> list[int]:
    """Return the id of the source of uploads, with its folder, which would otherwise count as a missing disk."""
    library.home.create_uploads()
    return [library.sources.add(str(library.home.uploads))]


def _find_uploads(library: OpenHome) -> list[int]:
    """Return the id of the source of uploads, if there is one."""
    return [source.id for source in library.sources.list_all() if source.path == str(library.home.uploads)]
