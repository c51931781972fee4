"""Passwords, stored as Argon2id hashes (RFC 9106). Home of argon2."""

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from search.errors import UsageError

if TYPE_CHECKING:
    from argon2 import PasswordHasher

# NIST SP 800-63B-4: length matters, rules about kinds of characters do not.
MIN_LENGTH, MAX_LENGTH = 10, 1_000
# Distinct characters, so that "aaaaaaaaaaaa" is refused.
MIN_DISTINCT = 4
# The second recommended option of RFC 9106, section 4: 64 MiB of memory in each check. The unit tests use less.
COST: Mapping[str, Any] = {"time_cost": 3, "memory_cost": 64 * 1024, "parallelism": 4}


def hash_password(password: str) -> str:
    """Return the hash of a password to store, with its salt and parameters."""
    return _get_hasher().hash(password)


def is_correct(password: str, stored: str | None) -> bool:
    """Return whether a password has a stored hash. Without a stored hash it takes as long, and is never correct."""
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        return _get_hasher().verify(stored or _get_decoy(), password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def check_password(password: str, name: str) -> None:
    """Raise UsageError if a new password is too weak.

    Args:
        password: The password.
        name: The name of the account, which the password must not be made of.
    """
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise UsageError(f"password: must have {MIN_LENGTH} to {MAX_LENGTH} characters, not {len(password)}")
    rest = password.casefold().replace(name.casefold(), "")
    if len(set(rest)) < MIN_DISTINCT:
        raise UsageError("password: is too easy to guess; use several words that do not belong together")


@cache
def _get_hasher() -> "PasswordHasher":
    from argon2 import PasswordHasher

    return PasswordHasher(**COST)


@cache
def _get_decoy() -> str:
    """Return the hash of a random text, to check against when an account does not exist or has no password."""
    import secrets

    return _get_hasher().hash(secrets.token_hex())
