"""Train an adapter on the captions and feedback of a library, and decide whether it improves the model."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from search.encoders.adapter_training import PARTS, TrainingPairs, train_adapter
from search.encoders.encoder import ImageEncoder
from search.encoders.registry import ADAPTED
from search.evaluation.model_comparison import Comparison, ModelResult, compare_results
from search.evaluation.training_pairs import find_base, gather_training_pairs
from search.open_home import OpenHome
from search.records import Ids, Vectors

# Cross-validation: a fifth of the texts is held out at a time.
PARTS_PER_FOLD = PARTS // 5
# Folds are added until this many texts were evaluated; large libraries need no further fold.
MIN_EVALUATED = 500


@dataclass(frozen=True)
class Adaptation:
    """What the training of an adapter has led to.

    Attributes:
        name: The name of the adapted model, None if it does not improve the results and was discarded.
        comparison: The model with the adapter compared with the model without it.
        reciprocal_before: The mean reciprocal rank without the adapter, over texts that were held out.
        reciprocal_after: The same with the adapter.
    """

    name: str | None
    comparison: Comparison
    reciprocal_before: float
    reciprocal_after: float


def adapt_model(library: OpenHome, max_captions: int, report: Callable[[str], None]) -> Adaptation:
    """Train an adapter for the library's image encoder, and store it if it improves the results.

    The comparison uses cross-validation. The stored adapter learns from nine tenths of the texts; the last tenth
    decides when training stops.

    Args:
        library: The library whose captions and feedback to learn from.
        max_captions: The largest number of captions to use; all feedback is used.
        report: Receives a line of progress.

    Raises:
        UsageError: There are too few captions and feedback.
        ModelError: The vectors of the model without its current adapter were deleted.
    """
    base, space_id = find_base(library)
    gathered = gather_training_pairs(library, base, space_id, max_captions)
    report(f"Training on {gathered.captions} captions and {gathered.feedback} pieces of feedback")
    before, after = cross_validate(gathered.pairs, base)
    comparison = compare_results(before, after)
    name = None
    if comparison.better == 1:
        adapter = train_adapter(gathered.pairs, base)
        name = f"{base.name}{ADAPTED}{adapter.fingerprint[:8]}"
        adapter.write(name, library.home.models)
    return Adaptation(name, comparison, before.reciprocal, after.reciprocal)


def cross_validate(pairs: TrainingPairs, base: ImageEncoder) -> tuple[ModelResult, ModelResult]:
    """Rank images by held-out texts, without and with an adapter, one fold of the texts at a time.

    Args:
        pairs: The texts and images to learn from.
        base: The image encoder without an adapter.

    Returns:
        The results without and with the adapter.
    """
    before: list[int] = []
    after: list[int] = []
    for first in range(0, PARTS, PARTS_PER_FOLD):
        held_out = range(first, first + PARTS_PER_FOLD)
        adapter = train_adapter(pairs, base, (first + PARTS_PER_FOLD) % PARTS, held_out)
        queries = np.unique(pairs.text_indexes[pairs.fits & np.isin(pairs.parts[pairs.text_indexes], held_out)])
        before += rank_training_pairs(pairs, queries, pairs.images)
        after += rank_training_pairs(pairs, queries, adapter.apply(pairs.images))
        if len(before) >= MIN_EVALUATED:
            break
    dimension = pairs.images.shape[1]
    return (
        ModelResult("before", dimension, tuple(before), 0.0, 0.0, None),
        ModelResult("after", dimension, tuple(after), 0.0, 0.0, None),
    )


def rank_training_pairs(pairs: TrainingPairs, queries: Ids, rows: Vectors) -> list[int]:
    """Return for each text the rank of its best relevant image among all images; ties count against it.

    Args:
        pairs: The texts and images.
        queries: Positions of the texts to rank, shape (q,).
        rows: The vectors of the images of `pairs`, shape (n, d).

    Returns:
        The ranks, from 1, one per text.
    """
    by_item = np.argsort(pairs.items, kind="stable")
    items, starts = np.unique(pairs.items[by_item], return_index=True)
    scores = pairs.texts[queries] @ rows.T
    # A film may have several frames, one for each text about it.
    best = np.maximum.reduceat(scores[:, by_item], starts, axis=1)
    ranks = []
    for row, position in enumerate(queries):
        is_relevant = np.isin(items, pairs.items[(pairs.text_indexes == position) & pairs.fits])
        ranks.append(1 + int((best[row, ~is_relevant] >= best[row, is_relevant].max()).sum()))
    return ranks
