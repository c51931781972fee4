"""From the similarity of a query and an image to the log-odds that the image shows what was asked for.

A cosine of 0.3 is much for one query and little for another, and some images are near to every text. Fixed
sets detect both: the similarities of a bank of unrelated texts to the same image and to the query, and for the
bundled model the query's similarities to a set of reference images. Neither the number of images in a library
nor how common a thing is in it enters, so an image is judged the same in any library.

Normalizing by a bank of queries follows Bogolin et al., "Cross Modal Retrieval with Querybank Normalization"
(CVPR 2022); here its statistics are inputs of a small network instead of a rule.
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
BASELINE_COLUMNS = 4
# Inputs are clipped to this many standard deviations from the mean of the fit.
MAX_INPUT = 6.0
# The measures of a likely match, in each part. The search direction is the gradient there.
LIKELY = (2.5, 2.5, 0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Unit:
    """The products of unrelated texts and images in one part of an embedding space.

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
    """An additional weight of one part's similarity, for names of things that the encoder was trained to recognize.

    Attributes:
        part: The part of the space that recognizes them.
        slope: What each unit of its similarity adds to the log-odds.
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
    """A network of one hidden layer over measures of images and traits of the query.

    Attributes:
        units: One for each part of the space.
        means: Means of the inputs in the fit, the measures first, then the traits, shape (i,).
        deviations: Standard deviations of the inputs, shape (i,).
        hidden: Weights of the hidden layer, shape (i, h).
        hidden_bias: Biases of the hidden layer, shape (h,).
        output: Weights of its tanh, shape (h,).
        bias: The constant.
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
            traits: Its traits, as `describe_text` returns them; empty for a query by example.
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
        offset: What the query adds to the hidden layer, shape (h,).
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
        """Compute what the measures add to the log-odds, shape (n,).

        Args:
            vectors: Vectors of images, shape (n, d).
            baselines: The scores of the query bank for each image, shape (n, 4 * parts).
        """
        return self.score(vectors, baselines) - np.float32(self.bias)

    def score(self, vectors: Vectors, baselines: Vectors) -> Vectors:
        """Compute the log-odds of relevance, shape (n,)."""
        return self.score_measures(self.measure_images(vectors, baselines))

    def measure_images(self, vectors: Vectors, baselines: Vectors) -> Vectors:
        """Measure images for the query, shape (n, m): see `measure_images`."""
        return measure_images(self.query, vectors, baselines, self.calibrator.units)

    @property
    def direction(self) -> Vectors:
        """The vector to search by, shape (d,), unit length: the gradient of the log-odds at a likely match."""
        fitted, count = self.calibrator, len(MEASURES)
        inputs = self._scale(np.array([LIKELY * len(fitted.units)], np.float32))[0]
        active = np.tanh(inputs @ fitted.hidden[: len(inputs)] + self.offset)
        slopes = fitted.hidden[: len(inputs)] @ ((1 - active**2) * fitted.output) / fitted.deviations[: len(inputs)]
        parts, low = [], 0
        for number, unit in enumerate(fitted.units):
            slope = float(slopes[number * count : number * count + 3].sum())
            if fitted.recognition is not None and fitted.recognition.part == number:
                slope += self.recognized * fitted.recognition.slope
            slope /= unit.deviation
            parts.append(max(slope, 0.0) * self.query[low : low + unit.length])
            low += unit.length
        vector = np.concatenate(parts).astype(np.float32)
        length = float(np.linalg.norm(vector))
        if length < 1e-9:
            vector, length = self.query, max(float(np.linalg.norm(self.query)), 1e-9)
        result: Vectors = vector / np.float32(length)
        return result

    def explain(self, vector: Vectors, baseline: Vectors) -> dict[str, float]:
        """Return each measure of one image, and what the log-odds would lose if it were average, by name.

        Args:
            vector: Shape (d,).
            baseline: Shape (4 * parts,).
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
        count = measured.shape[1]
        scaled = (measured - self.calibrator.means[:count]) / self.calibrator.deviations[:count]
        result: Vectors = np.clip(scaled, -MAX_INPUT, MAX_INPUT)
        return result

    def score_measures(self, measured: Vectors) -> Vectors:
        """Compute the log-odds of relevance, shape (n,), from measures, shape (n, m)."""
        fitted = self.calibrator
        hidden = np.tanh(self._scale(measured) @ fitted.hidden[: measured.shape[1]] + self.offset)
        result: Vectors = hidden @ fitted.output + np.float32(fitted.bias)
        if fitted.recognition is not None and self.recognized > 0:
            above = measured[:, fitted.recognition.column] - np.float32(fitted.recognition.center)
            result += np.float32(self.recognized * fitted.recognition.slope) * above
        return result


def measure_images(query: Vectors, vectors: Vectors, baselines: Vectors, units: Sequence[Unit]) -> Vectors:
    """Measure images for a query, part by part, shape (n, parts * 5).

    For each part: the similarity in units of unrelated pairs; how many deviations it is above what the bank scores
    against the same image; the same above what 98 % of the bank stay below; and, in units of unrelated pairs, that
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


def parse_calibrator(document: Mapping[str, Any]) -> VisualCalibrator:
    """Return the calibrator of a document that `describe_calibrator` made."""
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
    return {name: parse_calibrator(one) for name, one in document.items()}
