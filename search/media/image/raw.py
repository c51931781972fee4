"""Decode camera raw files. Home of rawpy."""

import io
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from search.errors import UnreadableMediaError
from search.media.image.exif import SIDEWAYS, read_header, read_metadata
from search.media.image.flatten import flatten
from search.media.image.turn import TURNS
from search.records import MediaFacts

if TYPE_CHECKING:
    from rawpy import RawPy

# fmt: off
RAW_SUFFIXES = frozenset((
    ".dng", ".cr2", ".cr3", ".crw", ".nef", ".nrw", ".arw", ".srf", ".sr2", ".raf",
    ".orf", ".rw2", ".pef", ".srw", ".3fr", ".erf", ".kdc", ".mrw", ".x3f", ".iiq",
))
# fmt: on
# The first bytes of the raw formats that are not based on TIFF.
SIGNATURES = (b"FUJIFILMCCD-RAW", b"FOVb", b"IIU\0", b"IIRO", b"IIRS", b"\0MRM")
# The metadata is read from this many bytes at the start of a raw file.
MAX_HEADER_BYTES = 4 * 2**20
# The orientations of LibRaw as EXIF orientations.
ORIENTATIONS = {0: 1, 3: 3, 5: 8, 6: 6}


def is_raw(source: Path | bytes) -> bool:
    """Return whether a file is a camera raw file, by its suffix; for content without a name, by its first bytes."""
    if isinstance(source, Path):
        return source.suffix.lower() in RAW_SUFFIXES
    return source.startswith(SIGNATURES) or source[4:12] == b"ftypcrx " or source[8:10] == b"CR"


def open_raw(source: Path | bytes, side: int | None) -> tuple[Image.Image, MediaFacts]:
    """Decode a raw file upright as RGB. Use the embedded preview if it is large enough; otherwise develop the image.

    Args:
        source: The file, or its content.
        side: The required length of the shorter side in pixels; None for the full size.

    Returns:
        The image and its metadata.

    Raises:
        UnreadableMediaError: The file is damaged, or its camera is not supported.
    """
    import rawpy

    stream = io.BytesIO(source) if isinstance(source, bytes) else str(source)
    try:
        with rawpy.imread(stream) as raw:
            flip, width, height = raw.sizes.flip, raw.sizes.width, raw.sizes.height
            image, facts = _read_preview(raw, side)
            if image is None:
                half = side is not None and min(width, height) >= 2 * side
                image = Image.fromarray(raw.postprocess(half_size=half, use_camera_wb=True, user_flip=0))
    except rawpy.LibRawError as error:
        reason = error.args[0].decode() if error.args and isinstance(error.args[0], bytes) else str(error)
        raise UnreadableMediaError(f"damaged raw file, or unsupported camera: {reason}") from error
    facts = facts or read_header(_read_header_bytes(source))
    orientation = ORIENTATIONS.get(flip)
    if orientation in TURNS:
        image = image.transpose(TURNS[orientation])
    if orientation in SIDEWAYS:
        width, height = height, width
    known = {name: value for name, value in vars(facts).items() if name not in {"width", "height", "orientation"}}
    return image.convert("RGB"), MediaFacts(**known, width=width, height=height, orientation=orientation)


def _read_preview(raw: "RawPy", side: int | None) -> tuple[Image.Image | None, MediaFacts | None]:
    """Return the embedded JPEG and its metadata.

    The image is None if it is missing or its shorter side is smaller than `side`. The metadata is None if it has no
    date.
    """
    import rawpy

    try:
        preview = raw.extract_thumb()
    except (rawpy.LibRawNoThumbnailError, rawpy.LibRawUnsupportedThumbnailError):
        return None, None
    if preview.format != rawpy.ThumbFormat.JPEG:
        return None, None
    with Image.open(io.BytesIO(bytes(preview.data))) as image:
        facts = read_metadata(image)
        if side is None or min(image.size) < side:
            return None, facts if facts.captured_at else None
        image.draft("RGB", (side, side))
        image.load()
        return flatten(image, None, side, is_deep=False), facts if facts.captured_at else None


def _read_header_bytes(source: Path | bytes) -> bytes:
    if isinstance(source, bytes):
        return source[:MAX_HEADER_BYTES]
    with source.open("rb") as stream:
        return stream.read(MAX_HEADER_BYTES)
