"""Training data of an adapter: captions and feedback, each with the image it is about."""

from dataclasses import dataclass

import numpy as np

from search.encoders.adapter import AdaptedImageEncoder
from search.encoders.adapter_training import TrainingPairs, part_texts
from search.encoders.encoder import ImageEncoder
from search.errors import ModelError, UsageError
from search.evaluation.synthetic_queries import list_captioned
from search.open_home import OpenHome
from search.storage.feedback import FeedbackStore

# Fewer fitting texts are not enough to train and evaluate an adapter.
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


def find_base(library: OpenHome) -> tuple[ImageEncoder, int]:
    """Return the library's image encoder without an adapter, and the id of the space of its vectors.

    Raises:
        ModelError: The encoder has an adapter, and the vectors from before are gone.
    """
    encoder = library.models.image_encoder
    base = encoder.base if isinstance(encoder, AdaptedImageEncoder) else encoder
    space = next((one for one in library.spaces.list_all() if one.fingerprint == base.fingerprint), None)
    if space is None:
        raise ModelError(
            f"{encoder.name} has an adapter, and the vectors of {base.name} are gone: go back to it first with "
            f"`crossmodal models use {base.name}`"
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
    captions = [(one.caption, one.item.id, True) for one in list_captioned(library, max_captions)]
    feedback = [(one.text, one.item_id, one.is_relevant) for one in FeedbackStore(library.database).list_all()]
    ids = {item_id for _, item_id, _ in captions + feedback}
    rows = {item_id: library.catalog.read_vectors(item_id, space_id) for item_id in ids}
    known = sorted(feedback + captions, key=lambda one: (one[0].casefold(), one[1], one[0]))
    known = [one for one in known if len(rows[one[1]])]
    places: dict[str, int] = {}
    of = np.array([places.setdefault(text.casefold(), len(places)) for text, _, _ in known], np.int64)
    fits = np.array([does_fit for _, _, does_fit in known], bool)
    fitting = np.unique(of[fits])
    if len(fitting) < MIN_TEXTS:
        raise UsageError(
            f"too few texts to train on: {len(fitting)} fit an image ({len(captions)} captions, {len(feedback)} pieces "
            f"of feedback), at least {MIN_TEXTS} are needed. Add captions to files, or rate results"
        )
    _, first = np.unique(of, return_index=True)
    texts = np.concatenate([base.encode_texts([known[at][0]]) for at in first])
    # A text about a film is about the frame that is nearest to it.
    frames = [rows[item_id] for _, item_id, _ in known]
    images = np.stack([one[int(np.argmax(one @ texts[place]))] for one, place in zip(frames, of, strict=True)])
    items = np.array([item_id for _, item_id, _ in known], np.int64)
    parts = part_texts(list(places), np.isin(np.arange(len(places)), fitting))
    return GatheredPairs(TrainingPairs(texts, parts, images, items, of, fits), len(captions), len(feedback))
