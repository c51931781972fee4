"""Encoding of one part of a query: a text, an image or an item."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from search.deadline import check_deadline
from search.errors import UsageError
from search.open_home import OpenHome
from search.paths import find_file
from search.records import ItemType, Pixels, QueryPart, Retriever, Vectors
from search.retrieval.visual_scoring import score_example, score_text
from search.scoring.visual import VisualScorer


@dataclass(frozen=True)
class EncodedPart:
    """One part of a query.

    Attributes:
        visual: Scores images for the part; None for an item without an image.
        semantic: Its vector in the semantic space, shape (d,); None for an image, and for an item without text.
        weight: Its weight; a negative weight ranks similar items lower.
    """

    visual: VisualScorer | None = None
    semantic: Vectors | None = None
    weight: float = 1.0


def decode_part(library: OpenHome, part: QueryPart) -> Pixels | None:
    """Return the pixels of a part that is an image, or a region of one; None for the others.

    Raises:
        UnreadableMediaError: The image cannot be read.
        NotFoundError: The item or the uploaded image does not exist.
        UsageError: The region is too small, or the item is not an image.
    """
    check_deadline()
    image: bytes | Path | None = part.image
    if part.query_image is not None:
        image = library.query_images.read(part.query_image)
    elif part.item is not None and part.crop:
        image = _find_image(library, part.item)
    if image is None or part.text is not None:
        return None
    from search.media.on_demand import prepare_image

    transform = library.models.image_encoder.transform
    return library.media.call(prepare_image, image, part.crop, transform, library.limits.pixels)


def _find_image(library: OpenHome, item_id: int) -> Path:
    item = library.catalog.get_item(item_id)
    if item.type is not ItemType.IMAGE:
        raise UsageError(f"crop: item {item_id} is not an image.")
    return find_file(item, {ItemType.IMAGE})


def encode_part(library: OpenHome, part: QueryPart, pixels: Pixels | None) -> EncodedPart:
    """Encode a part.

    Args:
        library: The library.
        part: The part.
        pixels: What `decode_part` returned for it.

    Raises:
        NotFoundError: The item does not exist.
        DeadlineError: The deadline of the request has passed.
    """
    check_deadline()
    if part.text is not None:
        return encode_text(library, part.text)
    if pixels is not None:
        vector: Vectors = library.models.image_encoder.encode_images([pixels])[0]
        return EncodedPart(score_example(library, vector))
    return _encode_item(library, part.item or 0)


def encode_text(library: OpenHome, text: str) -> EncodedPart:
    """Encode a text for the visual and the semantic space."""
    check_deadline()
    return EncodedPart(score_text(library, text), library.models.text_encoder.encode_queries([text])[0])


def _encode_item(library: OpenHome, item_id: int) -> EncodedPart:
    """Encode an indexed item by the mean of its vectors in each space."""
    library.catalog.get_item(item_id)
    means = {}
    for retriever, index in library.indexes.items():
        rows = library.catalog.read_vectors(item_id, index.space_id)
        if len(rows):
            mean = rows.mean(axis=0)
            means[retriever] = mean / np.linalg.norm(mean)
    image = means.get(Retriever.VISUAL)
    return EncodedPart(score_example(library, image) if image is not None else None, means.get(Retriever.SEMANTIC))
