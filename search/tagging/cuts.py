"""The cut of each tag, with the precision that was measured for it."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from search.encoders.registry import ADAPTED, IMAGE_MODEL
from search.records import Vectors
from search.tagging.vocabulary import Entry

FITTED_FILE = Path(__file__).parent / "cuts.json"
# The weights of a logistic regression for each kind of picture that texts do not find, as (k, d + 1) with the bias.
PROBES_FILE = Path(__file__).parent / "probes.npz"
# The relevance from which an image gets a tag for which no cut was fitted.
DEFAULT_CUT = 0.9
# Tags with a lower measured precision are not given.
MIN_PRECISION = 0.7


@dataclass(frozen=True)
class Fitted:
    """What was measured for a query.

    Attributes:
        cut: The log-odds of relevance from which an image gets the tag; None if no cut is precise enough.
        precision: The share of right images among those above the cut, on other images than it was fitted on.
        recall: The share of the right images that are above the cut, on the same images.
        images: The number of images above the cut.
        is_pooled: Whether it was measured together with other names of things, which have too few images each.
    """

    cut: float | None
    precision: float | None
    recall: float | None = None
    images: int = 0
    is_pooled: bool = False


@dataclass(frozen=True)
class UsedTag:
    """A tag as it is used with a model.

    Attributes:
        entry: The entry of the vocabulary.
        cut: The log-odds from which an image gets the tag; None if the tag is not given.
        fitted: What was measured; None if nothing was.
        is_probed: Whether a packaged probe scores images, not the query.
    """

    entry: Entry
    cut: float | None
    fitted: Fitted | None
    is_probed: bool = False

    @property
    def precision(self) -> float | None:
        """The measured precision; None if it was not measured at the cut in use."""
        return self.fitted.precision if self.fitted is not None and self.entry.cut is None else None


@cache
def read_fitted() -> Mapping[str, Fitted]:
    """Read the packaged cuts of the bundled model, by query."""
    document = json.loads(FITTED_FILE.read_text(encoding="utf-8"))
    return {query: Fitted(**values) for query, values in document.items()}


@cache
def read_probes() -> Mapping[str, Vectors]:
    """Read the packaged probes of the bundled model by query, shape (d + 1,) each."""
    with np.load(PROBES_FILE) as stored:
        return dict(zip(stored["queries"].tolist(), stored["weights"].astype(np.float32), strict=True))


def choose_cuts(entries: Sequence[Entry], model: str) -> list[UsedTag]:
    """Return every entry with its cut for a model.

    The packaged cuts hold for the bundled model and its adapters. A tag of the packaged vocabulary whose precision is
    too low or could not be measured is not given, unless the user sets its cut. With other models and for queries of
    the user, the default cut is used and the precision is unknown.

    Args:
        entries: The entries of the vocabulary.
        model: The name of the image encoder.
    """
    fitted = read_fitted() if model.partition(ADAPTED)[0] == IMAGE_MODEL else {}
    used = []
    for entry in entries:
        found = fitted.get(entry.query)
        cut = found.cut if found is not None else to_logit(DEFAULT_CUT)
        is_probed = found is not None and entry.query in read_probes()
        used.append(UsedTag(entry, to_logit(entry.cut) if entry.cut is not None else cut, found, is_probed))
    return used


def to_logit(probability: float) -> float:
    """Return the log-odds of a probability between 0 and 1."""
    return math.log(probability / (1 - probability))
