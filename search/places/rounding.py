"""Coordinates as those see them who may only see rounded ones."""

import math

# A tenth of a degree of latitude is 11 km.
ROUNDED_DEGREES = 0.1


def round_location(latitude: float, longitude: float) -> tuple[float, float]:
    """Return coordinates in degrees, rounded to about 11 km."""
    latitude = _round(latitude, ROUNDED_DEGREES)
    # Degrees of longitude are shorter away from the equator. At the poles they all mean the same place.
    length = math.cos(math.radians(latitude))
    longitude = _round(longitude, ROUNDED_DEGREES / length) if length > ROUNDED_DEGREES / 180 else 0.0
    return latitude, max(-180.0, min(longitude, 180.0))


def _round(degrees: float, step: float) -> float:
    """Return the nearest multiple of a step, with four decimals."""
    return round(round(degrees / step) * step, 4)
