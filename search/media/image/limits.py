"""The largest image that is decoded."""

from search.errors import UnreadableMediaError

# A header may claim any size, and decoding costs 3 bytes a pixel: 400 megapixels take 1.2 GB.
MAX_PIXELS = 400_000_000


def require_decodable(width: int, height: int) -> None:
    """Raise UnreadableMediaError for an image of more than `MAX_PIXELS` pixels."""
    if width * height > MAX_PIXELS:
        raise UnreadableMediaError(
            f"{width} x {height} pixels are more than the limit of {MAX_PIXELS // 10**6} megapixels"
        )
