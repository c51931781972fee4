"""The decision whether any image of a library shows what a text describes. It is separate from scoring.

It depends on how well the best images match, and on whether the text consists of words of some language. In a large
library some image always has a high score by chance. In doubtful cases, results are shown.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from search.records import Vectors
from search.scoring.candidates import POSSIBLE_CUT, RELEVANCE_CUT, to_probability
from search.scoring.visual import MEASURES

PRESENCE_FILE = Path(__file__).parent / "presence.json"
# The lowest log-odds at which something is present: the strictest cut that calls at most 3 % of the things that 500
# photos show absent.
# docs/evaluation.md compares stricter and more lenient cuts.
PRESENT_CUT = 1.0
# With fewer images than this, the cut is lowered in proportion, since chance matches are rarer.
MIN_IMAGES_FULL_CUT = 256
# Features of the scores: the log-odds of the images at these ranks, and the logarithm of 1 + the number of images with
# positive log-odds. After them come the properties of the text (`QueryWording`), and for each part of the space the
# similarity, standing, margin and named standing of the nearest image.
RANKS = (1, 5, 20, 100)
# The lowest log-odds, used also for ranks that a small library does not have.
MIN_LOGIT = -12.0
# Ordinary texts have at most this oddness; random letters have more.
MAX_ORDINARY_ODDNESS = 4.5
# If something is present, the log-odds of the best image are raised to at least this.
MIN_PRESENT_LOGIT = 0.05


@dataclass(frozen=True)
class QueryWording:
    """Properties of the text of a query, measured before the search.

    Attributes:
        oddness: How unlike words of any language the text is, as `QueryClassifier.measure_oddness` returns it.
        name: How much the text names a thing rather than describes a scene, 0 to 1.
        other: The probability that the text does neither.
    """

    oddness: float
    name: float
    other: float

    @property
    def excess_oddness(self) -> float:
        """How much the oddness exceeds that of ordinary texts, at least 0."""
        return max(0.0, self.oddness - MAX_ORDINARY_ODDNESS)


@dataclass(frozen=True)
class PresenceWeights:
    """A logistic function: the log-odds that something is present = bias + weights x features.

    Attributes:
        bias: The constant.
        weights: A weight for each feature, shape (8 + 4 * parts,).
    """

    bias: float
    weights: Vectors

    def decide(self, features: Vectors) -> float:
        """Compute the log-odds that something is present.

        Args:
            features: As `measure_presence` returns them, shape (8 + 4 * parts,).
        """
        return float(features @ self.weights) + self.bias


@dataclass(frozen=True)
class Presence:
    """The decision for one query, as a change of the probabilities of all images.

    Attributes:
        shift: Added to the log-odds; above 0 to make the best image relevant.
        factor: Multiplies the probabilities; below 0.5 to make no image relevant.
    """

    shift: float = 0.0
    factor: float = 1.0

    def apply(self, logits: Vectors) -> Vectors:
        """Compute probabilities of relevance, shape (n,), from log-odds. The order does not change."""
        result: Vectors = to_probability(logits + np.float32(self.shift)) * np.float32(self.factor)
        return result


def measure_presence(logits: Vectors, measures: Vectors, wording: QueryWording) -> Vectors:
    """Compute the features of the decision, shape (8 + 4 * parts,).

    Args:
        logits: The log-odds of the best images and of others, shape (n,), in any order.
        measures: What `search.scoring.visual.measure_images` returned for the same images, shape (n, 5 * parts).
        wording: Properties of the text of the query.
    """
    ordered = np.sort(logits)[::-1]
    best = [float(ordered[rank - 1]) if len(ordered) >= rank else MIN_LOGIT for rank in RANKS]
    likely = float(np.log1p((ordered > 0).sum()))
    features = [*np.maximum(best, MIN_LOGIT), likely, wording.excess_oddness, wording.other, wording.name]
    nearest = measures.max(axis=0)
    for part in range(measures.shape[1] // len(MEASURES)):
        similarity, standing, margin = nearest[part * len(MEASURES) :][:3].tolist()
        features += [similarity, standing, margin, standing * wording.name]
    return np.array(features, np.float32)


def decide_presence(logits: Vectors, measures: Vectors, wording: QueryWording) -> Presence:
    """Decide whether something is present, from the scores of the best images.

    Args:
        logits: The log-odds of the images, shape (n,), in any order.
        measures: What `search.scoring.visual.measure_images` returned for the same images, shape (n, 5 * parts).
        wording: Properties of the text of the query.
    """
    if not len(logits):
        return Presence()
    weights = read_presence()[measures.shape[1] // len(MEASURES)]
    cut = PRESENT_CUT * min(1.0, len(logits) / MIN_IMAGES_FULL_CUT)
    if weights.decide(measure_presence(logits, measures, wording)) >= cut:
        return Presence(shift=max(0.0, MIN_PRESENT_LOGIT - float(logits.max())))
    # Even a certain image stays a little below the relevance cut.
    return Presence(factor=RELEVANCE_CUT - POSSIBLE_CUT / 10)


@cache
def read_presence() -> dict[int, PresenceWeights]:
    """Read the packaged weights, by the number of parts of the embedding space."""
    document = json.loads(PRESENCE_FILE.read_text(encoding="utf-8"))
    return {
        int(parts): PresenceWeights(function["bias"], np.array(function["weights"], np.float32))
        for parts, function in document.items()
    }
