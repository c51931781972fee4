"""Log-odds, probabilities, and the two cuts."""

import numpy as np

from search.records import Vectors

# Results are relevant from the first probability on, possible from the second.
RELEVANCE_CUT = 0.5
POSSIBLE_CUT = 0.1


def to_probability(logits: Vectors) -> Vectors:
    """Compute the probability of log-odds of any shape."""
    result: Vectors = (1 / (1 + np.exp(-np.clip(logits, -30, 30)))).astype(np.float32)
    return result
