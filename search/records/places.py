"""Where items were captured, and how precisely callers may see it."""

from dataclasses import dataclass
from enum import StrEnum


class LocationPrecision(StrEnum):
    """How precisely clients see where something was captured."""

    EXACT = "exact"
    ROUNDED = "rounded"
    HIDDEN = "hidden"


@dataclass(frozen=True)
class ItemPlace:
    """Where an item was captured.

    Attributes:
        area: The code of the region (`IT.20`), or of the country (`IT`) if no region is known.
        city: The number of the nearest city in GeoNames; None if there is none near.
        rounded_area: The region or country at the rounded coordinates, for those who may not see the exact ones.
    """

    area: str
    city: int | None = None
    rounded_area: str | None = None
