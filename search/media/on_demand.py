"""What is decoded when a client asks for it: images and recordings of queries, previews, frames and regions.

The functions run in the processes of `processes.py`, so arguments and results can be pickled.
"""

import io
import wave
from pathlib import Path

import numpy as np

from search.errors import MediaLimitError
from search.media.image.limits import MAX_PIXELS, limit_pixels
from search.media.image.pillow import USEFUL_SIDE, crop_box, encode_thumbnail, make_noise, open_image
from search.media.image.transform import ImageTransform, ResizeCrop
from search.media.recording.frames import read_frame
from search.media.recording.sound import SAMPLE_RATE, convert_to_float, iterate_sound
from search.media.recording.tracks import probe
from search.records import Box, Pixels, Waveform

# The stated duration of some formats is an estimate, and can be too long.
MAX_OVERESTIMATE = 2


def load_decoders() -> None:
    """Load the libraries that decode, by decoding an image and a recording."""
    prepare_image(encode_thumbnail(make_noise(1)[0]), None, ResizeCrop(64, 64), MAX_PIXELS)
    recording = io.BytesIO()
    with wave.open(recording, "wb") as file:
        file.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
        file.writeframes(bytes(SAMPLE_RATE))
    decode_voice(recording.getvalue(), 1.0)


def prepare_image(source: Path | bytes, crop: Box | None, transform: ImageTransform, max_pixels: int) -> Pixels:
    """Return the pixels of an image, or of a region of it, for an encoder.

    Args:
        source: The file, or its content.
        crop: The region; None for the whole image.
        transform: The transform of the encoder.
        max_pixels: Images with more pixels are refused.

    Raises:
        UnreadableMediaError: The image cannot be decoded or has too many pixels.
        UsageError: The region is too small.
    """
    with limit_pixels(max_pixels):
        image, _ = open_image(source, None if crop else USEFUL_SIDE)
    return transform(crop_box(image, crop) if crop else image)


def prepare_regions(source: Path, boxes: list[Box], transform: ImageTransform) -> list[Pixels]:
    """Return the pixels of some regions of an image for an encoder.

    Raises:
        UnreadableMediaError: The image cannot be decoded.
    """
    image, _ = open_image(source, USEFUL_SIDE)
    corners = [
        (left * image.width, top * image.height, width * image.width, height * image.height)
        for left, top, width, height in boxes
    ]
    regions = [image.crop((round(x), round(y), round(x + width), round(y + height))) for x, y, width, height in corners]
    return [transform(region) for region in regions]


def copy_image(source: Path | bytes, side: int, max_pixels: int) -> bytes:
    """Return a small copy of an image as a JPEG file without metadata.

    Args:
        source: The file, or its content.
        side: The maximum width and height of the copy in pixels.
        max_pixels: Images with more pixels are refused.

    Raises:
        UnreadableMediaError: The image cannot be decoded or has too many pixels.
    """
    with limit_pixels(max_pixels):
        return encode_thumbnail(open_image(source, side)[0], (side, side))


def copy_frame(source: Path, seconds: float) -> bytes:
    """Return the frame of a video at a time in seconds as a JPEG file.

    Raises:
        UnreadableMediaError: The video cannot be decoded.
    """
    return encode_thumbnail(read_frame(source, seconds))


def decode_voice(body: bytes, max_seconds: float) -> Waveform:
    """Decode a spoken query as mono at 16 kHz; shape (n,), float32 from -1 to 1.

    Args:
        body: The content of the file.
        max_seconds: Longer recordings are refused.

    Raises:
        UnreadableMediaError: There is no audio track, or it cannot be decoded.
        MediaLimitError: The recording is too long.
    """
    facts = probe(body)
    exact = facts.sounds[0].duration if facts.sounds else None
    stated = exact if exact is not None else (facts.media.duration or 0.0) / MAX_OVERESTIMATE
    # The header is not trusted: what is decoded is counted as well.
    parts, count = [], round(stated * SAMPLE_RATE)
    _require_short(count, max_seconds)
    count = 0
    for _, samples in iterate_sound(body):
        parts.append(convert_to_float(samples))
        count += len(samples)
        _require_short(count, max_seconds)
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)


def _require_short(count: int, max_seconds: float) -> None:
    if count > max_seconds * SAMPLE_RATE:
        raise MediaLimitError(
            f"The voice query is longer than the limit of {max_seconds:g} seconds. Send a shorter one."
        )
