"""Calibration of the similarity of a query and an image: the log-odds that the image shows what the query describes.

A cosine of 0.3 is high for one query and low for another, and some images are similar to every text. Both are measured
with fixed sets: the similarities of a bank of unrelated texts to the image and to the query and, for the bundled model,
the similarities of the query to a set of reference images. The other images of the library have no influence, so an
image has the same score in any library.

Normalization by a bank of queries follows Bogolin et al., "Cross Modal Retrieval with Querybank Normalization" (CVPR
2022). Here its statistics are inputs of a small network instead of a rule.
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
# The measures of a query and an image in each part of the space: see `measure_images`.
MEASURES = ("similarity", "standing", "margin", "mean", "deviation")
# The number of baseline scores in each part: see `search.storage.baselines`.
BASELINE_COLUMNS = 4
# Inputs are clipped to this many standard deviations from the mean of the fit.
MAX_INPUT = 6.0
# The measures of a typical match, in each part. The search direction is the gradient there.
TYPICAL_MATCH = (2.5, 2.5, 0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Unit:
    """The distribution of the dot products of unrelated texts and images in one part of an embedding space.

    Attributes:
        length: The dimension of the part.
        mean: The mean product.
        deviation: The standard deviation.
    """

    length: int
    mean: float
    deviation: float


@dataclass(frozen=True)
class Recognition:
    """An additional weight of the similarity in one part, for names of things that the encoder learned to recognize.

    Attributes:
        part: The index of the part of the space that recognizes them.
        slope: How much each unit of similarity adds to the log-odds.
        center: The similarity at which it adds nothing.
    """

    part: int
    slope: float
    center: float

    @property
    def column(self) -> int:
        """The column of the part's similarity among the measures."""
        return self.part * len(MEASURES)


@dataclass(frozen=True)
class VisualCalibrator:
    """A network with one hidden layer of tanh units, over measures of images and traits of the query.

    Attributes:
        units: One for each part of the space.
        means: Means of the inputs in the training data, first the measures, then the traits, shape (i,).
        deviations: Standard deviations of the inputs in the training data, shape (i,).
        hidden: Weights of the hidden layer, shape (i, h).
        hidden_bias: Biases of the hidden layer, shape (h,).
        output: Weights of the output layer, shape (h,).
        bias: Bias of the output layer.
        recognition: None if it is unknown what the encoder was trained to recognize.
    """

    units: tuple[Unit, ...]
    means: Vectors
    deviations: Vectors
    hidden: Vectors
    hidden_bias: Vectors
    output: Vectors
    bias: float
    recognition: Recognition | None = None

    def bind(self, query: Vectors, traits: Vectors, recognized: float = 0.0) -> "VisualScorer":
        """Return a scorer of images for one query.

        Args:
            query: Its vector, shape (d,).
            traits: Its traits: see `search.scoring.traits`; empty for a query by example.
            recognized: How much it names a thing that the encoder was trained to recognize, 0 to 1.
        """
        count = len(self.units) * len(MEASURES)
        known = np.clip((traits - self.means[count:]) / self.deviations[count:], -MAX_INPUT, MAX_INPUT)
        return VisualScorer(self, query, known.astype(np.float32) @ self.hidden[count:] + self.hidden_bias, recognized)


