"""Convert light: colors of a high dynamic range, or of wider primaries, to those of a screen (sRGB).

The transfer functions are those of ITU-R BT.2100 (PQ and HLG); the reference white is that of ITU-R BT.2408. The code
points are those of ITU-T H.273.
"""

import functools
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from search.records import Pixels

UNSPECIFIED, BT2020, DISPLAY_P3 = 2, 9, 12
# The luminance of white text or paper, of the brightest highlight that is kept, and of the highest PQ value, in cd/m².
WHITE_LUMINANCE, PEAK_LUMINANCE, PQ_LUMINANCE = 203.0, 1000.0, 10_000.0
HLG_SYSTEM_GAMMA = 1.2
# Brightness up to this share of white is kept; brighter parts are compressed.
KNEE = 0.6
LUMA_2020 = np.array((0.2627, 0.6780, 0.0593), np.float32)
# Linear RGB of each color space to linear sRGB (ITU-R BT.2087 and SMPTE EG 432-1).
TO_SRGB = {
    BT2020: ((1.6605, -0.5876, -0.0728), (-0.1246, 1.1329, -0.0083), (-0.0182, -0.1006, 1.1187)),
    DISPLAY_P3: ((1.2249, -0.2247, 0.0), (-0.0420, 1.0419, 0.0), (-0.0197, -0.0786, 1.0979)),
}

Light = npt.NDArray[np.float32]


class Transfer(IntEnum):
    """The transfer functions with a high dynamic range, by their code points."""

    PQ = 16
    HLG = 18

    @classmethod
    def find(cls, number: int) -> "Transfer | None":
        """Return the transfer function of a code point; None if it has a standard range."""
        return cls(number) if number in cls._value2member_map_ else None


def map_tones(colors: npt.NDArray[np.uint8] | npt.NDArray[np.uint16], transfer: Transfer, primaries: int) -> Pixels:
    """Return colors as people see them on a screen without HDR: white stays bright, highlights are compressed.

    The curve is that of Reinhard et al., "Photographic tone reproduction for digital images" (SIGGRAPH 2002), equation
    4, applied above a knee only, so that the middle tones do not change.

    Args:
        colors: RGB, shape (height, width, 3), uint8 or uint16.
        transfer: The transfer function of the colors.
        primaries: The code point of the color primaries; those of BT.2020 if it is unspecified.

    Returns:
        sRGB, shape (height, width, 3), uint8.
    """
    light = _make_table(transfer, np.iinfo(colors.dtype).max + 1)[colors]
    if transfer is Transfer.HLG:
        luminance = np.maximum(light @ LUMA_2020, 1e-6)[..., None]
        light *= PEAK_LUMINANCE / WHITE_LUMINANCE * luminance ** (HLG_SYSTEM_GAMMA - 1)
    matrix = TO_SRGB.get(BT2020 if primaries == UNSPECIFIED else primaries)
    if matrix is not None:
        light = light @ np.array(matrix, np.float32).T
    return encode_srgb(_compress(np.maximum(light, 0)))


def convert_primaries(colors: Pixels, primaries: int) -> Pixels:
    """Return colors of a standard range and other primaries as sRGB.

    Args:
        colors: RGB, shape (height, width, 3), uint8, with the transfer function of sRGB or one that is similar.
        primaries: A key of `TO_SRGB`.
    """
    return encode_srgb(_decode_srgb()[colors] @ np.array(TO_SRGB[primaries], np.float32).T)


def encode_srgb(light: Light) -> Pixels:
    """Return linear sRGB, where 1.0 is white, as the values of an image."""
    light = light.clip(0, 1)
    encoded = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    pixels: Pixels = (encoded * 255).round().astype(np.uint8)
    return pixels


@functools.cache
def _decode_srgb() -> Light:
    """Return the light of each value of sRGB."""
    code = np.arange(256, dtype=np.float32) / 255
    light: Light = np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4).astype(np.float32)
    return light


@functools.cache
def _make_table(transfer: Transfer, levels: int) -> Light:
    """Return the light of each level: where 1.0 is white for PQ, that of the scene for HLG."""
    code = np.linspace(0, 1, levels)
    light: Light = (_decode_pq(code) if transfer is Transfer.PQ else _decode_hlg(code)).astype(np.float32)
    return light


def _decode_pq(code: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the light of PQ code values from 0 to 1, where 1.0 is white."""
    root = code ** (1 / 78.84375)
    light: npt.NDArray[np.float64] = np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)
    return PQ_LUMINANCE / WHITE_LUMINANCE * light ** (1 / 0.1593017578125)


def _decode_hlg(code: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the scene light of HLG code values, both from 0 to 1."""
    return np.where(code <= 0.5, code**2 / 3, (np.exp((code - 0.55991073) / 0.17883277) + 0.28466892) / 12)


def _compress(light: Light) -> Light:
    """Compress the range from the knee to the peak luminance into that from the knee to 1, by the brightest channel."""
    peak = (PEAK_LUMINANCE / WHITE_LUMINANCE - KNEE) / (1 - KNEE)
    brightest = light.max(-1, keepdims=True)
    excess = np.clip((brightest - KNEE) / (1 - KNEE), 0, peak)
    target = np.where(brightest > KNEE, KNEE + (1 - KNEE) * excess * (1 + excess / peak**2) / (1 + excess), brightest)
    result: Light = light * (target / np.maximum(brightest, 1e-6))
    return result
