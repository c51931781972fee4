"""Coordinates as those see them who may only see rounded ones."""

import numpy as np
from numpy.typing import NDArray

# A tenth of a degree of latitude is 11 km.
ROUNDED_DEGREES = 0.1

Degrees = NDArray[np.float64]


def round_location(latitude: float, longitude: float) -> tuple[float, float]:
    """Return coordinates in degrees, rounded to about 11 km."""
    latitudes, longitudes = round_locations(np.array([latitude]), np.array([longitude]))
    return float(latitudes[0]), float(longitudes[0])


def round_locations(latitudes: Degrees, longitudes: Degrees) -> tuple[Degrees, Degrees]:
    """Return many coordinates in degrees, shape (n,) each, rounded to about 11 km."""
    latitudes = _round(latitudes, ROUNDED_DEGREES)
    # Degrees of longitude are shorter away from the equator. At the poles they all mean the same place.
    lengths = np.maximum(np.cos(np.radians(latitudes)), 0.0)
    is_pole = lengths <= ROUNDED_DEGREES / 180
    rounded = _round(longitudes, ROUNDED_DEGREES / np.where(is_pole, 1.0, lengths))
    return latitudes, np.clip(np.where(is_pole, 0.0, rounded), -180.0, 180.0)


def _round(degrees: Degrees, step: float | Degrees) -> Degrees:
    """Return the nearest multiple of a step, with four decimals."""
    return np.round(np.round(degrees / step) * step, 4)
