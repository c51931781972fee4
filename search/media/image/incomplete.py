"""Decode what is left of WebP, HEIC and AVIF files whose end is missing.

Their decoders need a whole file. So the missing bytes are filled, with two values in turn: what is the same in both
images does not depend on the missing bytes. Decoders leave out the tiles of a HEIC file that are missing, without an
error. So such tiles are replaced by another one instead.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from search.errors import UnreadableMediaError
from search.media.image.damaged import MIN_DECODED_SHARE
from search.media.image.item_locations import list_extents, share_extent
from search.media.recording.boxes import iterate_boxes

# Decoders refuse some values. The first two that are decoded are compared.
FILLINGS = b"\0", b"\x55", b"\xff"
# The first boxes of images in the ISO container: HEIC and AVIF, JPEG XL, JPEG 2000.
FIRST_BOXES = {b"ftyp", b"JXL ", b"jP  "}
CONTENT_BOXES = {b"meta", b"mdat", b"jxlc", b"jxlp", b"jp2c"}
# WebP: the header of the file and of each chunk; the chunks that contain an image, and the header of extended files.
RIFF_BYTES, CHUNK_BYTES = 12, 8
IMAGE_CHUNKS, EXTENDED_CHUNK = {b"VP8 ", b"VP8L"}, b"VP8X"
# The flags of an extended file for EXIF and XMP, which are at its end.
METADATA_FLAGS = 0x08 | 0x04
# The decoder of WebP gives up if it uses up all bytes, and it uses up a filling more quickly than an image.
FILLING_FACTOR = 20


@dataclass(frozen=True)
class IncompleteFile:
    """A file whose end is missing.

    Attributes:
        body: What is left.
        size: The size of the whole file in bytes, as its header states it.
    """

    body: bytes
    size: int

    @property
    def reason(self) -> str:
        """Why the image cannot be decoded, for users."""
        share = len(self.body) / self.size
        return f"the file is incomplete: it has {share:.0%} of the bytes that its header states, too few to decode it"

    @property
    def has_enough(self) -> bool:
        """Whether enough is left to try. A damaged header may state any size."""
        return len(self.body) >= MIN_DECODED_SHARE * self.size

    def fill(self) -> Iterator[bytes]:
        """Yield whole files with different content in place of the missing bytes. A decoder may refuse some of them."""
        if self.body.startswith(b"RIFF"):
            yield from (_fill_webp(self.body, filling) for filling in FILLINGS)
            return
        replaced = _replace_tiles(self.body)
        if replaced is not None:
            yield replaced
        missing = self.size - len(self.body)
        yield from (self.body + filling * missing for filling in FILLINGS)


def find_incomplete(source: Path | bytes) -> IncompleteFile | None:
    """Return a file whose header states that more of it should follow; None for other files and formats.

    Args:
        source: The file, or its content.
    """
    with io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as stream:
        head = stream.read(RIFF_BYTES)
        if head[:4] == b"RIFF" and head[8:] == b"WEBP":
            stated = int.from_bytes(head[4:8], "little") + CHUNK_BYTES
        elif head[4:8] in FIRST_BOXES:
            # Other bytes after the last box may look like a box.
            boxes = (box for box in iterate_boxes(stream) if box.name in CONTENT_BOXES)
            stated = max((box.end for box in boxes), default=0)
        else:
            return None
        size = stream.seek(0, io.SEEK_END)
        stream.seek(0)
        return IncompleteFile(stream.read(), stated) if size < stated else None


def _replace_tiles(body: bytes) -> bytes | None:
    """Return a HEIC or AVIF file in which a tile that is there replaces those that are not; None without tiles."""
    changed, last = bytearray(body), None
    is_changed = False
    for extent in list_extents(body):
        if extent.start + extent.length <= len(body):
            last = last if is_changed else extent
        elif last is None or not share_extent(changed, extent, last):
            return None
        else:
            is_changed = True
    return bytes(changed) if is_changed else None


def _fill_webp(body: bytes, filling: bytes) -> bytes:
    """Return a WebP file that ends with its image. The sizes in it are adapted."""
    chunks, start = [], RIFF_BYTES
    while start + CHUNK_BYTES <= len(body):
        name, size = body[start : start + 4], int.from_bytes(body[start + 4 : start + CHUNK_BYTES], "little")
        content = body[start + CHUNK_BYTES : start + CHUNK_BYTES + size]
        if name == EXTENDED_CHUNK and content:
            content = bytes([content[0] & ~METADATA_FLAGS]) + content[1:]
        is_cut = name in IMAGE_CHUNKS and len(content) < size
        if is_cut:
            content += filling * (len(body) * FILLING_FACTOR)
        if is_cut or len(content) == size:
            chunks.append(name + len(content).to_bytes(4, "little") + content + b"\0" * (len(content) % 2))
        start += CHUNK_BYTES + size + size % 2
    joined = b"WEBP" + b"".join(chunks)
    return b"RIFF" + len(joined).to_bytes(4, "little") + joined


def cut_unknown(image: Image.Image, other: Image.Image) -> tuple[Image.Image, str]:
    """Cut off the side of an image that was decoded from a filling.

    Args:
        image: The image with one filling.
        other: The image with another.

    Returns:
        What was decoded, and the remark about it.

    Raises:
        UnreadableMediaError: Too little was decoded.
    """
    differs = (np.asarray(image) != np.asarray(other)).reshape(image.height, image.width, -1).any(2)
    if not differs.any():
        return image, "the file is incomplete, but the image could be decoded"
    rows, columns = np.flatnonzero(differs.any(1)), np.flatnonzero(differs.any(0))
    # The decoder may have turned the image.
    sides = (
        (0, 0, image.width, int(rows[0])),
        (0, int(rows[-1]) + 1, image.width, image.height),
        (0, 0, int(columns[0]), image.height),
        (int(columns[-1]) + 1, 0, image.width, image.height),
    )
    left, top, right, bottom = max(sides, key=lambda box: (box[2] - box[0]) * (box[3] - box[1]))
    share = (right - left) * (bottom - top) / (image.width * image.height)
    if share < MIN_DECODED_SHARE:
        raise UnreadableMediaError(f"the file is incomplete: only {share:.0%} of the image could be decoded")
    cropped = image.crop((left, top, right, bottom))
    cropped.info = image.info
    return cropped, f"the file is incomplete: {share:.0%} of the image could be decoded"
