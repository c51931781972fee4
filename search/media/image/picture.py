"""Images: opened safely, upright, in RGB. Home of Pillow."""

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pillow_heif
from PIL import Image, ImageOps, UnidentifiedImageError

from search.errors import UnreadableMediaError, UsageError
from search.media.image.exif import SIDEWAYS, read_metadata
from search.media.image.jxl import is_jxl, open_jxl
from search.media.image.limits import MAX_PIXELS, require_decodable
from search.media.image.raw import is_raw, open_raw
from search.records import Box, MediaFacts, Pixels

Image.MAX_IMAGE_PIXELS = MAX_PIXELS
pillow_heif.register_heif_opener()

THUMBNAIL_SIZE = (512, 512)
# The shorter side, in pixels, beyond which neither a model nor a thumbnail gains anything.
USEFUL_SIDE = 512
MIN_CROP = 8
# An animation is represented by its first frame, its last, and one between.
ANIMATION_FRAMES = 3

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

Picture = Image.Image


def open_image(source: Path | bytes, side: int | None = None) -> tuple[Picture, MediaFacts]:
    """Decode an image file upright as RGB, transparency over white; of several images the first.

    side: when given, JPEG decoding may stop at a smaller scale whose shorter side is at least this many
    pixels; the facts keep the true size. Raises UnreadableMediaError, without naming the file.
    """
    return next(iterate_images(source, side, 1))[1:]


def iterate_images(source: Path | bytes, side: int | None, most: int) -> Iterator[tuple[int, Picture, MediaFacts]]:
    """Decode the images of a file as `open_image` does, each with its place from 0.

    most: of an animation, this many spread over its length; of a document of pages, this many from the first.
    """
    try:
        if is_raw(source):
            yield 0, *open_raw(source, side)
            return
        with open_jxl(source) if is_jxl(source) else _open(source) as image:
            for place in _choose_places(image, most):
                if place:
                    image.seek(place)
                yield place, *_decode(image, side)
    except UnidentifiedImageError:
        raise UnreadableMediaError("unrecognized image format") from None
    except Image.DecompressionBombError as error:
        raise UnreadableMediaError(f"too large to decode: {error}") from error
    except DECODE_ERRORS as error:
        raise UnreadableMediaError(f"damaged image: {error or type(error).__name__}") from error


def _open(source: Path | bytes) -> Image.Image:
    return Image.open(io.BytesIO(source) if isinstance(source, bytes) else source)


def _choose_places(image: Image.Image, most: int) -> list[int]:
    count = getattr(image, "n_frames", 1)
    if most == 1 or count <= 1:
        return [0]
    if image.format == "TIFF":
        return list(range(min(count, most)))
    kept = min(count, most, ANIMATION_FRAMES)
    return sorted({round(at * (count - 1) / (kept - 1)) for at in range(kept)}) if kept > 1 else [0]


def _decode(image: Image.Image, side: int | None) -> tuple[Picture, MediaFacts]:
    width, height = image.size
    require_decodable(width, height)
    facts = read_metadata(image)
    if side is not None:
        image.draft("RGB", (side, side))
    image.load()  # its file is closed before it is used
    upright = image if facts.orientation in {None, 1} else ImageOps.exif_transpose(image)
    flat = _flatten(upright)
    if flat is image and getattr(image, "n_frames", 1) > 1:
        flat = image.copy()  # the next frame is decoded in its place
    if facts.orientation in SIDEWAYS:
        width, height = height, width
    return flat, replace(facts, width=width, height=height)


def crop_box(image: Picture, box: Box) -> Picture:
    """Cut a region: left, top, width, height as shares of the image's. Raises UsageError when nothing is in it."""
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


def compute_phash(image: Picture) -> int:
    """Return the signed 64-bit difference hash of an image; scaled or recompressed copies have similar ones."""
    gray = np.asarray(image.convert("L").resize((9, 8), Image.Resampling.BOX), np.int16)
    bits = (gray[:, 1:] > gray[:, :-1]).flatten()
    return int.from_bytes(np.packbits(bits).tobytes(), "big", signed=True)


