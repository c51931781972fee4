"""Training an adapter on what a library says about its own pictures, and judging whether it helps."""

from collections.abc import Callable

import numpy as np

from search.errors import UsageError
from search.evaluation.comparing import BATCH, Showing, Verdict, judge_showings, rank_answers
from search.evaluation.selftest import list_captioned, open_captioned
from search.library import Library
from search.models.adapting import split_captions, train_adapter
from search.models.registry import ADAPTED
from search.records import Ids, Vectors

FEWEST = 50


def adapt_model(
    library: Library, most: int, say: Callable[[str], None]
) -> tuple[str | None, Verdict, tuple[float, float]]:
    """Train an adapter of the home's picture model; give its name, or None where it does not help, and the judgement.

    The last are the mean reciprocal ranks before and after, on captions that were not trained on. Raises UsageError
    when there are too few captions.
    """
    encoder = library.models.picture
    captioned = list_captioned(library, most)
    if len(captioned) < FEWEST:
        raise UsageError(f"the library holds only {len(captioned)} pictures with a caption; {FEWEST} are the fewest")
    say(f"embedding {len(captioned)} pictures and their captions")
    opened = [(one.caption, encoder.preparation(picture)) for one, picture in open_captioned(captioned)]
    prepared = [pixels for _, pixels in opened]
    pictures = np.concatenate(
        [encoder.encode_pictures(prepared[start : start + BATCH]) for start in range(0, len(prepared), BATCH)]
    )
    texts = np.concatenate([encoder.encode_texts([caption]) for caption, _ in opened])
    say("training")
    adapter = train_adapter(pictures, texts, encoder.fingerprint, encoder.parts[0])
    held = split_captions(len(pictures))[2]
    before = _show("before", pictures, texts, pictures, held)
    after = _show("after", pictures, texts, adapter.apply(pictures), held)
    verdict = judge_showings(before, after)
    if verdict.better != 1:
        return None, verdict, (before.reciprocal, after.reciprocal)
    name = f"{encoder.name.partition(ADAPTED)[0]}{ADAPTED}{adapter.fingerprint[:8]}"
    adapter.write(name, library.home.models)
    return name, verdict, (before.reciprocal, after.reciprocal)


def _show(name: str, pictures: Vectors, texts: Vectors, rows: Vectors, held: Ids) -> Showing:
    """Ask for the held-out pictures among the held-out ones."""
    return Showing(name, pictures.shape[1], rank_answers(texts[held], rows[held]), 0.0, 0.0, None)
