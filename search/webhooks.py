"""The addresses of webhooks, the hosts that they may be sent to, and their signatures."""

import base64
import hmac
import ipaddress
import secrets
from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

SECRET_PREFIX, SECRET_BYTES = "whsec_", 24
LOOPBACK_NETWORKS = ("127.0.0.0/8", "::1/128")
# A gateway of such a network sends to the IPv4 address in the last 32 bits.
TRANSLATED = ipaddress.ip_network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def split_address(address: str) -> SplitResult:
    """Return the parts of the address of a webhook.

    Raises:
        ValueError: It is not an http or https address, or its host or port is not valid. The message says what is
            wrong.
    """
    if any(character.isspace() or not character.isprintable() for character in address):
        raise ValueError("it contains a space or a control character")
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("it is not an http or https address")
    if parts.port == 0:  # this raises ValueError if the port is not a number up to 65535
        raise ValueError("the port is 0")
    try:
        parts.hostname.encode("idna")
    except UnicodeError as error:
        raise ValueError("the host name is not valid") from error
    return parts


class WebhookHosts:
    """The hosts that webhooks may be sent to.

    A name is allowed if it is listed, or matches a listed `*.name`. An address that is not a public one (loopback,
    private and link-local networks, of which a cloud machine reads its credentials) must be listed itself, whatever
    name leads to it; `localhost` lists those of loopback.
    """

    def __init__(self, listed: Iterable[str]) -> None:
        """Create the set.

        Args:
            listed: Names, `*.names`, addresses and networks.
        """
        self._names: set[str] = set()
        self._networks: list[Network] = []
        for entry in listed:
            try:
                self._networks.append(ipaddress.ip_network(entry.strip("[]")))
            except ValueError:
                self._names.add(entry.lower().removesuffix("."))
        if "localhost" in self._names:
            self._networks += map(ipaddress.ip_network, LOOPBACK_NETWORKS)

    def allows_name(self, host: str) -> bool:
        """Return whether a webhook may be sent to a host, as far as its name or address says."""
        address = parse_address(host)
        if address is not None:
            return self._lists(address)
        labels = host.lower().removesuffix(".").split(".")
        parents = {f"*.{'.'.join(labels[count:])}" for count in range(1, len(labels))}
        return not self._names.isdisjoint({".".join(labels), *parents})

    def allows_address(self, text: str) -> bool:
        """Return whether a webhook with an allowed name may be sent to an address that its name leads to."""
        address = parse_address(text)
        return address is not None and (is_public(address) or self._lists(address))

    def _lists(self, address: Address) -> bool:
        return any(address in network for network in self._networks)


def parse_address(text: str) -> Address | None:
    """Return an IP address, an IPv4 address inside an IPv6 address as such; None for anything else."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address):
        translated = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF) if address in TRANSLATED else None
        return address.ipv4_mapped or address.sixtofour or translated or address
    return address


def is_public(address: Address) -> bool:
    """Return whether an address is one of a host on the public internet."""
    return address.is_global and not address.is_multicast and not address.is_reserved


def make_secret() -> str:
    """Return a new secret for signing: `whsec_` and 24 random bytes in base64."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def sign_message(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """Return the signature of a message, the value of `webhook-signature` of Standard Webhooks (standardwebhooks.com).

    Args:
        secret: The result of `make_secret`.
        message_id: The value of `webhook-id`.
        timestamp: The value of `webhook-timestamp`, in seconds since 1970.
        body: The body.
    """
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    digest = hmac.digest(key, b"%s.%d.%s" % (message_id.encode(), timestamp, body), "sha256")
    return f"v1,{base64.b64encode(digest).decode()}"
