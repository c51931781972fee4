"""How much the stored vector of an image says about text in it. It costs nothing, since the vector exists already.

`training/fit_text_probe.py` fits it, for the vectors of the bundled image encoder only.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from search.records import Vectors

PROBE_FILE = Path(__file__).with_name("probe.npz")
# What is added to the log-odds of the network where no probe applies: it passes from a probability of 0.9.
DEFAULT_PRIOR = -2.2


@dataclass(frozen=True)
class TextProbe:
    """A linear function of the vectors of one image encoder.

    Attributes:
        weights: Shape (d,), float32.
        bias: So that an image may have text if the sum with the log-odds of `TextPresence` is at least 0.
        fingerprint: The fingerprint of the image encoder.
    """

    weights: Vectors
    bias: float
    fingerprint: str

    def measure(self, vector: Vectors) -> float:
        """Return what to add to the log-odds of the network.

        Args:
            vector: The stored vector of an image, shape (d,), float32.
        """
        return float(vector @ self.weights) + self.bias


def find_probe(fingerprint: str) -> TextProbe | None:
    """Return the packaged probe if it was fitted for an image encoder, else None.

    Args:
        fingerprint: The fingerprint of the image encoder.
    """
    probe = _read_probe()
    return probe if probe.fingerprint == fingerprint else None


@cache
def _read_probe() -> TextProbe:
    with np.load(PROBE_FILE) as stored:
        return TextProbe(stored["weights"].astype(np.float32), float(stored["bias"]), str(stored["fingerprint"]))
