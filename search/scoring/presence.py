"""Whether a library holds any picture of what a text asks for: a decision of its own.

How many pictures match is not what it looks at, only how well the best ones do, and whether the text means anything in
any language. In a large library something always comes near; when in doubt, results are shown.
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
# Something is there from these log-odds on: as strict as 3 % of names over 500 photos allow. What a stricter and a more
# lenient point would lose and tell is in docs/evaluation.md.
PRESENT_CUT = 1.0
# With fewer pictures than this less is enough, in proportion: what comes near by chance comes from many.
MIN_STRICT = 256
# The log-odds of the best picture and of the 5th, 20th and 100th, and how many are more likely than not.
PLACES = (1, 5, 20, 100)
BEST_FEATURES = ("best", "fifth", "twentieth", "hundredth", "likely")
# What is known of the words, and of the nearest picture in each part of the space.
WORD_FEATURES = ("odd", "other", "name")
NEAREST_FEATURES = ("similarity", "standing", "margin", "named standing")
# A library with fewer pictures than that has no 100th: it counts as this unlikely.
MIN_LOGIT = -12.0
# Texts are ordinary up to this surprise per letter; random letters are above it.
ORDINARY_ODDNESS = 4.5
# The log-odds that the best picture has at least when something is there.
MIN_PRESENT = 0.05


@dataclass(frozen=True)
class Wording:
    """What the words of a query tell before anything is searched.

    Attributes:
        oddness: How unlike words of any language they are: the surprise per letter.
        name: How much they name a thing rather than describe a scene.
        other: The probability that they do neither.
    """

    oddness: float
    name: float
    other: float

    @property
    def oddity(self) -> float:
        """How much odder than ordinary texts they are, from 0."""
        return max(0.0, self.oddness - ORDINARY_ODDNESS)


@dataclass(frozen=True)
class PresenceWeights:
    """A logistic function: log-odds that something is there = bias + weights x features."""

    bias: float
    weights: Vectors

    def decide(self, features: Vectors) -> float:
        """Return the log-odds that something is there. features: as `measure_presence` returns them."""
        return float(features @ self.weights) + self.bias


@dataclass(frozen=True)
class Presence:
    """How the probabilities of the pictures of one query are moved so that they say whether anything is there.

    Attributes:
        shift: What is added to the log-odds, so that the best is relevant.
        factor: What probabilities are multiplied by, so that none is relevant.
    """

    shift: float = 0.0
    factor: float = 1.0

    def apply(self, logits: Vectors) -> Vectors:
        """Compute probabilities of relevance, shape (n,), of log-odds; their order is kept."""
        result: Vectors = to_probability(logits + np.float32(self.shift)) * np.float32(self.factor)
        return result


def measure_presence(logits: Vectors, measures: Vectors, wording: Wording) -> Vectors:
    """Return what the decision is made by, shape (8 + 4 * parts,).

    Args:
        logits: The log-odds of the best pictures and of others, shape (n,), in any order.
        measures: What `search.scoring.visual.measure` measured of the same pictures, shape (n, 5 * parts).
        wording: What the words of the query tell.
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


def decide_presence(logits: Vectors, measures: Vectors, wording: Wording) -> Presence:
    """Return how probabilities are moved, by the best pictures of a query; arguments as for `measure_presence`."""
    if not len(logits):
        return Presence()
    weights = read_presence()[measures.shape[1] // len(MEASURES)]
    cut = PRESENT_CUT * min(1.0, len(logits) / MIN_STRICT)
    if weights.decide(measure_presence(logits, measures, wording)) >= cut:
        return Presence(shift=max(0.0, MIN_PRESENT - float(logits.max())))
    return Presence(factor=RELEVANCE_CUT - POSSIBLE_CUT / 10)


@cache
def read_presence() -> dict[int, PresenceWeights]:
    """Read the packaged weights, by the number of parts of the space."""
    document = json.loads(PRESENCE_FILE.read_text(encoding="utf-8"))
    return {
        int(parts): PresenceWeights(one["bias"], np.array(one["weights"], np.float32))
        for parts, one in document.items()
    }
