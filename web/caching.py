"""What clients may cache: everything of the API is private, and is sent again only if it has changed."""

import zlib
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

from flask import Flask, Response, make_response, request

from search import __version__
from search.open_home import OpenHome
from web.access.caller import get_principal
from web.contract.operation import API_PREFIX, JSON
from web.locations import get_location_precision

P = ParamSpec("P")


def register(app: Flask) -> None:
    """Keep responses of the API out of shared caches, and let clients revalidate JSON by a hash of its content."""

    @app.after_request
    def _set_rules(response: Response) -> Response:
        if not request.path.startswith(API_PREFIX):
            return response
        if "Cache-Control" not in response.headers:
            response.cache_control.no_cache = True
        response.cache_control.public = False
        response.cache_control.private = True
        is_read = request.method in {"GET", "HEAD"} and response.status_code == 200
        if is_read and response.mimetype == JSON and not response.is_streamed and "ETag" not in response.headers:
            response.add_etag(weak=True)
            response.make_conditional(request)
        return response


def keyed_by_revision(library: OpenHome) -> Callable[[Callable[P, Any]], Callable[P, Response]]:
    """Return a decorator for views whose response changes only with the revision of the catalog.

    A client that has the current response gets status 304, and the view is not called.
    """

    def decorate(view: Callable[P, Any]) -> Callable[P, Response]:
        @wraps(view)
        def answer(*args: P.args, **kwargs: P.kwargs) -> Response:
            etag = _make_etag(library)
            is_current = request.if_none_match.contains_weak(etag)
            response = Response(status=304) if is_current else make_response(view(*args, **kwargs))
            response.set_etag(etag, weak=True)
            return response

        return answer

    return decorate


def _make_etag(library: OpenHome) -> str:
    """Return a value that changes with the library, the version, the requested form, and what the caller may see."""
    # A restored catalog can repeat a revision, but is another file.
    file = library.home.catalog.stat().st_ino
    accepted = request.headers.get("Accept", ""), request.headers.get("Accept-Language", "")
    form = zlib.crc32(" ".join(accepted).encode())
    caller = zlib.crc32(f"{get_principal().identity} {get_location_precision()}".encode())
    return f"{library.catalog.read_revision():x}-{file:x}-{form:x}-{caller:x}-{__version__}"
