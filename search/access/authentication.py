"""Who sends a request: sign-in with a password, and the principals of sessions, keys and links."""

import threading
from collections import OrderedDict
from datetime import timedelta

from search.access.passwords import is_correct
from search.access.tokens import Token, TokenKind, hash_token, make_token
from search.admission import Admission
from search.errors import SignInError
from search.records import EVERYTHING, Account, ApiKey, Principal, Rights, Role
from search.storage.accounts import Accounts
from search.storage.albums import list_visible
from search.storage.api_keys import ApiKeys
from search.storage.database import Database, now
from search.storage.sessions import Sessions
from search.storage.shares import Shares
from search.text.names import fold_name

# An account is locked after this many wrong passwords in a row, and after each further one.
MAX_FAILURES = 8
LOCK_TIME = timedelta(minutes=15)
DEFAULT_LIFETIME = timedelta(days=30)
WRONG = "The name or the password is wrong."
# Passwords that are checked, and that wait to be checked, at the same time: each check takes 64 MiB.
MAX_CHECKS, MAX_WAITING = 2, 6
MAX_DECOYS = 10_000


class DecoyAccounts:
    """Counts wrong passwords for names without an account, so that they are locked as accounts are. Thread-safe."""

    def __init__(self) -> None:
        self._failures: OrderedDict[str, tuple[int, str | None]] = OrderedDict()
        self._lock = threading.Lock()

    def find_lock(self, name: str) -> str | None:
        """Return until when a name is locked, in UTC, ISO 8601; None if it is not."""
        with self._lock:
            return self._failures.get(fold_name(name) or "", (0, None))[1]

    def count(self, name: str) -> None:
        """Count a wrong password. Only the newest names are remembered."""
        folded = fold_name(name) or ""
        with self._lock:
            number = self._failures.pop(folded, (0, None))[0] + 1
            self._failures[folded] = (number, now(past=-LOCK_TIME) if number >= MAX_FAILURES else None)
            if len(self._failures) > MAX_DECOYS:
                self._failures.popitem(last=False)


class Authentication:
    """Finds out who sends a request. Thread-safe.

    Attributes:
        accounts: The accounts.
        lifetime: How long a session lasts after its last use.
    """

    def __init__(self, database: Database, lifetime: timedelta = DEFAULT_LIFETIME) -> None:
        """Prepare the authentication.

        Args:
            database: The database of the catalog.
            lifetime: How long a session lasts after its last use.
        """
        self.accounts = Accounts(database)
        self._keys = ApiKeys(database)
        self._sessions = Sessions(database)
        self._shares = Shares(database)
        self._database = database
        self.lifetime = lifetime
        self._checks = Admission("sign-ins", MAX_CHECKS, MAX_WAITING)
        self._decoys = DecoyAccounts()

    def check_password(self, name: str, password: str) -> Account:
        """Return the account with a name and a password.

        Raises:
            SignInError: The name or the password is wrong, or the account is locked or disabled.
            BusyError: Too many people sign in at the same time.
        """
        found = self.accounts.read_credentials(name)
        locked_until = found.account.locked_until if found is not None else self._decoys.find_lock(name)
        if locked_until is not None and locked_until > now():
            raise SignInError(f"Too many wrong passwords. Try again after {locked_until}, or ask an admin.")
        with self._checks.enter():
            is_right = is_correct(password, found.password_hash if found is not None else None)
        if found is None:
            self._decoys.count(name)
            raise SignInError(WRONG)
        if not is_right:
            self.accounts.store_failure(found.account.id, MAX_FAILURES, now(past=-LOCK_TIME))
            raise SignInError(WRONG)
        if found.account.is_disabled:
            raise SignInError("This account is disabled. Ask an admin.")
        return found.account

    def sign_in(self, account: Account) -> Token:
        """Start a session of an account and return its token."""
        token = make_token(TokenKind.SESSION)
        self.accounts.store_success(account.id)
        self._sessions.add(account.id, token.hash, self.lifetime)
        return token

    def sign_out(self, token: str) -> None:
        """End a session."""
        self._sessions.drop(hash_token(token))

    def make_principal(self, account: Account) -> Principal:
        """Return what an account may do."""
        return make_principal(self._database, account)

    def find_session(self, token: str) -> Principal | None:
        """Return who a session belongs to; None if it has ended."""
        account = self._sessions.find(hash_token(token), self.lifetime)
        return make_principal(self._database, account) if account is not None else None

    def find_key(self, token: str) -> Principal | None:
        """Return who a key belongs to; None if it has expired or was deleted."""
        used = self._keys.find(hash_token(token))
        return make_principal(self._database, used.account, used.key) if used is not None else None

    def find_link(self, token: str) -> Principal | None:
        """Return who follows a link: they can only see its album; None if it has expired or was deleted."""
        share = self._shares.find(hash_token(token))
        if share is None:
            return None
        albums = (share.album_id,)
        return Principal(Role.VIEW, Rights((), albums, albums, hides_folders=True), share_id=share.id)


def make_principal(database: Database, account: Account, key: ApiKey | None = None) -> Principal:
    """Return what an account, or a key of it, may do.

    A key for some sources cannot be an admin, nor read what others share with the account.
    """
    role, sources, key_id, is_limited = account.role, account.sources, None, False
    if key is not None:
        key_id, is_limited = key.id, key.sources is not None
        role = role if key.role.includes(role) else key.role
    if key is not None and key.sources is not None:
        role = Role.EDIT if role is Role.ADMIN else role
        sources = key.sources if sources is None else tuple(sorted(set(sources) & set(key.sources)))
    if role is Role.ADMIN:
        return Principal(role, EVERYTHING, account, key_id)
    albums = list_visible(database, account.id)
    shared = () if is_limited else albums.shared
    rights = Rights(sources, tuple(sorted(albums.own + shared)), shared)
    return Principal(role, rights, account, key_id, is_limited=is_limited)
