"""Decode images upright as RGB, and crop, hash and encode them. Home of Pillow."""

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pillow_heif
from PIL import Image

from search.errors import UnreadableMediaError, UsageError, find_reason
from search.media.image.decoding import DECODE_ERRORS, FAILURES, Picture, decode_picture, open_file, rescue_image
from search.media.image.incomplete import find_incomplete
from search.media.image.jxl import is_jxl, open_jxl
from search.media.image.limits import MAX_PIXELS
from search.media.image.pages import choose_indexes
from search.media.image.raw import is_raw, open_raw
from search.records import Box, MediaFacts, Pixels

Image.MAX_IMAGE_PIXELS = MAX_PIXELS
pillow_heif.register_heif_opener()

TILED_FORMATS = {"HEIF", "AVIF"}
# The maximum width and height of a thumbnail in pixels.
THUMBNAIL_SIZE = (512, 512)
# The shorter side in pixels that is enough for every model and for thumbnails.
USEFUL_SIDE = 512
# How thoroughly a small thumbnail is compressed, of 0 to 6. Twice the time (4) would save 4 % of the bytes, and a page
# waits for 60 of them.
SMALL_EFFORT = 2
# The maximum gray value that counts as black.
MAX_BLACK = 8
# The minimum width and height of a cropped region in pixels.
MIN_CROP = 8
PilImage = Image.Image


def open_image(source: Path | bytes, side: int | None = None) -> tuple[PilImage, MediaFacts]:
    """Decode an image file upright as RGB, with transparency over white; only the main one of several images.

    Args:
        source: The file, or its content.
        side: The image may be decoded at a smaller scale, as long as the shorter side has at least this many pixels.
            None for the full size.

    Returns:
        The image, and its metadata with the full size.

    Raises:
        UnreadableMediaError: The file cannot be decoded. The message does not contain the file name.
    """
    picture = next(iterate_images(source, side, 1))
    return picture.image, picture.facts


def iterate_images(source: Path | bytes, side: int | None, max_images: int) -> Iterator[Picture]:
    """Decode the images of a file as `open_image` does. Of a damaged file, what can be decoded is yielded.

    Args:
        source: The file, or its content.
        side: As in `open_image`.
        max_images: The maximum number of images: the first pages of a TIFF file, or frames spread evenly over an
            animation (at most `ANIMATION_FRAMES`).

    Yields:
        The images, the main one first. The last one has the remark about the file.

    Raises:
        UnreadableMediaError: The file cannot be decoded.
    """
    held: Picture | None = None
    try:
        for picture in _iterate(source, side, max_images):
            if held is not None:
                yield held
            held = picture
    except Image.DecompressionBombError as error:
        raise UnreadableMediaError(f"too large to decode: {error}") from error
    except DECODE_ERRORS as error:
        if held is None:
            held = rescue_image(source, side, error)
        else:
            held = replace(held, remark=f"the file is damaged: nothing after image {held.index + 1} could be decoded")
    if held is not None:
        yield held


def _iterate(source: Path | bytes, side: int | None, max_images: int) -> Iterator[Picture]:
    if is_raw(source):
        yield Picture(0, *open_raw(source, side))
        return
    with open_jxl(source) if is_jxl(source) else open_file(source) as image:
        if image.format in TILED_FORMATS and find_incomplete(source) is not None:
            raise EOFError("the file is incomplete")  # which its decoder may not notice
        for index in choose_indexes(image, max_images):
            if index != image.tell():
                image.seek(index)
            yield decode_picture(image, side)


def crop_box(image: PilImage, box: Box) -> PilImage:
    """Cut a region out of an image.

    Args:
        image: The image.
        box: Left, top, width and height as shares of the image's width and height, 0 to 1.

    Raises:
        UsageError: The region is smaller than `MIN_CROP` pixels in width or height.
    """
    left, top, width, height = box
    edges = (
        left * image.width,
        top * image.height,
        (left + width) * image.width,
        (top + height) * image.height,
    )
    pixels = [round(min(max(edge, 0), limit)) for edge, limit in zip(edges, image.size * 2, strict=True)]
    if pixels[2] - pixels[0] < MIN_CROP or pixels[3] - pixels[1] < MIN_CROP:
        raise UsageError(f"crop: the region is smaller than {MIN_CROP} x {MIN_CROP} pixels")
    return image.crop((pixels[0], pixels[1], pixels[2], pixels[3]))


def is_blank(image: PilImage) -> bool:
    """Return whether an image is all white or all black, such as the first frame of an animation that fades in."""
    low, high = image.convert("L").resize((16, 16), Image.Resampling.BOX).getextrema()
    return float(high) <= MAX_BLACK or float(low) >= 255 - MAX_BLACK  # type: ignore[arg-type]


