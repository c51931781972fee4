"""Where an image shows the query: each region is scored as if it were an image."""

import numpy as np

from search.errors import UsageError
from search.media.image.picture import USEFUL_SIDE, open_image
from search.open_home import OpenHome
from search.paths import find_file
from search.query.encoding import encode_query
from search.records import ItemType, Query, Vectors

# The number of regions along each side.
REGIONS = 6
# The side of a region as a share of the side of the image. Regions overlap by more than half.
REGION_SHARE = 0.34


def compute_heatmap(library: OpenHome, item_id: int, query: Query) -> Vectors:
    """Compute how well each region of an image matches a query.

    Args:
        library: The library.
        item_id: An image.
        query: The query.

    Returns:
        Scores from 0 for the worst region to 1 for the best, shape (6, 6), float32. Row and column are those of the
        center of the region.

    Raises:
        NotFoundError: The item is not an image, or its file is missing.
        UsageError: The query has no part that an image can show.
    """
    item = library.catalog.get_item(item_id)
    path = find_file(item, f"Item {item_id} is not an image, or its file is missing.", {ItemType.IMAGE})
    parts = [part for part in encode_query(library, query).visual if part.weight > 0]
    if not parts:
        raise UsageError("The query has no part that an image can show. Add words or an image.")
    image, _ = open_image(path, USEFUL_SIDE)
    encoder = library.models.image_encoder
    side = (REGION_SHARE * image.width, REGION_SHARE * image.height)
    steps = np.linspace(0, 1 - REGION_SHARE, REGIONS)
    regions = [
        image.crop(
            (
                round(x * image.width),
                round(y * image.height),
                round(x * image.width + side[0]),
                round(y * image.height + side[1]),
            )
        )
        for y in steps
        for x in steps
    ]
    seen = encoder.encode_images([encoder.transform(region) for region in regions])
    vector = sum((part.weight * part.scorer.direction for part in parts), np.zeros(seen.shape[1], np.float32))
    scores = (seen @ vector).reshape(REGIONS, REGIONS)
    spread = float(np.ptp(scores))
    return ((scores - scores.min()) / spread if spread else np.zeros_like(scores)).astype(np.float32)