def crop_square(image: Picture, side: int) -> Pixels:
    """Scale the shorter side to `side` (bicubic) and crop the center; shape (side, side, 3) uint8."""
    scale = side / min(image.size)
    size = (max(side, round(image.width * scale)), max(side, round(image.height * scale)))
    scaled = image.resize(size, Image.Resampling.BICUBIC)
    left, top = (scaled.width - side) // 2, (scaled.height - side) // 2
    return np.asarray(scaled.crop((left, top, left + side, top + side)), np.uint8)


def cut_views(image: Picture, side: int, zoom: float) -> Pixels:
    """Return the whole image resized to a square and a closer crop of its center: (2, side, side, 3) uint8.

    zoom: the side of the crop as a share of the shorter side. The first view includes the edges, the second
    shows small things larger.
    """
    edge = zoom * min(image.size)
    left, top = (image.width - edge) / 2, (image.height - edge) / 2
    boxes = ((0.0, 0.0, image.width, image.height), (left, top, left + edge, top + edge))
    views = [image.resize((side, side), Image.Resampling.BICUBIC, box=box) for box in boxes]
    return np.stack([np.asarray(view, np.uint8) for view in views])


def measure_change(before: Picture, after: Picture) -> float:
    """Return the mean absolute difference of two images seen at 16 x 16 pixels, 0 to 1."""
    small = [np.asarray(p.resize((16, 16)), np.float32) for p in (before, after)]
    return float(np.abs(small[0] - small[1]).mean() / 255)


def encode_thumbnail(image: Picture, size: tuple[int, int] = THUMBNAIL_SIZE) -> bytes:
    """Return a JPEG file no wider and higher than `size`: WebP takes ten times as long, half of all decoding."""
    small = image
    if image.width > size[0] or image.height > size[1]:
        small = image.copy()
        small.thumbnail(size, Image.Resampling.BICUBIC)
    stream = io.BytesIO()
    small.save(stream, "JPEG", quality=80)
    return stream.getvalue()


def shrink_thumbnail(body: bytes, size: int) -> bytes:
    """Return a thumbnail as WebP no wider and higher than `size`."""
    with Image.open(io.BytesIO(body)) as image:
        image.thumbnail((size, size), Image.Resampling.BICUBIC)
        stream = io.BytesIO()
        image.save(stream, "WEBP", quality=75, method=4)
        return stream.getvalue()


def make_placeholder(image: Picture) -> str:
    """Return a tiny version of an image: 4 x 3 pixels of RGB in hexadecimal, row by row."""
    return image.resize((4, 3), Image.Resampling.BOX).tobytes().hex()


def make_noise(count: int, width: int = 320, height: int = 240) -> list[Picture]:
    """Generate noise with the spatial frequencies of photos; always the same images.

    Their amplitude is 1/f (Field, "Relations between the statistics of natural images", 1987).
    """
    chance = np.random.default_rng(0)
    fineness = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)[None]) + 1 / max(width, height)
    images = []
    for _ in range(count):
        waves = np.fft.fft2(chance.normal(size=(3, height, width))) / fineness
        rows = np.fft.ifft2(waves).real
        scaled = (rows - rows.min()) / np.ptp(rows) * 255
        images.append(Image.fromarray(scaled.transpose(1, 2, 0).astype(np.uint8)))
    return images


def _flatten(image: Image.Image) -> Picture:
    """Return an image as RGB; an RGB image is returned unchanged."""
    if image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info:
        layer = image.convert("RGBA")
        ground = Image.new("RGBA", layer.size, (255, 255, 255, 255))
        return Image.alpha_composite(ground, layer).convert("RGB")
    if image.mode.startswith("I;16") or image.mode == "I":
        return Image.fromarray((np.asarray(image, np.float32) / 257).clip(0, 255).astype(np.uint8)).convert("RGB")
    return image if image.mode == "RGB" else image.convert("RGB")
