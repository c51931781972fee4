"""Compression of responses with gzip."""

import gzip
from functools import lru_cache

from flask import Flask, Response, request

TYPES = {
    "application/json",
    "application/problem+json",
    "application/x-subrip",
    "image/svg+xml",
    "text/css",
    "text/html",
    "text/javascript",
    "text/vtt",
}
# Smaller bodies fit into one packet.
MIN_BYTES = 1000
# Faster levels for responses that are made once; the static files are compressed once and kept.
ANSWER_LEVEL, ASSET_LEVEL = 4, 9
# More than the number of static files.
MAX_ASSETS = 256


def register(app: Flask) -> None:
    """Compress every text of the server for clients that accept it. Media files are sent as they are."""

    @app.after_request
    def _compress(response: Response) -> Response:
        if response.mimetype not in TYPES or "Content-Encoding" in response.headers:
            return response
        is_asset = request.endpoint == "pages.send_asset"
        if (response.direct_passthrough and not is_asset) or response.is_streamed != response.direct_passthrough:
            return response
        response.vary.add("Accept-Encoding")
        if response.status_code == 304 or not request.accept_encodings["gzip"]:
            return response
        response.direct_passthrough = False
        body = response.get_data()
        if len(body) < MIN_BYTES:
            return response
        response.set_data(_compress_asset(body) if is_asset else gzip.compress(body, ANSWER_LEVEL, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
        if (etag := response.get_etag()[0]) is not None:
            response.set_etag(etag, weak=True)  # the same content in other bytes
        return response


@lru_cache(MAX_ASSETS)
def _compress_asset(body: bytes) -> bytes:
    return gzip.compress(body, ASSET_LEVEL, mtime=0)
