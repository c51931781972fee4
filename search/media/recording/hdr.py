"""Convert colors of a high dynamic range to those of a screen.

The transfer functions are those of ITU-R BT.2100 (PQ and HLG); the reference white is that of ITU-R BT.2408.
"""

from enum import IntEnum

import numpy as np
import numpy.typing as npt

WHITE_NITS = 203.0
PQ_PEAK_NITS, HLG_PEAK_NITS = 10_000.0, 1_000.0
HLG_SYSTEM_GAMMA = 1.2
# Brightness up to this share of the reference white is kept; brighter parts are compressed.
KNEE = 0.6
LUMA_2020 = np.array([0.2627, 0.6780, 0.0593], np.float32)
# From the primaries of BT.2020 to those of BT.709 (ITU-R BT.2087).
TO_709 = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]],
    np.float32,
)

Light = npt.NDArray[np.float32]


class Transfer(IntEnum):
    """The transfer functions with a high dynamic range, by their numbers in ITU-T H.273."""

    PQ = 16
    HLG = 18

    @classmethod
    def find(cls, number: int) -> "Transfer | None":
        """Return the transfer function with a number; None if it has a standard range."""
        return cls(number) if number in cls._value2member_map_ else None


def map_tones(colors: npt.NDArray[np.uint16], transfer: Transfer) -> npt.NDArray[np.uint8]:
    """Return an image for a screen (sRGB).

    Args:
        colors: RGB with the primaries of BT.2020, shape (height, width, 3), uint16.
        transfer: The transfer function of the colors.

    Returns:
        Shape (height, width, 3), uint8.
    """
    levels = np.linspace(0, 1, 65536, dtype=np.float32)
    light = (_decode_pq(levels) if transfer is Transfer.PQ else _decode_hlg(levels))[colors]
    if transfer is Transfer.HLG:
        luma = (light @ LUMA_2020)[..., None]
        light *= HLG_PEAK_NITS / WHITE_NITS * np.maximum(luma, 1e-6) ** (HLG_SYSTEM_GAMMA - 1)
    light = np.maximum(light @ TO_709.T, 0)
    brightest = light.max(axis=-1, keepdims=True)
    over = np.maximum(brightest - KNEE, 0) / (1 - KNEE)
    mapped = np.where(over > 0, KNEE + (1 - KNEE) * (1 - np.exp(-over)), brightest)
    light *= mapped / np.maximum(brightest, 1e-6)
    screen = np.where(light <= 0.0031308, 12.92 * light, 1.055 * np.maximum(light, 1e-6) ** (1 / 2.4) - 0.055)
    shown: npt.NDArray[np.uint8] = np.rint(screen.clip(0, 1) * 255).astype(np.uint8)
    return shown


def _decode_pq(levels: Light) -> Light:
    """Return the light for signal levels from 0 to 1; the reference white is 1."""
    root = levels ** (1 / 78.84375)
    light: Light = (np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)) ** (1 / 0.1593017578125)
    return light * np.float32(PQ_PEAK_NITS / WHITE_NITS)


def _decode_hlg(levels: Light) -> Light:
    """Return the light of the scene, from 0 to 1, for signal levels from 0 to 1."""
    bright = (np.exp((levels - 0.55991073) / 0.17883277) + 0.28466892) / 12
    return np.where(levels <= 0.5, levels**2 / 3, bright).astype(np.float32)
