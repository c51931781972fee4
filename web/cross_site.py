"""Requests that pages of other sites cause in the browser of a user, which protects against cross-site attacks."""

from urllib.parse import urlsplit

from flask import Flask, request

from web.contract.operation import API_PREFIX
from web.hosts import normalize
from web.http_errors import ForeignSiteError

# Values of `Sec-Fetch-Site` for requests that come from other sites.
FOREIGN_SITES = {"cross-site", "same-site"}
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
# A link to a page, and not an image, a script or a frame of another site.
LINK = ("navigate", "document")
DEFAULT_PORTS = {"http": 80, "https": 443}


def register(app: Flask) -> None:
    """Refuse requests of other sites that change something, and those that read from the API, except by a link."""

    @app.before_request
    def _refuse_other_sites() -> None:
        is_foreign = request.headers.get("Sec-Fetch-Site") in FOREIGN_SITES
        if request.method in SAFE_METHODS:
            if is_foreign and request.path.startswith(API_PREFIX) and not _is_link():
                raise ForeignSiteError("Pages of other sites may link to this server, but not read from it.")
            return
        if is_foreign:
            raise ForeignSiteError("Requests from pages of other sites are not allowed")
        origin = request.headers.get("Origin")
        if origin is not None and not is_same_origin(origin, request.host_url):
            raise ForeignSiteError(
                f"Requests from pages of other sites are not allowed: the page is of {origin[:200]}, and the server at "
                f"{request.host_url.rstrip('/')}. Behind a proxy, set `trusted_proxies` to its address."
            )


def is_same_origin(first: str, second: str) -> bool:
    """Return whether two addresses have the same scheme, host and port; False if one is not valid, such as `null`."""
    origin = _parse_origin(first)
    return origin is not None and origin == _parse_origin(second)


def _is_link() -> bool:
    return (request.headers.get("Sec-Fetch-Mode"), request.headers.get("Sec-Fetch-Dest")) == LINK


def _parse_origin(address: str) -> tuple[str, str, int] | None:
    try:
        parts = urlsplit(address)
        port = parts.port or DEFAULT_PORTS[parts.scheme]
    except (ValueError, KeyError):
        return None
    return (parts.scheme, normalize(parts.netloc), port) if parts.hostname else None
