"""Compression of responses with Brotli (RFC 7932) or gzip. Home of brotli."""

import gzip
from collections.abc import Callable
from dataclasses import dataclass
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
# More than the number of static files, in each encoding.
MAX_ASSETS = 512


@dataclass(frozen=True)
class Encoding:
    """An encoding of bodies.

    Attributes:
        compress: Returns a body compressed at a level.
        answer_level: A fast level, for responses that are made once.
        asset_level: A slow level, for static files, which are compressed once and kept.
    """

    compress: Callable[[bytes, int], bytes]
    answer_level: int
    asset_level: int


def _compress_brotli(body: bytes, level: int) -> bytes:
    import brotli

    packed: bytes = brotli.compress(body, mode=brotli.MODE_TEXT, quality=level)
    return packed


# By their name in headers; of those that a client accepts equally, the first is used.
ENCODINGS = {
    "br": Encoding(_compress_brotli, 4, 11),
    "gzip": Encoding(lambda body, level: gzip.compress(body, level, mtime=0), 4, 9),
}


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
        name = _choose_encoding()
        if response.status_code == 304 or name is None:
            return response
        response.direct_passthrough = False
        body = response.get_data()
        if len(body) < MIN_BYTES:
            return response
        encoding = ENCODINGS[name]
        packed = _compress_asset(body, name) if is_asset else encoding.compress(body, encoding.answer_level)
        response.set_data(packed)
        response.headers["Content-Encoding"] = name
        if (etag := response.get_etag()[0]) is not None:
            response.set_etag(etag, weak=True)  # the same content in other bytes
        return response


@lru_cache(MAX_ASSETS)
def _compress_asset(body: bytes, name: str) -> bytes:
    return ENCODINGS[name].compress(body, ENCODINGS[name].asset_level)


def _choose_encoding() -> str | None:
    """Return the encoding that the client prefers; None if it accepts none."""
    accepted = {name: request.accept_encodings[name] for name in ENCODINGS}
    best = max(accepted, key=lambda name: accepted[name])
    return best if accepted[best] else None
