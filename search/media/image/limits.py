"""The limit on the size of decoded images."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from search.errors import MediaLimitError

# A header may state any size. A decoded image needs 3 bytes per pixel: 400 megapixels need 1.2 GB.
MAX_PIXELS = 400_000_000
_max_pixels: ContextVar[int] = ContextVar("max_pixels", default=MAX_PIXELS)


@contextmanager
def limit_pixels(max_pixels: int) -> Iterator[None]:
    """Refuse images with more pixels for a `with` block."""
    token = _max_pixels.set(max_pixels)
    try:
        yield
    finally:
        _max_pixels.reset(token)


def require_decodable(width: int, height: int) -> None:
    """Raise MediaLimitError if an image has more pixels than the limit."""
    limit = _max_pixels.get()
    if width * height > limit:
        raise MediaLimitError(f"{width} x {height} pixels are more than the limit of {limit / 10**6:g} megapixels")
