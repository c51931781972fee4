"""The server that a client talks to, and how long it waits for it."""

import math
import re
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from search.errors import UsageError

# Seconds.
DEFAULT_TIMEOUT, DEFAULT_DEADLINE = 60.0, 60.0
MAX_SECONDS = 24 * 3600.0
_KEY = re.compile(r"[!-~]+")


@dataclass(frozen=True)
class Target:
    """A server, and how long a client waits for it.

    Attributes:
        url: The address of the server, without a final slash.
        key: The API key, if the server needs one.
        timeout: Seconds without any data after which a request is given up.
        deadline: Seconds after which a request that failed is not repeated.
    """

    url: str
    key: str | None = field(default=None, repr=False)
    timeout: float = DEFAULT_TIMEOUT
    deadline: float = DEFAULT_DEADLINE

    @property
    def headers(self) -> dict[str, str]:
        """The headers of every request."""
        return {"Authorization": f"Bearer {self.key}"} if self.key else {}


def make_target(url: str, key: str | None, timeout: float, deadline: float) -> Target:
    """Check the arguments of a client.

    Raises:
        UsageError: An argument is not valid. The key is not part of the message.
    """
    # Spaces around a key are those of the file that it was read from.
    key = key.strip() if key else None
    if key and not _KEY.fullmatch(key):
        raise UsageError("The key is not valid: it contains spaces or characters that are not ASCII. Copy it again.")
    for name, seconds in (("timeout", timeout), ("deadline", deadline)):
        if not (math.isfinite(seconds) and 0 < seconds <= MAX_SECONDS):
            raise UsageError(f"{name}: must be more than 0 and at most {MAX_SECONDS:.0f} seconds, not {seconds}")
    return Target(_check_url(url), key or None, timeout, deadline)


def _check_url(url: str) -> str:
    """Return the address of a server without spaces around it and without a final slash."""
    url = url.strip()
    reason = _explain(url)
    if reason is not None:
        shown = re.sub(r"//[^/@]*@", "//", url)
        raise UsageError(f"{shown!r} is not the address of a server: {reason}")
    return url.rstrip("/")


def _explain(url: str) -> str | None:
    """Return why an address cannot be that of a server; None if it can be."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        return f"{error}."
    return _explain_parts(parts)


def _explain_parts(parts: SplitResult) -> str | None:
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return "write it as http://HOST:PORT or https://HOST."
    if parts.username is not None or parts.password is not None:
        return "it contains a user or a password. Pass a key instead."
    if parts.query or parts.fragment:
        return "remove what follows the path."
    return None
