"""Secret tokens of sessions, API keys, links and the first account. Only their hashes are stored."""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from search.storage.database import now

SECRET_BYTES = 32
# The longest time after which a key or a link can expire.
MAX_DAYS = 3650
# Characters of a key that are shown to recognize it.
PREFIX_LENGTH = 12


class TokenKind(StrEnum):
    """What a token is for. Tokens start with it, so that tools which look for leaked secrets can recognize them."""

    SESSION = "cms"
    KEY = "cmk"
    LINK = "cml"
    SETUP = "cmi"


@dataclass(frozen=True)
class Token:
    """A new token.

    Attributes:
        text: The token, which is shown once.
        hash: What is stored, 64 hexadecimal digits.
    """

    text: str
    hash: str

    @property
    def prefix(self) -> str:
        """The first characters, to recognize it."""
        return self.text[:PREFIX_LENGTH]


def make_token(kind: TokenKind) -> Token:
    """Return a new random token of 256 bits."""
    text = f"{kind}_{secrets.token_urlsafe(SECRET_BYTES)}"
    return Token(text, hash_token(text))


def expire_after(days: int | None) -> str | None:
    """Return when something expires that is created now, in UTC, ISO 8601; None if it does not."""
    return now(past=-timedelta(days=days)) if days is not None else None


def hash_token(text: str) -> str:
    """Return the SHA-256 of a token. A slow hash is for passwords: nobody can guess a token of 256 bits."""
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()


def find_kind(text: str) -> TokenKind | None:
    """Return what a token is for, by its start."""
    return next((kind for kind in TokenKind if text.startswith(f"{kind}_")), None)


def make_form_token(session_token: str) -> str:
    """Return the token that a page sends with changes, against cross-site request forgery.

    It is derived from the token of the session, which other sites cannot read, and does not reveal it.
    """
    return hashlib.sha256(f"form {session_token}".encode(errors="replace")).hexdigest()


def hide_tokens(text: str) -> str:
    """Return a text, such as a path for a log, with only the kind of each token in it."""
    return _TOKEN.sub(r"\1_…", text)


_TOKEN = re.compile(f"({'|'.join(TokenKind)})_[A-Za-z0-9_-]+")
