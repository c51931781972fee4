"""The server that runs on a home, as commands on the same machine find it.

A server writes its address and a new token to a file in the home that only its owner can read, and removes it at the
end. Who can read the file can read the catalog, so the token allows everything. This module is imported by commands
that must start quickly: it needs nothing but the standard library.
"""

import json
import os
import secrets
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

FILE_NAME = "server.json"
# Tokens start with this, as other tokens start with their kind.
TOKEN_PREFIX = "cmo"  # noqa: S105 - the kind of a token
PRIVATE_FILE = 0o600
# How long a command waits for a server that does not accept the connection; then it opens the library.
CONNECT_TIMEOUT_SECONDS, ANSWER_TIMEOUT_SECONDS = 1.0, 60.0


@dataclass(frozen=True)
class RunningServer:
    """A server that runs on a home.

    Attributes:
        host: The host to connect to, one of this machine.
        port: The port.
        token: Allows everything that the owner of the home may do.
        pid: The process of the server.
    """

    host: str
    port: int
    token: str
    pid: int

    @property
    def url(self) -> str:
        """The address of the server."""
        return f"http://[{self.host}]:{self.port}" if ":" in self.host else f"http://{self.host}:{self.port}"

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> "ServerResponse | None":
        """Send a request; return None if the server cannot be reached, or something else answers."""
        import http.client

        connection = http.client.HTTPConnection(self.host, self.port, timeout=CONNECT_TIMEOUT_SECONDS)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        try:
            connection.connect()
            connection.sock.settimeout(ANSWER_TIMEOUT_SECONDS)
            connection.request(method, path, None if body is None else json.dumps(body).encode(), headers)
            response = connection.getresponse()
            return ServerResponse(response.status, json.loads(response.read()))
        except (OSError, http.client.HTTPException, ValueError):
            return None
        finally:
            connection.close()


@dataclass(frozen=True)
class ServerResponse:
    """A response of a running server: the status and the JSON document."""

    status: int
    document: dict[str, Any]


def make_owner_token() -> str:
    """Return a new random token."""
    return f"{TOKEN_PREFIX}_{secrets.token_urlsafe(32)}"


@contextmanager
def announce(home: Path, server: RunningServer) -> Iterator[None]:
    """Let commands on this machine find a server during a `with` block. Without a writable home they do not."""
    path, partial = home / FILE_NAME, home / f".{FILE_NAME}.{server.pid}"
    with suppress(OSError):
        partial.unlink(missing_ok=True)
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            json.dump(asdict(server), stream)
        partial.replace(path)
    try:
        yield
    finally:
        found = _read(path)
        if found is not None and found.token == server.token:  # not that of a server that started later
            with suppress(OSError):
                path.unlink()


def find_running_server(home: Path) -> RunningServer | None:
    """Return the server that runs on a home; None if there is none, or its file cannot be trusted."""
    path = home / FILE_NAME
    try:
        facts = path.lstat()
    except OSError:
        return None
    if hasattr(os, "getuid") and (facts.st_uid != os.getuid() or stat.S_IMODE(facts.st_mode) & 0o077):
        return None
    found = _read(path)
    return found if found is not None and _is_running(found.pid) else None


def _read(path: Path) -> RunningServer | None:
    try:
        found = RunningServer(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    types = (str, int, str, int)
    values = (found.host, found.port, found.token, found.pid)
    return found if all(isinstance(value, kind) for value, kind in zip(values, types, strict=True)) else None


def _is_running(pid: int) -> bool:
    """Return whether a process exists; the file of a server that was killed stays."""
    if os.name == "nt":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return False
    return pid > 0
