"""Whether a library holds any picture of what a text asks for: a decision of its own.

How many pictures match is not what it looks at, only how well the best ones do, and whether the text means anything in
any language. In a large library something always comes near; when in doubt, results are shown.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from search.records import Vectors
from search.scoring.probability import POSSIBLE_CUT, RELEVANCE_CUT, to_probability

PRESENCE_FILE = Path(__file__).parent / "presence.json"
# The log-odds of the best picture and of the 5th, 20th and 100th, and how many are more likely than not.
PLACES = (1, 5, 20, 100)
FEATURES = ("best", "fifth", "twentieth", "hundredth", "likely", "oddness", "other")
# A library with fewer pictures than that has no 100th: it counts as this unlikely.
MIN_LOGIT = -12.0
# The log-odds that the best picture has at least when something is there.
LEAST_PRESENT = 0.05


@dataclass(frozen=True)
class PresenceWeights:
    """A logistic function: log-odds that something is there = bias + the sum of weight x feature."""

    bias: float
    weights: Mapping[str, float]

    def decide(self, features: Vectors) -> float:
        """Return the log-odds that something is there. features: as `measure_best` returns them."""
        return float(features @ np.array([self.weights[name] for name in FEATURES], np.float32)) + self.bias


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


def measure_best(logits: Vectors, oddness: float, other: float) -> Vectors:
    """Return what the decision is made by, shape (7,).

    Args:
        logits: The log-odds of the best pictures and of others, shape (n,), in any order.
        oddness: How unlike words of any language the text is.
        other: The probability that it neither names a thing nor describes a scene.
    """
    ordered = np.sort(logits)[::-1]
    best = [float(ordered[place - 1]) if len(ordered) >= place else MIN_LOGIT for place in PLACES]
    likely = float(np.log1p((ordered > 0).sum()))
    return np.array([*np.maximum(best, MIN_LOGIT), likely, oddness, other], np.float32)


def decide_presence(logits: Vectors, oddness: float, other: float) -> Presence:
    """Return how probabilities are moved, by the best pictures of a query; arguments as for `measure_best`."""
    if not len(logits):
        return Presence()
    if read_presence().decide(measure_best(logits, oddness, other)) >= 0:
        return Presence(shift=max(0.0, LEAST_PRESENT - float(logits.max())))
    # Just below the cut, and above what is possible as far as it was.
    return Presence(factor=RELEVANCE_CUT - POSSIBLE_CUT / 10)


@cache
def read_presence() -> PresenceWeights:
    """Read the packaged weights."""
    document = json.loads(PRESENCE_FILE.read_text(encoding="utf-8"))
    return PresenceWeights(document.pop("bias"), document)
