"""Heatmaps of the regions of an image that match a query. Each region is scored as if it were an image."""

import numpy as np

from search.errors import UsageError
from search.media.on_demand import prepare_regions
from search.open_home import OpenHome
from search.paths import find_file
from search.query.encoding import encode_query
from search.records import Box, ItemType, Query, Vectors

# The number of regions along each side.
REGIONS = 6
# The side of a region as a share of the side of the image. Regions overlap by more than half.
REGION_SHARE = 0.34


def compute_heatmap(library: OpenHome, item_id: int, query: Query) -> Vectors:
    """Compute how well each region of an image matches a query.

    Args:
        library: The library.
        item_id: The id of an image.
        query: The query. Its filters are ignored.

    Returns:
        Scores from 0 for the worst region to 1 for the best, shape (6, 6), float32, rows from the top.

    Raises:
        NotFoundError: The item is not an image, or its file is missing.
        UnreadableMediaError: The file, or an image or recording of the query, cannot be decoded.
        UsageError: The query is not valid, or has no part that an image can show.
    """
    item = library.catalog.get_item(item_id)
    path = find_file(item, {ItemType.IMAGE})
    parts = [part for part in encode_query(library, query).visual if part.weight > 0]
    if not parts:
        raise UsageError("The query has no part that an image can show. Add words or an image.")
    encoder = library.models.image_encoder
    regions = library.media.call(prepare_regions, path, _list_regions(), encoder.transform)
    with library.encoding.enter():
        vectors = encoder.encode_images(regions)
    direction = sum((part.weight * part.scorer.direction for part in parts), np.zeros(vectors.shape[1], np.float32))
    scores = (vectors @ direction).reshape(REGIONS, REGIONS)
    score_range = float(np.ptp(scores))
    return ((scores - scores.min()) / score_range if score_range else np.zeros_like(scores)).astype(np.float32)


def _list_regions() -> list[Box]:
    """Return overlapping regions of an image, row by row."""
    offsets = np.linspace(0, 1 - REGION_SHARE, REGIONS).tolist()
    return [(x, y, REGION_SHARE, REGION_SHARE) for y in offsets for x in offsets]
