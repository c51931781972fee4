"""Raw similarity to probability of relevance, against the query's own background.

A cosine of 0.3 means much for one query and nothing for another. What it means is told by three things: how
the query's similarities to a random sample of the library lie (their robust centre and spread, each mixed with
what is usual), whether the candidate is a hub that is near to every query, and how many vectors there were to
choose from, since the best of many is high by chance. They are the inputs of a logistic function whose weights
are learned by `benchmarks/evaluation/fit.py` and stand in `curves.json`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from search.records import Lane, Vectors

# A result at least this likely is relevant, and one below it but at least as likely as the other cut is possible.
RELEVANCE_CUT = 0.5
POSSIBLE_CUT = 0.1
MAD_TO_DEVIATION = 1.4826
# What the library itself says of the background counts half at most: what is common in it (dogs, in one of
# dogs) must not pass for unrelated. A small sample counts less.
OWN_SHARE = 0.5
SAMPLE_PRIOR = 100
# Where vectors count less the more there are, the rise among few is steep, and was fitted to no fewer than these.
FEWEST = 25
# What the curve of speech is called beside that of all else.
SPOKEN = "spoken"
CURVES_FILE = Path(__file__).parent / "curves.json"


@dataclass(frozen=True)
class Part:
    """A part of the vectors. length: its dimensions; median, deviation: of unrelated pairs; weight: of its score."""

    length: int
    median: float
    deviation: float
    weight: float


@dataclass(frozen=True)
class Curve:
    """The logistic function of one kind of query in one lane.

    log-odds = bias + the sum of weight x standard score over the parts + hub x hubness + size x sqrt(2 ln vectors),
    which is about how far the highest of so many independent normal scores lies above their mean. crowd: as more of
    the same, vectors count less the more there are, and never as more than so many; None where each counts.
    """

    parts: tuple[Part, ...]
    bias: float
    hub: float
    size: float
    crowd: int | None = None


@dataclass(frozen=True)
class Scale:
    """The curves of one kind of query in one lane: of what is seen or read, and of what was said.

    What people say is shorter than what they write, and lies elsewhere: to unrelated queries less near, and with more
    spread.
    """

    plain: Curve
    spoken: Curve

    def get(self, spoken: bool) -> Curve:
        """Give the curve of speech, or of all else."""
        return self.spoken if spoken else self.plain


@dataclass(frozen=True)
class WordCurve:
    """The logistic function of the words lane: log-odds = bias + share x share + matched x log2(1 + telling words)."""

    bias: float
    share: float
    matched: float


@dataclass(frozen=True)
class Background:
    """What unrelated segments score for one query, by part."""

    medians: tuple[float, ...]
    deviations: tuple[float, ...]


@dataclass(frozen=True)
class Spread:
    """What a sample of `count` segments of the library scores for one query, by part."""

    count: int
    medians: tuple[float, ...]
    deviations: tuple[float, ...]


@dataclass(frozen=True)
class Candidates:
    """What one curve judges: vectors (n, d); their hubness (n,); how many vectors they were the nearest of."""

    vectors: Vectors
    hubs: Vectors
    library: int


def measure_background(query: Vectors, sample: Vectors, curve: Curve) -> Background:
    """Give what unrelated segments score for a query, as the library says it and as is usual, by part.

    query: shape (d,); sample: of the library, shape (m, d), m may be 0.
    """
    return mix_background(measure_spread(score_parts(query, sample, curve)), curve)


def measure_spread(scores: Sequence[Vectors]) -> Spread:
    """Give the robust centre and spread of a query's similarities to a sample, as `score_parts` gives them."""
    if not len(scores[0]):
        return Spread(0, (0.0,) * len(scores), (0.0,) * len(scores))
    medians = [float(np.median(row)) for row in scores]
    deviations = [
        float(np.median(np.abs(row - median))) * MAD_TO_DEVIATION for row, median in zip(scores, medians, strict=True)
    ]
    return Spread(len(scores[0]), tuple(medians), tuple(deviations))


def mix_background(spread: Spread, curve: Curve) -> Background:
    """Temper what a sample says by what is usual."""
    share = OWN_SHARE * spread.count / (spread.count + SAMPLE_PRIOR)
    medians = zip(spread.medians, curve.parts, strict=True)
    deviations = zip(spread.deviations, curve.parts, strict=True)
    return Background(
        tuple(share * own + (1 - share) * part.median for own, part in medians),
        tuple(share * own + (1 - share) * part.deviation for own, part in deviations),
    )


