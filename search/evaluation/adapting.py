"""Training an adapter on what a library says about its own pictures, and judging whether it helps."""

from collections.abc import Callable

import numpy as np

from search.evaluation.comparing import Showing, Verdict, judge_showings, rank_answers
from search.evaluation.lessons import find_base, gather_lessons
from search.library import Library
from search.models.adapting import Lessons, split_texts, train_adapter
from search.models.registry import ADAPTED
from search.records import Vectors


def adapt_model(
    library: Library, most: int, say: Callable[[str], None]
) -> tuple[str | None, Verdict, tuple[float, float]]:
    """Train an adapter of the home's picture model; give its name, or None where it does not help, and the judgement.

    The last are the mean reciprocal ranks before and after, by texts that were not trained on. most: so many captions
    at most; what people have said of hits is learned from as well. Raises UsageError when there is too little of both,
    ModelError when the vectors of the model without its present adapter are gone.
    """
    base, space_id = find_base(library)
    lessons, captions, opinions = gather_lessons(library, base, space_id, most)
    say(f"training on {captions} captions and {opinions} opinions")
    adapter = train_adapter(lessons, base.fingerprint, base.parts[0])
    before = _show("before", lessons, lessons.pictures)
    after = _show("after", lessons, adapter.apply(lessons.pictures))
    verdict = judge_showings(before, after)
    if verdict.better != 1:
        return None, verdict, (before.reciprocal, after.reciprocal)
    name = f"{base.name}{ADAPTED}{adapter.fingerprint[:8]}"
    adapter.write(name, library.home.models)
    return name, verdict, (before.reciprocal, after.reciprocal)


def _show(name: str, lessons: Lessons, rows: Vectors) -> Showing:
    """Ask by the held-out texts for a picture of each, among one a text."""
    held = split_texts(len(lessons.texts))[2]
    fitting = np.flatnonzero(lessons.fits & np.isin(lessons.of, held))
    texts, first = np.unique(lessons.of[fitting], return_index=True)
    ranks = rank_answers(lessons.texts[texts], rows[fitting[first]], range(len(texts)))
    return Showing(name, rows.shape[1], ranks, 0.0, 0.0, None)
