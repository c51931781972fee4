"""Convert the colors of images to sRGB: ICC profiles, Adobe RGB, gamma, and the HDR encodings PQ and HLG."""

import functools
import io

import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image, ImageCms

from search.media.image.blocks import convert_rows
from search.records import Pixels

# The color spaces of ICC profiles by the modes of Pillow that they describe.
PROFILE_MODES = {"RGB": "RGB", "RGBA": "RGB", "RGBX": "RGB", "CMYK": "CMYK", "L": "GRAY", "LA": "GRAY", "LAB": "Lab"}
# Code points of color primaries and transfer characteristics (ITU-T H.273).
BT2020, DISPLAY_P3, PQ, HLG = 9, 12, 16, 18
# The luminance of white text or paper in HDR, and the brightest highlight that is kept, in cd/m² (ITU-R BT.2408).
WHITE_LUMINANCE, PEAK_LUMINANCE = 203.0, 1000.0
# Linear RGB of each color space to linear sRGB.
TO_SRGB = {
    BT2020: ((1.6605, -0.5876, -0.0728), (-0.1246, 1.1329, -0.0083), (-0.0182, -0.1006, 1.1187)),
    DISPLAY_P3: ((1.2249, -0.2247, 0.0), (-0.0420, 1.0419, 0.0), (-0.0197, -0.0786, 1.0979)),
}
ADOBE_TO_SRGB = ((1.39836, -0.39836, 0.0), (0.0, 1.0, 0.0), (0.0, -0.04293, 1.04293))
ADOBE_GAMMA, ADOBE_INTEROP_INDEX = 2.19921875, "R03"
# The gamma of PNG files that look right without a conversion.
STANDARD_GAMMA, GAMMA_TOLERANCE = 1 / 2.2, 0.05
# Where the color boxes of HEIC and AVIF, and the chunk of PNG, are searched.
MAX_HEADER_BYTES = 2**16

Light = npt.NDArray[np.float32]


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


def convert_to_srgb(image: Image.Image, coding: tuple[int, int] | None) -> Image.Image:
    """Return an image in sRGB; an image that is in sRGB already, or whose profile is damaged, is returned unchanged.

    Args:
        image: A decoded image with its metadata.
        coding: What `read_coding` returned for the file.
    """
    if coding is not None and coding[1] in {PQ, HLG} and image.mode in {"RGB", "RGBA"}:
        return tone_map(image, *coding)
    profile = image.info.get("icc_profile")
    if profile:
        return _apply_profile(image, profile)
    if image.mode == "RGB" and _is_adobe_rgb(image):
        return convert_rows(image, "RGB", _convert_adobe_rgb)
    return _correct_gamma(image)


def needs_conversion(image: Image.Image, coding: tuple[int, int] | None) -> bool:
    """Return whether `convert_to_srgb` can change an image."""
    profile = image.info.get("icc_profile")
    return bool(coding and coding[1] in {PQ, HLG}) or bool(profile and _make_transform(profile, image.mode))


def tone_map(image: Image.Image, primaries: int, transfer: int) -> Image.Image:
    """Return an HDR image as people see it on a screen without HDR: white stays white, highlights are compressed.

    The curve is that of Reinhard et al., "Photographic tone reproduction for digital images" (SIGGRAPH 2002), equation
    4, applied above a knee only, so that the middle tones do not change.

    Args:
        image: RGB or RGBA, encoded in PQ (SMPTE ST 2084) or HLG (ITU-R BT.2100).
        primaries: The code point of the color primaries.
        transfer: The code point of the transfer characteristics.
    """
    return convert_rows(image, image.mode, functools.partial(_tone_map_block, primaries=primaries, transfer=transfer))


def _tone_map_block(image: Image.Image, primaries: int, transfer: int) -> Image.Image:
    code = np.arange(256, dtype=np.float64) / 255
    light: Light = (_decode_pq(code) if transfer == PQ else _decode_hlg(code)).astype(np.float32)
    linear = light[np.asarray(image.convert("RGB"))]
    if transfer == HLG:
        luminance = linear @ np.array((0.2627, 0.6780, 0.0593), np.float32)
        # The system gamma is 1.2.
        linear *= (np.maximum(luminance, 1e-6) ** 0.2 * PEAK_LUMINANCE / WHITE_LUMINANCE)[..., None]
    if primaries in TO_SRGB:
        linear = linear @ np.array(TO_SRGB[primaries], np.float32).T
    return _from_light(_compress(np.maximum(linear, 0)), image)


def _convert_adobe_rgb(image: Image.Image) -> Image.Image:
    light = (np.arange(256, dtype=np.float32) / 255) ** np.float32(ADOBE_GAMMA)
    return _from_light(light[np.asarray(image)] @ np.array(ADOBE_TO_SRGB, np.float32).T, image)


def _decode_pq(code: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the light of PQ code values from 0 to 1, where 1.0 is white."""
    root = code ** (1 / 78.84375)
    return (
        10_000
        / WHITE_LUMINANCE
        * (np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)) ** (1 / 0.1593017578125)
    )


def _decode_hlg(code: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the scene light of HLG code values, both from 0 to 1."""
    return np.where(code <= 0.5, code**2 / 3, (np.exp((code - 0.55991073) / 0.17883277) + 0.28466892) / 12)


def _compress(linear: Light, knee: float = 0.6) -> Light:
    """Compress the range from the knee to the peak luminance into that from the knee to 1, by the brightest channel."""
    peak = (PEAK_LUMINANCE / WHITE_LUMINANCE - knee) / (1 - knee)
    brightest = linear.max(-1, keepdims=True)
    excess = np.clip((brightest - knee) / (1 - knee), 0, peak)
    target = np.where(brightest > knee, knee + (1 - knee) * excess * (1 + excess / peak**2) / (1 + excess), brightest)
    result: Light = linear * (target / np.maximum(brightest, 1e-6))
    return result


def _from_light(linear: Light, original: Image.Image) -> Image.Image:
    """Return linear sRGB as an image, with the transparency of the original."""
    linear = linear.clip(0, 1)
    encoded = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    pixels: Pixels = (encoded * 255).round().astype(np.uint8)
    image = Image.fromarray(pixels)
    if original.mode == "RGBA":
        image.putalpha(original.getchannel("A"))
    return image


def _apply_profile(image: Image.Image, profile: bytes) -> Image.Image:
    transform = _make_transform(profile, image.mode)
    if transform is None:
        return image
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


def _correct_gamma(image: Image.Image) -> Image.Image:
    """Return a PNG image whose gamma is not that of sRGB with the gamma of sRGB."""
    gamma = image.info.get("gamma")
    if not gamma or "srgb" in image.info or image.mode not in {"RGB", "RGBA", "L"} or gamma < 0.05:
        return image
    if abs(gamma - STANDARD_GAMMA) < GAMMA_TOLERANCE:
        return image
    table = [round(255 * (value / 255) ** (STANDARD_GAMMA / gamma)) for value in range(256)]
    bands = [
        band if name == "A" else band.point(table) for name, band in zip(image.getbands(), image.split(), strict=True)
    ]
    return Image.merge(image.mode, bands)