def score_parts(query: Vectors, vectors: Vectors, curve: Curve) -> list[Vectors]:
    """Give the products of each part of a query (d,) with the same part of the vectors (n, d): an array (n,) a part.

    The first part's are cosines; the others' are scaled by how much the query weighs them beside the first.
    """
    scores = []
    start = 0
    length = max(float(np.linalg.norm(query[: curve.parts[0].length])), 1e-6)
    for part in curve.parts:
        columns = slice(start, start + part.length)
        start += part.length
        # Every part of a stored vector has the same share of its unit length.
        scores.append(vectors[:, columns] @ (query[columns] * (len(curve.parts) ** 0.5 / length)))
    return scores


def compute_features(query: Vectors, candidates: Candidates, background: Background, curve: Curve) -> Vectors:
    """Give what the logistic function weighs, shape (n, parts + 2): standard scores, hubness, extremeness."""
    return standardize(score_parts(query, candidates.vectors, curve), candidates, background, curve)


def standardize(scores: Sequence[Vectors], candidates: Candidates, background: Background, curve: Curve) -> Vectors:
    """Give what the logistic function weighs of scores that are known by part, shape (n, parts + 2)."""
    columns = [
        (score - median) / max(deviation, 1e-6)
        for score, median, deviation in zip(scores, background.medians, background.deviations, strict=True)
    ]
    count: float = candidates.library
    if curve.crowd is not None:
        count = max(count, FEWEST)
        count /= 1 + count / curve.crowd
    size = np.full(len(candidates.hubs), (2 * np.log(max(count, 1))) ** 0.5, np.float32)
    result: Vectors = np.stack([*columns, candidates.hubs, size], axis=1).astype(np.float32)
    return result


def compute_logits(features: Vectors, curve: Curve) -> Vectors:
    """Give log-odds of relevance, shape (n,), of features as `compute_features` gives them."""
    evidence, rest = split_logits(features, curve)
    return evidence + rest


def split_logits(features: Vectors, curve: Curve) -> tuple[Vectors, Vectors]:
    """Give log-odds in two terms, both (n,): what the similarities add, and all else."""
    count = len(curve.parts)
    evidence: Vectors = features[:, :count] @ np.array([part.weight for part in curve.parts], np.float32)
    rest: Vectors = features[:, count:] @ np.array([curve.hub, curve.size], np.float32) + np.float32(curve.bias)
    return evidence, rest


def to_probability(logits: Vectors) -> Vectors:
    """Give the probability of log-odds of any shape."""
    result: Vectors = (1 / (1 + np.exp(-np.clip(logits, -30, 30)))).astype(np.float32)
    return result


def compute_word_features(shares: Vectors, matched: Vectors) -> Vectors:
    """Give what the words curve weighs, shape (n, 2).

    shares: the part of the sum of the query's inverse document frequencies that a segment holds, 0 to 1; matched: how
    many telling words it holds, since one word shared by chance says less than three. Both (n,).
    """
    result: Vectors = np.stack([shares, np.log2(1 + matched)], axis=1).astype(np.float32)
    return result


def calibrate_words(features: Vectors, curve: WordCurve) -> Vectors:
    """Give the probability of relevance, shape (n,), of features as `compute_word_features` gives them."""
    weights = np.array([curve.share, curve.matched], np.float32)
    return to_probability(features @ weights + np.float32(curve.bias))


@dataclass(frozen=True)
class Curves:
    """The curves of a home's models, by lane and kind of query, and the weight of each lane's word by kind."""

    by_kind: Mapping[str, Curve]
    words: WordCurve
    lanes: Mapping[Lane, Mapping[str, float]]

    def get(self, lane: Lane, kind: str) -> Scale:
        """Give the curves of a lane for a kind of query: `name`, `description` or, of pictures, `picture`."""
        plain = self.by_kind[f"{lane}/{kind}"]
        return Scale(plain, self.by_kind.get(f"{lane}/{kind}/{SPOKEN}", plain))


@cache
def read_curves() -> Curves:
    """Read the learned weights."""
    return parse_curves(json.loads(CURVES_FILE.read_text(encoding="utf-8")))


def parse_curves(document: Mapping[str, Any]) -> Curves:
    """Make curves of the document that `describe_curves` gives."""
    by_kind = {
        kind: Curve(**one | {"parts": tuple(Part(**part) for part in one["parts"])})
        for kind, one in document["curves"].items()
    }
    lanes = {Lane(lane): weights for lane, weights in document["lanes"].items()}
    return Curves(by_kind, WordCurve(**document["words"]), lanes)


def describe_curves(curves: Curves) -> dict[str, Any]:
    """Give the document that is kept in `curves.json`."""
    return {
        "curves": {kind: asdict(curve) for kind, curve in curves.by_kind.items()},
        "words": asdict(curves.words),
        "lanes": {str(lane): dict(weights) for lane, weights in curves.lanes.items()},
    }