def compute_phash(image: PilImage) -> int:
    """Return the difference hash (dHash) of an image, a signed 64-bit integer.

    The hashes of scaled or recompressed copies have a small Hamming distance.
    """
    gray = np.asarray(image.convert("L").resize((9, 8), Image.Resampling.BOX), np.int16)
    bits = (gray[:, 1:] > gray[:, :-1]).flatten()
    return int.from_bytes(np.packbits(bits).tobytes(), "big", signed=True)


def crop_square(image: PilImage, side: int) -> Pixels:
    """Scale the shorter side to `side` (bicubic) and crop the center; shape (side, side, 3), uint8."""
    scale = side / min(image.size)
    size = (max(side, round(image.width * scale)), max(side, round(image.height * scale)))
    scaled = image.resize(size, Image.Resampling.BICUBIC)
    left, top = (scaled.width - side) // 2, (scaled.height - side) // 2
    return np.asarray(scaled.crop((left, top, left + side, top + side)), np.uint8)


def cut_views(image: PilImage, side: int, zoom: float) -> Pixels:
    """Return the whole image resized to a square, and a crop of its center in which small objects are larger.

    Args:
        image: The image.
        side: The height and width of both views in pixels.
        zoom: The side of the crop as a share of the shorter side of the image.

    Returns:
        Shape (2, side, side, 3), uint8.
    """
    edge = zoom * min(image.size)
    left, top = (image.width - edge) / 2, (image.height - edge) / 2
    boxes = ((0.0, 0.0, image.width, image.height), (left, top, left + edge, top + edge))
    views = [image.resize((side, side), Image.Resampling.BICUBIC, box=box) for box in boxes]
    return np.stack([np.asarray(view, np.uint8) for view in views])


def measure_change(before: PilImage, after: PilImage) -> float:
    """Return the mean absolute difference of two images at 16 x 16 pixels, 0 to 1."""
    small = [np.asarray(image.resize((16, 16)), np.float32) for image in (before, after)]
    return float(np.abs(small[0] - small[1]).mean() / 255)


def encode_thumbnail(image: PilImage, size: tuple[int, int] = THUMBNAIL_SIZE) -> bytes:
    """Return an image as a JPEG file.

    JPEG is used because WebP takes ten times as long to encode, which is half of the time to decode an image.

    Args:
        image: The image.
        size: The maximum width and height in pixels.
    """
    small = image
    if image.width > size[0] or image.height > size[1]:
        small = image.copy()
        small.thumbnail(size, Image.Resampling.BICUBIC)
    stream = io.BytesIO()
    # Pillow would write the comment of the original file.
    small.save(stream, "JPEG", quality=80, comment=b"")
    return stream.getvalue()


def convert_to_png(body: bytes) -> bytes:
    """Return a thumbnail as a PNG file.

    Raises:
        UnreadableMediaError: The image file is damaged.
    """
    stream = io.BytesIO()
    try:
        with Image.open(io.BytesIO(body)) as image:
            image.save(stream, "PNG")
    except FAILURES as error:
        raise UnreadableMediaError(f"cannot be decoded: {find_reason(error)}") from error
    return stream.getvalue()


def shrink_thumbnail(body: bytes, size: int) -> bytes:
    """Return an image file as a smaller WebP file.

    Args:
        body: The content of the image file.
        size: The maximum width and height in pixels.

    Raises:
        UnreadableMediaError: The image file is damaged.
    """
    stream = io.BytesIO()
    try:
        with Image.open(io.BytesIO(body)) as image:
            image.thumbnail((size, size), Image.Resampling.BICUBIC)
            image.save(stream, "WEBP", quality=75, method=SMALL_EFFORT)
    except FAILURES as error:
        raise UnreadableMediaError(f"cannot be decoded: {find_reason(error)}") from error
    return stream.getvalue()


def make_placeholder(image: PilImage) -> str:
    """Return a tiny version of an image: 4 x 3 pixels of RGB in hexadecimal, row by row."""
    return image.resize((4, 3), Image.Resampling.BOX).tobytes().hex()


def make_noise(count: int, width: int = 320, height: int = 240) -> list[PilImage]:
    """Generate noise images with the spatial frequencies of photos; always the same images.

    The amplitude of the frequency f is 1/f (Field, "Relations between the statistics of natural images and the response
    properties of cortical cells", JOSA A 1987).

    Args:
        count: The number of images.
        width: In pixels.
        height: In pixels.
    """
    random = np.random.default_rng(0)
    frequencies = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)[None]) + 1 / max(width, height)
    images = []
    for _ in range(count):
        spectrum = np.fft.fft2(random.normal(size=(3, height, width))) / frequencies
        pixels = np.fft.ifft2(spectrum).real
        scaled = (pixels - pixels.min()) / np.ptp(pixels) * 255
        images.append(Image.fromarray(scaled.transpose(1, 2, 0).astype(np.uint8)))
    return images
