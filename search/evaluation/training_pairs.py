"""What an adapter learns from: captions, and what people have said of hits, each with the picture it is about."""

import numpy as np

from search.encoders.adapter import AdaptedImageEncoder
from search.encoders.adapter_training import TrainingPairs, part_texts
from search.encoders.encoder import ImageEncoder
from search.errors import ModelError, UsageError
from search.evaluation.synthetic_queries import list_captioned
from search.library import Library
from search.storage.feedback import FeedbackStore

# Fewer texts than this say nothing.
MIN_SAMPLE = 50


def find_base(library: Library) -> tuple[ImageEncoder, int]:
    """Return the home's picture model without an adapter, and the space that holds its vectors.

    Raises ModelError when the model is adapted already and the vectors from before are gone.
    """
    encoder = library.models.image_encoder
    base = encoder.base if isinstance(encoder, AdaptedImageEncoder) else encoder
    found = next((one for one in library.spaces.list_all() if one.fingerprint == base.fingerprint), None)
    if found is None:
        raise ModelError(
            f"{encoder.name} is adapted, and the vectors of {base.name} are gone: go back to it first with "
            f"`crossmodal models use {base.name}`"
        )
    return base, found.id


def gather_training_pairs(
    library: Library, base: ImageEncoder, space_id: int, most: int
) -> tuple[TrainingPairs, int, int]:
    """Return what can be learned from, and how many captions and opinions that are.

    base, space_id: as `find_base` gives them; most: so many captions at most. Raises UsageError when there
    are too few texts.
    """
    captions = [(one.caption, one.item.id, True) for one in list_captioned(library, most)]
    feedback = [(one.text, one.item_id, one.is_relevant) for one in FeedbackStore(library.database).list_all()]
    ids = {item_id for _, item_id, _ in captions + feedback}
    rows = {item_id: library.catalog.read_vectors(item_id, space_id) for item_id in ids}
    known = sorted(feedback + captions, key=lambda one: (one[0].casefold(), one[1], one[0]))
    known = [one for one in known if len(rows[one[1]])]
    places: dict[str, int] = {}
    of = np.array([places.setdefault(text.casefold(), len(places)) for text, _, _ in known], np.int64)
    fits = np.array([does_fit for _, _, does_fit in known], bool)
    said = np.unique(of[fits])
    if len(said) < MIN_SAMPLE:
        raise UsageError(
            f"the library holds only {len(said)} texts that are known to fit a picture, captions ({len(captions)}) "
            f"and what was said of hits ({len(feedback)}); {MIN_SAMPLE} are the fewest"
        )
    _, first = np.unique(of, return_index=True)
    texts = np.concatenate([base.encode_texts([known[at][0]]) for at in first])
    # Of a film, the frame that comes nearest is meant.
    frames = [rows[item_id] for _, item_id, _ in known]
    pictures = np.stack([one[int(np.argmax(one @ texts[place]))] for one, place in zip(frames, of, strict=True)])
    items = np.array([item_id for _, item_id, _ in known], np.int64)
    parts = part_texts(list(places), np.isin(np.arange(len(places)), said))
    return TrainingPairs(texts, parts, pictures, items, of, fits), len(captions), len(feedback)
