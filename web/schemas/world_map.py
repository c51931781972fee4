"""The response with the clusters of a map."""

from web.contract.documents import Document
from web.schemas.search import PlaceDocument


class ClusterDocument(Document):
    """Items that were captured near each other.

    Attributes:
        latitude: The mean latitude, in degrees.
        longitude: The mean longitude, in degrees.
        count: The number of items.
        item: The id of one of them, whose thumbnail can be shown.
        west: The west end of the part of the map with all of them, in degrees.
        south: The south end, in degrees.
        east: The east end, in degrees.
        north: The north end, in degrees.
        places: The city, the region and the country that all of them were captured in; empty if they differ.
    """

    latitude: float
    longitude: float
    count: int
    item: int
    west: float
    south: float
    east: float
    north: float
    places: list[PlaceDocument]


class MapDocument(Document):
    """Where items were captured.

    Attributes:
        total: The number of items in this part of the map.
        clusters: The clusters, the largest first.
    """

    total: int
    clusters: list[ClusterDocument]
