"""The host names that the server answers to, which protects against DNS rebinding.

Another site cannot reach a loopback server under its own host name. Werkzeug's own check does not support IPv6.
"""

LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")


def is_trusted(host: str, trusted: frozenset[str]) -> bool:
    """Return whether a server answers to the value of a `Host` header.

    Args:
        host: The header, with or without a port.
        trusted: Results of `normalize`.
    """
    return normalize(host) in trusted


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
