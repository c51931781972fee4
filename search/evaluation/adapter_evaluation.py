"""Training an adapter on what a library says about its own pictures, and judging whether it helps."""

from collections.abc import Callable

import numpy as np

from search.encoders.adapter_training import PARTS, TrainingPairs, train_adapter
from search.encoders.registry import ADAPTED
from search.evaluation.model_comparison import Comparison, ModelResult, compare_results
from search.evaluation.training_pairs import find_base, gather_training_pairs
from search.library import Library
from search.records import Ids, Vectors

# Judged by a fifth of the texts at a time, with an adapter that was trained without them.
FOLD = PARTS // 5
# Texts that are enough to judge by: where there are many, not every fifth is asked for.
ENOUGH = 500


def adapt_model(
    library: Library, most: int, say: Callable[[str], None]
) -> tuple[str | None, Comparison, tuple[float, float]]:
    """Train an adapter of the home's picture model; give its name, or None where it does not help, and the judgement.

    It is judged by cross-validation; of the adapter that is kept, a tenth of the texts says when to stop. The last are
    the mean reciprocal ranks before and after, by texts that were not trained on. most: so many captions at most; what
    people have said of hits is learned from as well. Raises UsageError when there is too little of both, ModelError
    when the vectors of the model without its present adapter are gone.
    """
    base, space_id = find_base(library)
    lessons, captions, feedback = gather_training_pairs(library, base, space_id, most)
    say(f"training on {captions} captions and {feedback} opinions")
    before, after = judge_training(lessons, base.fingerprint, base.parts[0])
    comparison = compare_results(before, after)
    if comparison.better != 1:
        return None, comparison, (before.reciprocal, after.reciprocal)
    adapter = train_adapter(lessons, base.fingerprint, base.parts[0])
    name = f"{base.name}{ADAPTED}{adapter.fingerprint[:8]}"
    adapter.write(name, library.home.models)
    return name, comparison, (before.reciprocal, after.reciprocal)


def judge_training(lessons: TrainingPairs, base: str, width: int) -> tuple[ModelResult, ModelResult]:
    """Ask by texts before and after training without them, a fifth of them at a time.

    base, width: as `train_adapter` takes them.
    """
    before: list[int] = []
    after: list[int] = []
    for first in range(0, PARTS, FOLD):
        held = range(first, first + FOLD)
        adapter = train_adapter(lessons, base, width, (first + FOLD) % PARTS, held)
        asked = np.unique(lessons.of[lessons.fits & np.isin(lessons.parts[lessons.of], held)])
        before += rank_training_pairs(lessons, asked, lessons.images)
        after += rank_training_pairs(lessons, asked, adapter.apply(lessons.images))
        if len(before) >= ENOUGH:
            break
    dimension = lessons.images.shape[1]
    return (
        ModelResult("before", dimension, tuple(before), 0.0, 0.0, None),
        ModelResult("after", dimension, tuple(after), 0.0, 0.0, None),
    )


def rank_training_pairs(lessons: TrainingPairs, asked: Ids, rows: Vectors) -> list[int]:
    """Return for each text the rank, from 1, of the best of the pictures that fit it among all that are known.

    asked: shape (a,), places of texts; rows: shape (n, d), the vectors of the pictures of the lessons. Equals count
    as being before it.
    """
    order = np.argsort(lessons.items, kind="stable")
    items, starts = np.unique(lessons.items[order], return_index=True)
    scores = lessons.texts[asked] @ rows.T
    # Of a film there may be several frames, one for each text that is about it.
    best = np.maximum.reduceat(scores[:, order], starts, axis=1)
    ranks = []
    for row, place in enumerate(asked):
        fitting = np.isin(items, lessons.items[(lessons.of == place) & lessons.fits])
        ranks.append(1 + int((best[row, ~fitting] >= best[row, fitting].max()).sum()))
    return ranks
