"""The limit on the size of decoded images."""

from search.errors import UnreadableMediaError

# A header may state any size. A decoded image needs 3 bytes per pixel: 400 megapixels need 1.2 GB.
MAX_PIXELS = 400_000_000


def require_decodable(width: int, height: int) -> None:
    """Raise UnreadableMediaError if an image has more than `MAX_PIXELS` pixels."""
    if width * height > MAX_PIXELS:
        raise UnreadableMediaError(
            f"{width} x {height} pixels are more than the limit of {MAX_PIXELS // 10**6} megapixels"
        )
