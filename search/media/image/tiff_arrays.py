"""Read TIFF files with kinds of numbers that Pillow does not read, or reads wrongly: colors as floats, 64 bits."""

import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, TiffImagePlugin

from search.media.image.limits import require_decodable

WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = 256, 257, 258, 259, 262
STRIP_OFFSETS, SAMPLES, ROWS_PER_STRIP, STRIP_SIZES, PLANAR = 273, 277, 278, 279, 284
PREDICTOR, TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_SIZES, FORMAT, PROFILE = 317, 322, 323, 324, 325, 339, 34675
# The tags that are kept as EXIF data: description, maker, model, orientation, date and artist.
EXIF_TAGS = (270, 271, 272, 274, 306, 315)
SIGNATURES = (b"II*\0", b"MM\0*")
UNCOMPRESSED, DEFLATE = 1, {8, 32946}
HORIZONTAL, FLOATING = 2, 3
SEPARATE, RGB = 2, 2
KINDS = {1: "u", 2: "i", 3: "f", 6: "c"}
# The maximum size of the numbers of an image in bytes.
MAX_BYTES = 2**29
CLIPPED_PERCENT = 99.9

Numbers = npt.NDArray[Any]


def is_misread(image: Image.Image) -> bool:
    """Return whether Pillow opens a file but decodes it wrongly: separate planes of more than 8 bits."""
    tags: Any = getattr(image, "tag_v2", {})
    return image.format == "TIFF" and tags.get(PLANAR) == SEPARATE and max(tags.get(BITS, (8,))) > 8


def open_tiff_array(source: Path | bytes) -> Image.Image | None:
    """Return the first page of a TIFF file as RGB or gray; None for another file, or an unknown kind of numbers."""
    with io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as stream:
        header = stream.read(16)
        if not header.startswith(SIGNATURES):
            return None
        tags = TiffImagePlugin.ImageFileDirectory_v2(header[:8])
        stream.seek(tags.next)
        tags.load(stream)
        numbers = _read_numbers(stream, tags)
    if numbers is None:
        return None
    if np.iscomplexobj(numbers):
        numbers = np.abs(numbers)
    image = _make_image(numbers, tags.get(PHOTOMETRIC))
    exif = Image.Exif()
    exif.update({tag: tags[tag] for tag in EXIF_TAGS if tag in tags})
    image.info |= {"exif": exif.tobytes(), "icc_profile": tags.get(PROFILE)}
    image.tag_v2 = tags  # type: ignore[attr-defined]
    return image


def _make_image(numbers: Numbers, photometric: int | None) -> Image.Image:
    """Return an image of numbers, shape (height, width, samples); further samples are masks or other channels."""
    samples = numbers.shape[2]
    if samples < 3 or (photometric != RGB and samples > 4):
        return Image.fromarray(np.ascontiguousarray(numbers[:, :, 0], np.float32))
    colors = np.nan_to_num(numbers[:, :, :3].astype(np.float32))
    white = float(np.percentile(colors, CLIPPED_PERCENT))
    if numbers.dtype.kind == "u":
        limit = float(np.iinfo(numbers.dtype).max)
        white = limit if white > limit / 2 or numbers.dtype == np.uint8 else white
    white = max(white, 1.0)
    return Image.fromarray(((colors / white).clip(0, 1) * 255).round().astype(np.uint8))


def _read_numbers(stream: Any, tags: TiffImagePlugin.ImageFileDirectory_v2) -> Numbers | None:
    """Return the numbers of a page, shape (height, width, samples); None if they cannot be read."""
    width, height, samples = int(tags[WIDTH]), int(tags[HEIGHT]), int(tags.get(SAMPLES, 1))
    bits, kind = set(tags.get(BITS, (1,))), KINDS.get(tags.get(FORMAT, (1,))[0])
    compression = tags.get(COMPRESSION, UNCOMPRESSED)
    if kind is None or len(bits) != 1 or compression not in {UNCOMPRESSED, *DEFLATE}:
        return None
    (bit_count,) = bits
    if bit_count not in {8, 16, 32, 64} or (kind == "f" and bit_count == 8):
        return None
    require_decodable(width, height)
    dtype = np.dtype(f"{kind}{bit_count // 8}").newbyteorder("<" if tags.prefix[:1] == b"I" else ">")
    if width * height * samples * dtype.itemsize > MAX_BYTES:
        return None
    is_separate = tags.get(PLANAR) == SEPARATE
    numbers = np.zeros((height, width, samples), dtype.newbyteorder("="))
    depth = 1 if is_separate else samples
    for (plane, top, left), shape, place, size in _list_blocks(tags, (height, width, samples if is_separate else 1)):
        stream.seek(place)
        block = _decode_block(stream.read(size), (*shape, depth), dtype, tags)
        rows, columns = min(shape[0], height - top), min(shape[1], width - left)
        target = numbers[top : top + rows, left : left + columns, plane : plane + depth]
        target[:] = block[:rows, :columns]
    return numbers


def _list_blocks(
    tags: TiffImagePlugin.ImageFileDirectory_v2, shape: tuple[int, int, int]
) -> Iterator[tuple[tuple[int, int, int], tuple[int, int], int, int]]:
    """Yield plane, top and left of each strip or tile, its height and width, its place in the file and its size.

    Args:
        tags: The tags of the page.
        shape: Height, width and number of planes.
    """
    height, width, planes = shape
    if TILE_OFFSETS in tags:
        rows, columns, offsets, sizes = tags[TILE_HEIGHT], tags[TILE_WIDTH], tags[TILE_OFFSETS], tags[TILE_SIZES]
    else:
        rows, columns = min(height, int(tags.get(ROWS_PER_STRIP, height))), width
        offsets, sizes = tags[STRIP_OFFSETS], tags[STRIP_SIZES]
    corners = [
        (plane, top, left)
        for plane in range(planes)
        for top in range(0, height, rows)
        for left in range(0, width, columns)
    ]
    for corner, place, size in zip(corners, offsets, sizes, strict=True):
        is_strip = TILE_OFFSETS not in tags
        yield corner, (min(rows, height - corner[1]) if is_strip else rows, columns), place, size


def _decode_block(
    body: bytes, shape: tuple[int, int, int], dtype: np.dtype[Any], tags: TiffImagePlugin.ImageFileDirectory_v2
) -> Numbers:
    """Return the numbers of a strip or tile, shape (height, width, samples). Raises ValueError if there are too few."""
    height, width, samples = shape
    count = height * width * samples
    if tags.get(COMPRESSION, UNCOMPRESSED) in DEFLATE:
        body = zlib.decompressobj().decompress(body, count * dtype.itemsize)
    predictor = tags.get(PREDICTOR, 1)
    if predictor == FLOATING:
        # The bytes of a row are sorted by significance, and each is stored as the difference from the one before.
        rows = np.frombuffer(body, np.uint8, count * dtype.itemsize).reshape(height, width * samples, -1)
        flat = rows.reshape(height, width * dtype.itemsize, samples)
        summed = np.cumsum(flat, 1, dtype=np.uint8).reshape(height, dtype.itemsize, width * samples)
        return summed.transpose(0, 2, 1).copy().view(dtype.newbyteorder(">")).reshape(shape)
    numbers = np.frombuffer(body, dtype, count).reshape(shape)
    if predictor == HORIZONTAL:
        return np.cumsum(numbers, 1, dtype=dtype.newbyteorder("="))
    return numbers
