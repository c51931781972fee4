"""Convert the colors of images to sRGB: ICC profiles, Adobe RGB, gamma, and the HDR encodings PQ and HLG."""

import functools
import io
from collections.abc import Callable

import numpy as np
from PIL import ExifTags, Image, ImageCms

from search.media.image.blocks import convert_rows, map_colors
from search.media.tone_mapping import TO_SRGB, UNSPECIFIED, Light, Transfer, convert_primaries, encode_srgb, map_tones
from search.records import Pixels

# The color spaces of ICC profiles by the modes of Pillow that they describe.
PROFILE_MODES = {"RGB": "RGB", "RGBA": "RGB", "RGBX": "RGB", "CMYK": "CMYK", "L": "GRAY", "LA": "GRAY", "LAB": "Lab"}
# Code points of transfer characteristics of a standard range: BT.709, unspecified, BT.601, sRGB, BT.2020 (ITU-T H.273).
STANDARD_TRANSFERS = {1, 2, 6, 13, 14, 15}
ADOBE_TO_SRGB = ((1.39836, -0.39836, 0.0), (0.0, 1.0, 0.0), (0.0, -0.04293, 1.04293))
ADOBE_GAMMA, ADOBE_INTEROP_INDEX = 2.19921875, "R03"
# The gamma of PNG files that look right without a conversion.
STANDARD_GAMMA, GAMMA_TOLERANCE = 1 / 2.2, 0.05
# Where the color boxes of HEIC and AVIF, and the chunk of PNG, are searched.
MAX_HEADER_BYTES = 2**16

# Converts the colors of an image.
Conversion = Callable[[Image.Image], Image.Image]


def read_coding(image: Image.Image) -> tuple[int, int] | None:
    """Return the code points of color primaries and transfer characteristics that a file states (ITU-T H.273)."""
    stated = image.info.get("nclx_profile")
    if stated:
        return int(stated["color_primaries"]), int(stated["transfer_characteristics"])
    stream = getattr(image, "fp", None)
    if image.format not in {"AVIF", "PNG"} or stream is None or "icc_profile" in image.info:
        return None
    place = stream.tell()
    stream.seek(0)
    head: bytes = stream.read(MAX_HEADER_BYTES)
    stream.seek(place)
    if image.format == "PNG":
        start = head.find(b"cICP", 0, head.find(b"IDAT") % MAX_HEADER_BYTES) + 4
        return (head[start], head[start + 1]) if start >= 4 else None
    start = head.find(b"colrnclx") + 8
    return (
        (int.from_bytes(head[start : start + 2]), int.from_bytes(head[start + 2 : start + 4])) if start >= 8 else None
    )


def find_conversion(image: Image.Image, coding: tuple[int, int] | None) -> Conversion | None:
    """Return what converts the colors of an image to sRGB; None if they are sRGB already, or the profile is damaged.

    Args:
        image: A decoded image with its metadata.
        coding: What `read_coding` returned for the file.
    """
    primaries, transfer = coding or (UNSPECIFIED, UNSPECIFIED)
    hdr, profile = Transfer.find(transfer), image.info.get("icc_profile")
    convert: Conversion | None = None
    if hdr is not None and image.mode in {"RGB", "RGBA"}:
        convert = functools.partial(tone_map, primaries=primaries, transfer=hdr)
    elif profile:
        transform = _make_transform(profile, image.mode)
        convert = None if transform is None else functools.partial(_apply_profile, transform=transform)
    elif primaries in TO_SRGB and transfer in STANDARD_TRANSFERS and image.mode in {"RGB", "RGBA"}:
        convert = functools.partial(_convert_pixels, convert=functools.partial(convert_primaries, primaries=primaries))
    elif image.mode == "RGB" and _is_adobe_rgb(image):
        convert = functools.partial(_convert_pixels, convert=_convert_adobe_rgb)
    elif _has_other_gamma(image):
        convert = _correct_gamma
    return convert


def tone_map(image: Image.Image, primaries: int, transfer: Transfer) -> Image.Image:
    """Return an HDR image, RGB or RGBA, as `map_tones` shows it.

    Args:
        image: The image.
        primaries: The code point of the color primaries.
        transfer: The transfer function.
    """
    return _convert_pixels(image, functools.partial(map_tones, transfer=transfer, primaries=primaries))


def _convert_pixels(image: Image.Image, convert: Callable[[Pixels], Pixels]) -> Image.Image:
    """Return an image, RGB or RGBA, with other colors and its transparency."""

    def convert_block(block: Image.Image) -> Image.Image:
        converted = Image.fromarray(convert(np.asarray(block.convert("RGB"))))
        if block.mode == "RGBA":
            converted.putalpha(block.getchannel("A"))
        return converted

    return convert_rows(image, image.mode, convert_block)


def _convert_adobe_rgb(colors: Pixels) -> Pixels:
    light: Light = ((np.arange(256) / 255) ** ADOBE_GAMMA).astype(np.float32)
    linear: Light = light[colors] @ np.array(ADOBE_TO_SRGB, np.float32).T
    return encode_srgb(linear)


def _apply_profile(image: Image.Image, transform: ImageCms.ImageCmsTransform) -> Image.Image:
    if image.mode == "LA":
        converted = transform.apply(image.getchannel("L"))
        converted.putalpha(image.getchannel("A"))
        return converted
    return transform.apply(image)


@functools.lru_cache(maxsize=16)
def _make_transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """Return the transform from a profile to sRGB; None if it is damaged, for another mode, or is sRGB itself."""
    try:
        opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if opened.profile.xcolor_space.strip() != PROFILE_MODES.get(mode):
            return None
        if "srgb" in (opened.profile.profile_description or "").lower():
            return None
        source, target = {"LA": ("L", "RGB"), "RGBA": ("RGBA", "RGBA")}.get(mode, (mode, "RGB"))
        return ImageCms.buildTransform(
            opened, ImageCms.createProfile("sRGB"), source, target, ImageCms.Intent.RELATIVE_COLORIMETRIC,
            ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )  # fmt: skip
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError, AttributeError):
        return None


def convert_lab(image: Image.Image) -> Image.Image:
    """Return an image in CIE L*a*b*, which Pillow does not convert, as sRGB."""
    profiles = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    return ImageCms.buildTransform(*profiles, "LAB", "RGB").apply(image)


def _is_adobe_rgb(image: Image.Image) -> bool:
    """Return whether a camera states Adobe RGB as EXIF does (DCF), without a profile."""
    if "exif" not in image.info:
        return False
    index = image.getexif().get_ifd(ExifTags.IFD.Interop).get(ExifTags.Interop.InteropIndex)
    return str(index or "").strip("\0 ") == ADOBE_INTEROP_INDEX


def _has_other_gamma(image: Image.Image) -> bool:
    """Return whether a PNG image states a gamma that is not that of sRGB."""
    gamma = image.info.get("gamma")
    if not gamma or "srgb" in image.info or image.mode not in {"RGB", "RGBA", "L"} or gamma < 0.05:
        return False
    return bool(abs(gamma - STANDARD_GAMMA) >= GAMMA_TOLERANCE)


def _correct_gamma(image: Image.Image) -> Image.Image:
    """Return an image that states a gamma with the gamma of sRGB."""
    gamma = image.info["gamma"]
    table = [round(255 * (value / 255) ** (STANDARD_GAMMA / gamma)) for value in range(256)]
    return map_colors(image, table)
