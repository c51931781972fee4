"""How long a client must wait for the next password to be checked.

A wait follows only from the client's own wrong passwords. Those of others make it longer, but never begin it: nobody
can be kept out by somebody else who guesses. OWASP, "Authentication Cheat Sheet", and NIST SP 800-63B-4, section 3.2.2.
"""

import ipaddress
import math
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass

from search.errors import ThrottleError

# Wrong passwords for one name, by all clients together, after which each of them waits as `ATTACKED` says.
MAX_ATTEMPTS_FOR_NAME = 100
# Wrong passwords are forgotten after a day without a further one.
MEMORY_SECONDS = 24 * 60 * 60
# Only the newest are remembered.
MAX_REMEMBERED = 50_000
# The network of one customer: within it, addresses cost nothing.
IPV6_PREFIX = 64


@dataclass(frozen=True)
class Patience:
    """How many wrong passwords are free, and how long a client waits after each further one.

    Attributes:
        free: Wrong passwords without a wait.
        first: The first wait in seconds; each further one is twice as long.
        longest: The longest wait in seconds.
    """

    free: int
    first: int
    longest: int

    def compute_wait(self, failures: int) -> int:
        """Return the seconds to wait after a number of wrong passwords."""
        over = failures - self.free
        return min(self.first << min(over - 1, 20), self.longest) if over > 0 else 0


# One client with one name; the same while the name is attacked; one client with all names.
USUAL, ATTACKED, ANY_NAME = Patience(5, 1, 900), Patience(0, 60, 900), Patience(20, 1, 60)


@dataclass(frozen=True)
class _Failures:
    count: int = 0
    last: float = 0.0


class Throttle:
    """Counts wrong passwords, in the memory of the process. Thread-safe."""

    def __init__(self) -> None:
        self._failures: OrderedDict[tuple[str, str], _Failures] = OrderedDict()
        self._lock = threading.Lock()

    def check(self, name: str, client: str) -> None:
        """Check that a client need not wait.

        Args:
            name: Who it wants to be.
            client: The client, from `identify_network`.

        Raises:
            ThrottleError: It must wait.
        """
        with self._lock:
            self._check(name, client)

    def begin(self, name: str, client: str) -> None:
        """Count a password before it is checked, so that many at once are not checked for free. See `check`."""
        with self._lock:
            self._check(name, client)
            for key in _list_keys(name, client):
                self._store(key, _Failures(self._get(key).count + 1, time.monotonic()))

    def succeed(self, name: str, client: str) -> None:
        """Forget what a client did wrong before it sent the right password."""
        own, *shared = _list_keys(name, client)
        with self._lock:
            self._store(own, _Failures())
            for key in shared:
                found = self._get(key)
                self._store(key, _Failures(found.count - 1, found.last))

    def _check(self, name: str, client: str) -> None:
        own, by_client, by_name = map(self._get, _list_keys(name, client))
        waits = [own.last + USUAL.compute_wait(own.count), by_client.last + ANY_NAME.compute_wait(by_client.count)]
        if by_name.count >= MAX_ATTEMPTS_FOR_NAME:
            waits.append(own.last + ATTACKED.compute_wait(own.count))
        seconds = math.ceil(max(waits) - time.monotonic())
        if seconds > 0:
            unit = "second" if seconds == 1 else "seconds"
            raise ThrottleError(f"Too many wrong passwords. Try again in {seconds} {unit}.", seconds)

    def _get(self, key: tuple[str, str]) -> _Failures:
        found = self._failures.get(key, _Failures())
        return found if found.last + MEMORY_SECONDS > time.monotonic() else _Failures()

    def _store(self, key: tuple[str, str], failures: _Failures) -> None:
        self._failures.pop(key, None)
        if failures.count > 0:
            self._failures[key] = failures
        if len(self._failures) > MAX_REMEMBERED:
            self._failures.popitem(last=False)


def _list_keys(name: str, client: str) -> tuple[tuple[str, str], ...]:
    """Return the keys of what is counted for a client with a name, a client, and a name."""
    return (name, client), ("", client), (name, "")


def identify_network(address: str) -> str:
    """Return what is counted as one client: an IPv4 address, or the network of an IPv6 address."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        mapped = parsed.ipv4_mapped
        return str(mapped or ipaddress.ip_network((int(parsed), IPV6_PREFIX), strict=False))
    return address
