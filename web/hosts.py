"""The host names that the server answers to, which protects against DNS rebinding.

Another site cannot reach this server under its own host name. An address is always answered: a browser sends it only
when it is in the address of the page. Werkzeug's own check does not support IPv6.
"""

import ipaddress

LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")


def is_trusted(host: str, trusted: frozenset[str]) -> bool:
    """Return whether a server answers to the value of a `Host` header.

    Args:
        host: The header, with or without a port.
        trusted: Results of `normalize`.
    """
    name = normalize(host)
    return name in trusted or is_address(name)


def is_address(name: str) -> bool:
    """Return whether a host name is an IPv4 or IPv6 address."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def normalize(host: str) -> str:
    """Return a host name in lower case, without port, brackets and final dot.

    Args:
        host: A name or an address, as in a `Host` header or in the settings.
    """
    name = host.strip().lower()
    if name.startswith("["):
        address, _, port = name[1:].partition("]")
        return address if port[:1] in {"", ":"} else name
    return name if name.count(":") > 1 else name.partition(":")[0].removesuffix(".")


def is_loopback(host: str) -> bool:
    """Return whether a host name or an address is this machine for itself."""
    return host == "localhost" or (is_address(host) and ipaddress.ip_address(host).is_loopback)
