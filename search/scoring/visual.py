"""From the similarity of a query and a picture to the log-odds that the picture shows what was asked for.

A cosine of 0.3 is much for one query and little for another, and some pictures are near to every text. Both are told
by texts only: the similarities of a fixed bank of unrelated texts to the same picture, and to the query. Neither the
number of pictures in a library nor how common a thing is in it enters, so a picture is judged the same in any library.

Normalizing by a bank of queries follows Bogolin et al., "Cross Modal Retrieval with Querybank Normalisation"
(CVPR 2022); here its statistics are inputs of a logistic function instead of a rule.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from search.records import Vectors

CALIBRATORS_FILE = Path(__file__).parent / "visual.json"
# What is measured of a query and a picture in each part of the space: see `measure`.
MEASURES = ("similarity", "standing", "margin", "mean", "deviation")
# What is known of a text before any picture is seen: see `describe_text`.
TRAITS = ("name", "other", "words", "mean", "deviation", "margin")
BASELINE_COLUMNS = 4
MAX_COUNTED_WORDS = 16


@dataclass(frozen=True)
class Unit:
    """Where the products of unrelated texts and pictures are in one part of a space: their mean and deviation."""

    length: int
    mean: float
    deviation: float


@dataclass(frozen=True)
class VisualCalibrator:
    """A logistic function of what is measured, whose weights depend on the kind of text.

    Attributes:
        units: One for each part of the space.
        weights: Of the measures, shape (1 + k, parts * measures): the first row as they are, each other row times one
            of the first k traits of the text.
        traits: Weights of the traits themselves, shape (parts * 3 + 3,); empty for queries by example.
        bias: The constant.
    """

    units: tuple[Unit, ...]
    weights: Vectors
    traits: Vectors
    bias: float

    def bind(self, query: Vectors, traits: Vectors) -> "VisualScorer":
        """Return what scores pictures for one query.

        Args:
            query: Its vector, shape (d,).
            traits: As `describe_text` returns them; none for a query by example.
        """
        factors = np.concatenate([np.ones(1, np.float32), traits[: len(self.weights) - 1]])
        return VisualScorer(query, self.units, factors @ self.weights, self.bias + float(traits @ self.traits))


@dataclass(frozen=True)
class VisualScorer:
    """Scores pictures for one query: log-odds = bias + weights x measures."""

    query: Vectors
    units: tuple[Unit, ...]
    weights: Vectors
    bias: float

    def weigh(self, vectors: Vectors, baselines: Vectors) -> Vectors:
        """Compute what the measures add to the log-odds, shape (n,).

        Args:
            vectors: Of pictures, shape (n, d).
            baselines: What the query bank scores against each, shape (n, 4 * parts).
        """
        result: Vectors = measure(self.query, vectors, baselines, self.units) @ self.weights
        return result

    def score(self, vectors: Vectors, baselines: Vectors) -> Vectors:
        """Compute the log-odds of relevance, shape (n,)."""
        return self.weigh(vectors, baselines) + np.float32(self.bias)

    @property
    def direction(self) -> Vectors:
        """The vector to search by, shape (d,), unit length: the gradient of the log-odds at an average picture."""
        count = len(MEASURES)
        parts, low = [], 0
        for number, unit in enumerate(self.units):
            slope = float(self.weights[number * count : number * count + 3].sum()) / unit.deviation
            parts.append(max(slope, 0.0) * self.query[low : low + unit.length])
            low += unit.length
        vector = np.concatenate(parts).astype(np.float32)
        length = float(np.linalg.norm(vector))
        if length < 1e-9:
            vector, length = self.query, max(float(np.linalg.norm(self.query)), 1e-9)
        result: Vectors = vector / np.float32(length)
        return result

    def explain(self, vector: Vectors, baseline: Vectors) -> dict[str, float]:
        """Return every term of a single picture's log-odds by name. vector: shape (d,); baseline: (4 * parts,)."""
        measured = measure(self.query, vector[None], baseline[None], self.units)[0] * self.weights
        names = [f"part{part}.{name}" for part in range(len(self.units)) for name in MEASURES]
        return {"bias": self.bias} | dict(zip(names, measured.tolist(), strict=True))


def measure(query: Vectors, vectors: Vectors, baselines: Vectors, units: Sequence[Unit]) -> Vectors:
    """Measure pictures for a query, part by part, shape (n, parts * 5).

    For each part: the similarity in units of unrelated pairs; how many deviations it is above what the bank scores
    against the same picture; the same above what 98 % of the bank stay below; and, in units of unrelated pairs, that
    mean and deviation themselves.

    Args:
        query: Shape (d,).
        vectors: Shape (n, d), unit length.
        baselines: Shape (n, 4 * parts), as the storage measures them.
        units: One for each part.
    """
    columns, low = [], 0
    scale = np.float32(len(units) ** 0.5)  # each part of a stored vector has the same share of its unit length
    for number, unit in enumerate(units):
        part = slice(low, low + unit.length)
        low += unit.length
        mean, deviation, high, _ = baselines[:, number * BASELINE_COLUMNS : (number + 1) * BASELINE_COLUMNS].T
        product = vectors[:, part] @ (query[part] * scale)
        spread = np.maximum(deviation, 1e-6)
        columns += [
            (product - unit.mean) / unit.deviation,
            (product - mean) / spread,
            (product - high) / spread,
            (mean - unit.mean) / unit.deviation,
            deviation / unit.deviation - 1,
        ]
    result: Vectors = np.stack(columns, axis=1).astype(np.float32)
    return result


def describe_text(query: Vectors, bank: Vectors, units: Sequence[Unit], kinds: Vectors, words: int) -> Vectors:
    """Describe a text by what can be known before any picture is seen, shape (3 + 3 * parts,).

    Args:
        query: Its vector, shape (d,).
        bank: The query bank, shape (b, d).
        units: One for each part of the space.
        kinds: The probabilities that it names a thing, describes a scene, or does neither.
        words: Its number of words.

    Returns:
        How much it is a name rather than a description; the probability of neither; its length from 0 for a word to 1
        for 16 words; and for each part mean, deviation and high quantile of its products with the bank, in units of
        the part.
    """
    name, scene, other = (float(one) for one in kinds)
    length = np.log2(min(max(words, 1), MAX_COUNTED_WORDS)) / np.log2(MAX_COUNTED_WORDS)
    traits, low = [name / max(name + scene, 1e-6), other, float(length)], 0
    for unit in units:
        products = bank[:, low : low + unit.length] @ query[low : low + unit.length]
        low += unit.length
        traits += [float(products.mean()), float(products.std()), float(np.quantile(products, 0.98))]
    return np.array(traits, np.float32)


def parse_calibrator(document: Mapping[str, Any]) -> VisualCalibrator:
    """Return the calibrator that `describe_calibrator` wrote down."""
    return VisualCalibrator(
        tuple(Unit(**unit) for unit in document["units"]),
        np.array(document["weights"], np.float32),
        np.array(document["traits"], np.float32),
        float(document["bias"]),
    )


@cache
def read_calibrators() -> dict[str, VisualCalibrator]:
    """Read the shipped calibrators by name."""
    document = json.loads(CALIBRATORS_FILE.read_text(encoding="utf-8"))
    return {name: parse_calibrator(one) for name, one in document.items()}
