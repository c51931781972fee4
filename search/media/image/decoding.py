"""Decode one image of an open file, and what is left of a damaged file."""

import contextlib
import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import ExifTags, Image, UnidentifiedImageError

from search.errors import UnreadableMediaError
from search.media.image.color import read_coding
from search.media.image.damaged import (
    MIN_DECODED_SHARE,
    crop_decoded,
    describe_damage,
    drop_texts,
    is_bottom_up,
    tolerate_damage,
)
from search.media.image.exif import SIDEWAYS, read_metadata
from search.media.image.flatten import flatten, is_deep_color
from search.media.image.incomplete import IncompleteFile, cut_unknown, find_incomplete
from search.media.image.limits import require_decodable
from search.media.image.raw import is_raw
from search.media.image.tiff_arrays import is_misread, open_tiff_array
from search.media.image.turn import TURNS
from search.records import MediaFacts

# Decoders raise many types on damaged input; each means that the file cannot be read.
DECODE_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    ArithmeticError,
    IndexError,
    KeyError,
    TypeError,
    AttributeError,
    RuntimeError,
    MemoryError,
)
FAILURES = (Image.DecompressionBombError, *DECODE_ERRORS)


@dataclass(frozen=True)
class Picture:
    """One of the images of a file.

    Attributes:
        index: The index of the page or frame from 0.
        image: The image, RGB and upright.
        facts: Its metadata, with the full size.
        remark: What could not be decoded, for users; None if everything was.
    """

    index: int
    image: Image.Image
    facts: MediaFacts
    remark: str | None = None


def rescue_image(source: Path | bytes, side: int | None, error: Exception) -> Picture:
    """Decode what is left of the first image of a damaged file.

    Args:
        source: The file, or its content.
        side: As in `open_image`.
        error: The error that decoding raised.

    Raises:
        UnreadableMediaError: Too little is left.
    """
    if isinstance(error, UnidentifiedImageError):
        reason = "unrecognized image format"
    else:
        # The messages of libheif have line breaks.
        reason = f"damaged image: {' '.join(str(error).split()) or type(error).__name__}"
    if not isinstance(error, MemoryError) and getattr(error, "errno", None) is None and not is_raw(source):
        incomplete = find_incomplete(source)
        if incomplete is not None:
            return _rescue_incomplete(incomplete, side, error)
        if "MAX_TEXT_MEMORY" in str(error):
            source = drop_texts(source if isinstance(source, bytes) else source.read_bytes())
        with contextlib.suppress(*FAILURES), tolerate_damage(), open_file(source) as image:
            from_bottom = is_bottom_up(image)
            return decode_picture(image, side, lambda loaded: _cut_missing(loaded, error, from_bottom))
    raise UnreadableMediaError(reason) from error


def _rescue_incomplete(file: IncompleteFile, side: int | None, error: Exception) -> Picture:
    """Decode what is left of a file whose end is missing.

    Raises:
        UnreadableMediaError: Too little is left.
    """
    decodable: list[bytes] = []
    for body in file.fill() if file.has_enough else ():
        with contextlib.suppress(*FAILURES), open_file(body) as image:
            require_decodable(*image.size)
            image.load()
            decodable.append(body)
        if len(decodable) == 2:
            with open_file(decodable[0]) as first, open_file(decodable[1]) as second:
                second.load()
                return decode_picture(first, side, lambda loaded: cut_unknown(loaded, second))
    raise UnreadableMediaError(file.reason) from error


def open_file(source: Path | bytes) -> Image.Image:
    """Open an image file with Pillow, without decoding it."""
    try:
        image = Image.open(io.BytesIO(source) if isinstance(source, bytes) else source)
    except UnidentifiedImageError:
        array = open_tiff_array(source)
        if array is None:
            raise
        return array
    return (open_tiff_array(source) if is_misread(image) else None) or image


def decode_picture(
    image: Image.Image, side: int | None, cut: Callable[[Image.Image], tuple[Image.Image, str]] | None = None
) -> Picture:
    """Decode the current page or frame of an open file.

    Args:
        image: The open file.
        side: As in `open_image`.
        cut: Cuts off what is missing of the image of a damaged file, and returns the remark about it.

    Raises:
        UnreadableMediaError: The image is too large, or too little of it is left.
    """
    width, height = image.size
    require_decodable(width, height)
    coding, is_deep = read_coding(image), is_deep_color(image)
    facts = read_metadata(image)  # decodes and closes a PNG file, whose EXIF data can be at its end
    if side is not None:
        image.draft("RGB", (side, side))
    image.load()  # the file is closed before the image is used
    decoded, remark = (image, None) if cut is None else cut(image)
    # TIFF files are upright after loading; their EXIF data has no orientation then.
    turn = TURNS.get(image.getexif().get(ExifTags.Base.Orientation, 1)) if facts.orientation else None
    upright = decoded if turn is None else decoded.transpose(turn)
    flat = flatten(upright, coding, side, is_deep)
    if flat is image and getattr(image, "n_frames", 1) > 1:
        flat = image.copy()  # seeking to the next frame overwrites the image
    if facts.orientation in SIDEWAYS and image.format != "TIFF":
        width, height = height, width
    return Picture(image.tell(), flat, replace(facts, width=width, height=height), remark)


def _cut_missing(image: Image.Image, damage: Exception, from_bottom: bool) -> tuple[Image.Image, str]:
    """Return the rows of a damaged image that were decoded, and the remark about it. Raises UnreadableMediaError."""
    decoded, share = crop_decoded(image, from_bottom)
    if not share:
        raise damage
    if share < MIN_DECODED_SHARE:
        raise UnreadableMediaError(f"damaged image: only {share:.0%} of it could be decoded")
    return decoded, describe_damage(damage, share)
