"""Where in a picture the query is seen: each region is judged as if it were a picture of its own."""

import numpy as np

from search.errors import UsageError
from search.library import Library
from search.media.image.picture import USEFUL_SIDE, open_image
from search.paths import find_file
from search.query.encoding import encode_query
from search.records import ItemType, Query, Vectors

# Regions along each side, and the side of one as a share of the picture's: they overlap by half and more.
REGIONS = 6
SHARE = 0.34


def compute_heatmap(library: Library, item_id: int, query: Query) -> Vectors:
    """Return how much of the query each region shows, from 0 for the least to 1 for the most, shape (6, 6), float32.

    Row and column of a region are those of its center. Raises NotFoundError when the item is no picture that is
    there, UsageError when the query says nothing that can be seen.
    """
    item = library.catalog.get_item(item_id)
    path = find_file(item, f"item {item_id} is no picture that can be looked at", {ItemType.IMAGE})
    parts = [part for part in encode_query(library, query).visual if part.weight > 0]
    if not parts:
        raise UsageError("the query says nothing that can be seen in a picture")
    picture, _ = open_image(path, USEFUL_SIDE)
    encoder = library.models.image_encoder
    side = (SHARE * picture.width, SHARE * picture.height)
    steps = np.linspace(0, 1 - SHARE, REGIONS)
    regions = [
        picture.crop(
            (
                round(x * picture.width),
                round(y * picture.height),
                round(x * picture.width + side[0]),
                round(y * picture.height + side[1]),
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
