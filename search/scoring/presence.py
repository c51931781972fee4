"""Whether any image of a library shows what a text asks for: a decision separate from scoring.

It depends on how well the best images match and on whether the text is made of words of any language, not on how many
images match. In a large library something always comes close; when in doubt, results are shown.
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
# Something is present from these log-odds on: the strictest cut that loses at most 3 % of names over 500 photos.
# docs/evaluation.md compares stricter and more lenient cuts.
PRESENT_CUT = 1.0
# With fewer images than this the cut is lowered in proportion: chance matches come from large numbers.
MIN_STRICT = 256
# The log-odds of the best image and of the 5th, 20th and 100th, and the number of images that are more likely than not.
PLACES = (1, 5, 20, 100)
BEST_FEATURES = ("best", "fifth", "twentieth", "hundredth", "likely")
# Features of the words, and of the nearest image in each part of the embedding space.
WORD_FEATURES = ("odd", "other", "name")
NEAREST_FEATURES = ("similarity", "standing", "margin", "named standing")
# The log-odds of a rank that a small library does not have.
MIN_LOGIT = -12.0
# Ordinary texts have at most this surprise per letter; random letters have more.
ORDINARY_ODDNESS = 4.5
# The least log-odds of the best image if something is present.
MIN_PRESENT = 0.05


@dataclass(frozen=True)
class QueryWording:
    """What the words of a query reveal before anything is searched.

    Attributes:
        oddness: How unlike words of any language they are: the surprise per letter.
        name: How much they name a thing rather than describe a scene, 0 to 1.
        other: The probability that they do neither.
    """

    oddness: float
    name: float
    other: float

    @property
    def oddity(self) -> float:
        """How much odder than ordinary texts they are, at least 0."""
        return max(0.0, self.oddness - ORDINARY_ODDNESS)


@dataclass(frozen=True)
class PresenceWeights:
    """A logistic function: the log-odds that something is present = bias + weights x features."""

    bias: float
    weights: Vectors

    def decide(self, features: Vectors) -> float:
        """Compute the log-odds that something is present.

        Args:
            features: As `measure_presence` returns them.
        """
        return float(features @ self.weights) + self.bias


@dataclass(frozen=True)
class Presence:
    """How the probabilities of the images of one query are changed to say whether anything is present.

    Attributes:
        shift: Added to the log-odds, so that the best image is relevant.
        factor: Multiplies the probabilities, so that no image is relevant.
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
        wording: What the words of the query reveal.
    """
    ordered = np.sort(logits)[::-1]
    best = [float(ordered[place - 1]) if len(ordered) >= place else MIN_LOGIT for place in PLACES]
    likely = float(np.log1p((ordered > 0).sum()))
    features = [*np.maximum(best, MIN_LOGIT), likely, wording.oddity, wording.other, wording.name]
    nearest = measures.max(axis=0)
    for part in range(measures.shape[1] // len(MEASURES)):
        similarity, standing, margin = nearest[part * len(MEASURES) :][:3].tolist()
        features += [similarity, standing, margin, standing * wording.name]
    return np.array(features, np.float32)


def decide_presence(logits: Vectors, measures: Vectors, wording: QueryWording) -> Presence:
    """Return how probabilities are changed, from the best images of a query. See `measure_presence`."""
    if not len(logits):
        return Presence()
    weights = read_presence()[measures.shape[1] // len(MEASURES)]
    cut = PRESENT_CUT * min(1.0, len(logits) / MIN_STRICT)
    if weights.decide(measure_presence(logits, measures, wording)) >= cut:
        return Presence(shift=max(0.0, MIN_PRESENT - float(logits.max())))
    return Presence(factor=RELEVANCE_CUT - POSSIBLE_CUT / 10)


@cache
def read_presence() -> dict[int, PresenceWeights]:
    """Read the packaged weights, by the number of parts of the embedding space."""
    document = json.loads(PRESENCE_FILE.read_text(encoding="utf-8"))
    return {
        int(parts): PresenceWeights(one["bias"], np.array(one["weights"], np.float32))
        for parts, one in document.items()
    }
