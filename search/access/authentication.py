"""Who sends a request: sign-in with a password, and the principals of sessions, keys and links."""

from search.access.passwords import is_correct
from search.access.throttle import Throttle
from search.access.tokens import Token, TokenKind, hash_token, make_token
from search.admission import Admission
from search.errors import SignInError
from search.records import EVERYTHING, Account, ApiKey, Principal, Rights, Role
from search.storage.accounts import Accounts, Credentials
from search.storage.albums import list_visible
from search.storage.api_keys import ApiKeys
from search.storage.database import Database
from search.storage.sessions import DEFAULT_LIMITS, SessionLimits, Sessions
from search.storage.shares import Shares
from search.text.names import fold_name

WRONG = "The name or the password is wrong."
# Passwords that are checked, and that wait to be checked, at the same time: each check takes 64 MiB.
MAX_CHECKS, MAX_WAITING = 2, 6


class Authentication:
    """Finds out who sends a request. Thread-safe.

    Attributes:
        accounts: The accounts.
        limits: How long a session lasts.
    """

    def __init__(
        self, database: Database, limits: SessionLimits = DEFAULT_LIMITS, accounts: Accounts | None = None
    ) -> None:
        """Prepare the authentication.

        Args:
            database: The database of the catalog.
            limits: How long a session lasts.
            accounts: The accounts; None if everyone signs in with a password.
        """
        self.accounts = accounts or Accounts(database)
        self._keys = ApiKeys(database)
        self._sessions = Sessions(database)
        self._shares = Shares(database)
        self._database = database
        self.limits = limits
        self._checks = Admission("sign-ins", MAX_CHECKS, MAX_WAITING)
        self._throttle = Throttle()

    def check_password(self, name: str, password: str, client: str | None) -> Credentials:
        """Return the account with a name and a password, and the hash that was compared.

        Args:
            name: The name.
            password: The password.
            client: Whose wrong passwords count together; None for somebody who has signed in to the account, whom
                those of others do not concern.

        Raises:
            SignInError: The name or the password is wrong, or the account is disabled.
            ThrottleError: The client has sent too many wrong passwords.
            BusyError: Too many people sign in at the same time.
        """
        found = self.accounts.read_credentials(name)
        password_hash = found.password_hash if found is not None else None
        # With a new password, the wrong ones before no longer count.
        counted = f"{fold_name(name)} {password_hash}"
        if client is None:
            counted = client = f"session {counted}"
        self._throttle.check(counted, client)
        with self._checks.enter():
            self._throttle.begin(counted, client)
            is_right = is_correct(password, password_hash)
        if found is None or not is_right:
            raise SignInError(WRONG)
        self._throttle.succeed(counted, client)
        if found.account.is_disabled:
            raise SignInError("This account is disabled. Ask an admin.")
        return found

    def sign_in(self, account: Account, password_hash: str | None = None) -> Token:
        """Start a session of an account and return its token.

        Args:
            account: The account.
            password_hash: The hash that its password was compared with, if it was.

        Raises:
            SignInError: Just now, the account was deleted or disabled, or got a new password.
        """
        token = make_token(TokenKind.SESSION)
        if not self._sessions.add(account.id, token.hash, self.limits, password_hash):
            raise SignInError(WRONG)
        return token

    def sign_out(self, token: str) -> None:
        """End a session."""
        self._sessions.drop(hash_token(token))

    def sign_out_everywhere(self, account: Account) -> None:
        """End all sessions of an account."""
        self._sessions.drop_all(account.id)

    def make_principal(self, account: Account) -> Principal:
        """Return what an account may do."""
        return make_principal(self._database, account)

    def find_session(self, token: str) -> Principal | None:
        """Return who a session belongs to; None if it has ended."""
        account = self._sessions.find(hash_token(token), self.limits)
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
        return Principal(Role.VIEW, Rights((), albums, albums, includes_hidden=False), share_id=share.id)


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
    rights = Rights(sources, tuple(sorted(albums.own + shared)), shared, includes_hidden=role.includes(Role.EDIT))
    return Principal(role, rights, account, key_id, is_limited=is_limited)
