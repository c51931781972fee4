"""Training data of an adapter: captions and feedback, each with the image it is about."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from search.encoders.adapter import AdaptedImageEncoder
from search.encoders.adapter_training import TrainingPairs, part_texts
from search.encoders.encoder import ImageEncoder
from search.errors import ModelError, UsageError
from search.evaluation.synthetic_queries import list_captioned
from search.open_home import OpenHome
from search.storage.feedback import FeedbackStore

# With fewer texts that fit an image, an adapter cannot be trained and evaluated.
MIN_TEXTS = 50


@dataclass(frozen=True)
class GatheredPairs:
    """What an adapter can learn from.

    Attributes:
        pairs: The texts with their images.
        captions: The number of captions.
        feedback: The number of pieces of feedback.
    """

    pairs: TrainingPairs
    captions: int
    feedback: int


class _Label(NamedTuple):
    """A text and whether an item is relevant to it."""

    text: str
    item_id: int
    fits: bool


def find_base(library: OpenHome) -> tuple[ImageEncoder, int]:
    """Return the library's image encoder without an adapter, and the id of the space of its vectors.

    Raises:
        ModelError: The encoder has an adapter, and the vectors without it were deleted.
    """
    encoder = library.models.image_encoder
    base = encoder.base if isinstance(encoder, AdaptedImageEncoder) else encoder
    space = next((space for space in library.spaces.list_all() if space.fingerprint == base.fingerprint), None)
    if space is None:
        raise ModelError(
            f"{encoder.name} has an adapter, and the vectors of {base.name} were deleted: run "
            f"`crossmodal models use {base.name}` first"
        )
    return base, space.id


def gather_training_pairs(library: OpenHome, base: ImageEncoder, space_id: int, max_captions: int) -> GatheredPairs:
    """Return the captions and feedback of a library with the vectors of their images.

    Args:
        library: The library.
        base: The image encoder without an adapter, from `find_base`.
        space_id: The space of its vectors, from `find_base`.
        max_captions: The largest number of captions.

    Returns:
        The pairs and how many captions and pieces of feedback were found.

    Raises:
        UsageError: Fewer than `MIN_TEXTS` texts fit an image.
    """
    captions = [_Label(pair.caption, pair.item.id, True) for pair in list_captioned(library, max_captions)]
    feedback = [
        _Label(given.text, given.item_id, given.is_relevant) for given in FeedbackStore(library.database).list_agreed()
    ]
    ids = {label.item_id for label in captions + feedback}
    vectors = {item_id: library.catalog.read_vectors(item_id, space_id) for item_id in ids}
    labels = sorted(feedback + captions, key=lambda label: (label.text.casefold(), label.item_id, label.text))
    labels = [label for label in labels if len(vectors[label.item_id])]
    # The position of each distinct text, and for each label the position of its text.
    distinct: dict[str, int] = {}
    text_indexes = np.array([distinct.setdefault(label.text.casefold(), len(distinct)) for label in labels], np.int64)
    fits = np.array([label.fits for label in labels], bool)
    fitting = np.unique(text_indexes[fits])
    if len(fitting) < MIN_TEXTS:
        raise UsageError(
            f"too few texts to train on: {len(fitting)} fit an image ({len(captions)} captions, {len(feedback)} pieces "
            f"of feedback), at least {MIN_TEXTS} are needed. Add captions to files, or rate results"
        )
    _, first_labels = np.unique(text_indexes, return_index=True)
    texts = np.concatenate([base.encode_texts([labels[position].text]) for position in first_labels])
    # A text about a film is about the frame that is nearest to it.
    frames = [vectors[label.item_id] for label in labels]
    asked = texts[text_indexes]
    images = np.stack([rows[int(np.argmax(rows @ text))] for rows, text in zip(frames, asked, strict=True)])
    items = np.array([label.item_id for label in labels], np.int64)
    parts = part_texts(list(distinct), np.isin(np.arange(len(distinct)), fitting))
    pairs = TrainingPairs(texts, parts, images, items, text_indexes, fits)
    return GatheredPairs(pairs, len(captions), len(feedback))
