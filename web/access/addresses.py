"""Where a request comes from."""

from flask import request

from search.access.throttle import identify_network
from web.hosts import LOOPBACK_HOSTS, is_loopback, normalize

# A proxy adds at least one of these.
FORWARDING_HEADERS = (
    "Forwarded",
    "Via",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Forwarded-Prefix",
    "X-Real-IP",
    "CF-Connecting-IP",
    "True-Client-IP",
)


def get_address() -> str | None:
    """Return the address of the client of the current request."""
    return request.remote_addr


def get_network() -> str:
    """Return what counts as one client among those who sign in: the address of the current request, or its network."""
    return identify_network(get_address() or "")


def find_exposure() -> str | None:
    """Return why the current request may come from another machine; None if it comes from this one."""
    forwarded = next((name for name in FORWARDING_HEADERS if name in request.headers), None)
    if forwarded is not None:
        return f"it was forwarded by a proxy (`{forwarded}`)"
    if normalize(request.headers.get("Host", "")) not in LOOPBACK_HOSTS:
        return f"it is for the host {request.headers.get('Host', '')!r}"
    return None if is_loopback(request.remote_addr or "") else "it comes from another machine"