@dataclass(frozen=True)
class VisualScorer:
    """Scores images for one query.

    Attributes:
        calibrator: The calibrator that it was bound from.
        query: The vector of the query, shape (d,).
        offset: What the traits of the query and the bias add to the hidden layer, shape (h,).
        recognized: How much the query names a thing that the encoder was trained to recognize, 0 to 1.
    """

    calibrator: VisualCalibrator
    query: Vectors
    offset: Vectors
    recognized: float = 0.0

    @property
    def bias(self) -> float:
        """The log-odds of an image whose measures are all average."""
        average = self.calibrator.means[None, : len(self.calibrator.units) * len(MEASURES)]
        return float(self.score_measures(average)[0])

    def weigh(self, vectors: Vectors, baselines: Vectors) -> Vectors:
        """Compute what the measures add to the log-odds of an average image, shape (n,).

        Args:
            vectors: Vectors of images, shape (n, d).
            baselines: The scores of the query bank for each image, shape (n, 4 * parts).
        """
        return self.score(vectors, baselines) - np.float32(self.bias)

    def score(self, vectors: Vectors, baselines: Vectors) -> Vectors:
        """Compute the log-odds of relevance, shape (n,): see `weigh` for the arguments."""
        return self.score_measures(self.measure_images(vectors, baselines))

    def measure_images(self, vectors: Vectors, baselines: Vectors) -> Vectors:
        """Measure images for the query, shape (n, 5 * parts): see `measure_images`."""
        return measure_images(self.query, vectors, baselines, self.calibrator.units)

    @property
    def direction(self) -> Vectors:
        """The search vector, shape (d,), unit length: the gradient of the log-odds at a typical match."""
        calibrator, count = self.calibrator, len(MEASURES)
        inputs = self._scale(np.array([TYPICAL_MATCH * len(calibrator.units)], np.float32))[0]
        weights = calibrator.hidden[: len(inputs)]
        activations = np.tanh(inputs @ weights + self.offset)
        slopes = weights @ ((1 - activations**2) * calibrator.output) / calibrator.deviations[: len(inputs)]
        parts, start = [], 0
        for number, unit in enumerate(calibrator.units):
            # The first three measures depend on the product of the query and the image.
            slope = float(slopes[number * count : number * count + 3].sum())
            if calibrator.recognition is not None and calibrator.recognition.part == number:
                slope += self.recognized * calibrator.recognition.slope
            slope /= unit.deviation
            parts.append(max(slope, 0.0) * self.query[start : start + unit.length])
            start += unit.length
        vector = np.concatenate(parts).astype(np.float32)
        length = float(np.linalg.norm(vector))
        if length < 1e-9:
            vector, length = self.query, max(float(np.linalg.norm(self.query)), 1e-9)
        result: Vectors = vector / np.float32(length)
        return result

    def explain(self, vector: Vectors, baseline: Vectors) -> dict[str, float]:
        """Return the measures of one image by name, each with its effect on the log-odds relative to an average value.

        Args:
            vector: The vector of the image, shape (d,).
            baseline: The scores of the query bank for the image, shape (4 * parts,).
        """
        measured = measure_images(self.query, vector[None], baseline[None], self.calibrator.units)
        logit = float(self.score_measures(measured)[0])
        terms = {"log-odds": logit, "recognized": self.recognized}
        for at, value in enumerate(measured[0].tolist()):
            name = f"part{at // len(MEASURES)}.{MEASURES[at % len(MEASURES)]}"
            average = measured.copy()
            average[0, at] = self.calibrator.means[at]
            terms |= {name: value, f"{name} effect": logit - float(self.score_measures(average)[0])}
        return terms

    def _scale(self, measured: Vectors) -> Vectors:
        """Return measures as inputs of the network, shape (n, 5 * parts)."""
        count = measured.shape[1]
        scaled = (measured - self.calibrator.means[:count]) / self.calibrator.deviations[:count]
        result: Vectors = np.clip(scaled, -MAX_INPUT, MAX_INPUT)
        return result

    def score_measures(self, measured: Vectors) -> Vectors:
        """Compute the log-odds of relevance, shape (n,), from measures, shape (n, 5 * parts)."""
        calibrator, recognition = self.calibrator, self.calibrator.recognition
        activations = np.tanh(self._scale(measured) @ calibrator.hidden[: measured.shape[1]] + self.offset)
        result: Vectors = activations @ calibrator.output + np.float32(calibrator.bias)
        if recognition is not None and self.recognized > 0:
            excess = measured[:, recognition.column] - np.float32(recognition.center)
            result += np.float32(self.recognized * recognition.slope) * excess
        return result


def measure_images(query: Vectors, vectors: Vectors, baselines: Vectors, units: Sequence[Unit]) -> Vectors:
    """Measure images for a query, part by part.

    Args:
        query: The vector of the query, shape (d,).
        vectors: Vectors of images, shape (n, d), unit length.
        baselines: The scores of the query bank for each image, shape (n, 4 * parts).
        units: One for each part.

    Returns:
        Five measures for each part, shape (n, 5 * parts):

        - similarity: the dot product, in standard deviations above the mean of unrelated pairs.
        - standing: the dot product, in standard deviations above the mean of the query bank for the same image.
        - margin: the same above the 0.98 quantile of the query bank.
        - mean: the mean of the query bank, in units of unrelated pairs.
        - deviation: the standard deviation of the query bank, relative to that of unrelated pairs, minus 1.
    """
    columns, start = [], 0
    # The parts of a stored vector are equally long, and have unit length together.
    scale = np.float32(len(units) ** 0.5)
    for number, unit in enumerate(units):
        part = slice(start, start + unit.length)
        start += unit.length
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


def parse_calibrator(document: Mapping[str, Any]) -> VisualCalibrator:
    """Return a calibrator from the document that `describe_calibrator` returns."""
    arrays = {name: np.array(document[name], np.float32) for name in ("means", "deviations", "hidden", "hidden_bias")}
    return VisualCalibrator(
        units=tuple(Unit(**unit) for unit in document["units"]),
        output=np.array(document["output"], np.float32),
        bias=float(document["bias"]),
        recognition=Recognition(**document["recognition"]) if "recognition" in document else None,
        **arrays,
    )


def describe_calibrator(calibrator: VisualCalibrator) -> dict[str, Any]:
    """Return a calibrator as a document that can be packaged."""
    names = ("means", "deviations", "hidden", "hidden_bias", "output")
    arrays = {name: np.round(getattr(calibrator, name), 5).tolist() for name in names}
    known = {"recognition": vars(calibrator.recognition)} if calibrator.recognition is not None else {}
    return {"units": [vars(unit) for unit in calibrator.units], "bias": round(calibrator.bias, 5)} | arrays | known


@cache
def read_calibrators() -> dict[str, VisualCalibrator]:
    """Read the packaged calibrators, by name."""
    document = json.loads(CALIBRATORS_FILE.read_text(encoding="utf-8"))
    return {name: parse_calibrator(values) for name, values in document.items()}
