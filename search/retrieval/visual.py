"""The visual retriever: images and frames, scored for every part of a query."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from search.encoders.encoder import ImageEncoder
from search.encoders.registry import ADAPTED, IMAGE_MODEL
from search.errors import UsageError
from search.open_home import OpenHome
from search.records import Ids, Retriever, RowMetadata, Sample, Vectors
from search.scoring.traits import ReferenceImages, describe_crowding, describe_reach, describe_text, recognize
from search.scoring.visual import Unit, VisualCalibrator, VisualScorer, read_calibrators
from search.storage.baselines import QueryBank, measure_baselines
from search.storage.embedding_rows import to_float32
from search.storage.space_index import Snapshot
from search.storage.unrelated_text import Unrelated
from search.text.analysis import analyze

MAD_TO_DEVIATION = 1.4826
# Fewer unrelated images than this are too few to measure the spread of scores.
MIN_SPREAD_SAMPLE = 16


@dataclass(frozen=True)
class VisualPart:
    """One part of a query.

    Attributes:
        scorer: Scores images for it.
        weight: Its weight; below 0 it pushes results away.
    """

    scorer: VisualScorer
    weight: float = 1.0


@dataclass(frozen=True)
class VisualCandidates:
    """Images that may be relevant.

    Attributes:
        vectors: Shape (n, d).
        baselines: The scores of the query bank for each image, shape (n, k).
        owners: The segment and item of each image, shape (n,).
    """

    vectors: Vectors
    baselines: Vectors
    owners: RowMetadata


@dataclass(frozen=True)
class ScoredImages:
    """Images scored for a query, in the order in which they were found.

    Attributes:
        ids: Ids of their embeddings, shape (n,).
        owners: The segment and item of each image, shape (n,).
        vectors: Vectors as stored, float16, shape (n, d).
        products: Dot products with the search vector, shape (n,).
        logits: Log-odds of relevance, shape (n,).
        kept: Probabilities to show nothing of what the query excludes, shape (n,).
    """

    ids: Ids
    owners: RowMetadata
    vectors: Vectors
    products: Vectors
    logits: Vectors
    kept: Vectors

    def join(self, others: "ScoredImages") -> "ScoredImages":
        """Return these, followed by others."""
        return ScoredImages(*map(np.concatenate, zip(vars(self).values(), vars(others).values(), strict=True)))


@dataclass(frozen=True)
class Balance:
    """How the scores of the parts of a query are combined.

    The score of each part is scaled by its own spread over unrelated images, so that an example does not drown the
    words next to it. The mean of the parts is scaled by its spread too: being somewhat like each of two things is rarer
    than being equally like one of them.

    Attributes:
        shares: The weights of the parts, as shares.
        spreads: The spread of each part's score.
        joint: The spread of the mean of the scores.
    """

    shares: tuple[float, ...]
    spreads: tuple[float, ...]
    joint: float

    @property
    def factors(self) -> tuple[float, ...]:
        """The factor of each part's score before all are added."""
        whole = sum(share * spread for share, spread in zip(self.shares, self.spreads, strict=True)) / self.joint
        return tuple(whole * share / spread for share, spread in zip(self.shares, self.spreads, strict=True))


def gather_candidates(snapshot: Snapshot, ids: Ids) -> VisualCandidates:
    """Return the images with some embedding ids, shape (n,), as candidates."""
    vectors, owners, baselines = snapshot.gather(ids)
    return VisualCandidates(to_float32(vectors), baselines, owners)


def score_parts(parts: Sequence[VisualPart], found: VisualCandidates | Sample, sample: Sample) -> Vectors:
    """Compute the log-odds that each candidate matches all parts of a query, shape (n,).

    Wanted parts are scored together. A part with a negative weight multiplies the odds by the probability of not being
    like it, to the power of its weight: being unlike one thing makes nothing more like another.
    """
    wanted = [part for part in parts if part.weight > 0]
    total = sum(part.weight for part in wanted)
    balance = measure_balance(wanted, sample)
    logits = np.zeros(len(found.vectors), np.float32)
    for part, share, factor in zip(wanted, balance.shares, balance.factors, strict=True):
        evidence = part.scorer.weigh(found.vectors, found.baselines)
        logits += np.float32(factor) * evidence + np.float32(share * part.scorer.bias)
    for part in parts:
        if part.weight <= 0:
            likeness = part.scorer.score(found.vectors, found.baselines)
            logits += np.float32(part.weight / total) * np.logaddexp(np.float32(0), likeness)
    return logits


def measure_balance(wanted: Sequence[VisualPart], sample: Sample) -> Balance:
    """Return how the wanted parts of a query are combined, from their scores on unrelated images."""
    total = sum(part.weight for part in wanted)
    shares = tuple(part.weight / total for part in wanted)
    alone = float(np.linalg.norm(shares))  # the spread of a mean of parts that have nothing to do with each other
    if len(wanted) == 1 or len(sample) < MIN_SPREAD_SAMPLE:
        return Balance(shares, (1.0,) * len(wanted), alone)
    evidence = [part.scorer.weigh(sample.vectors, sample.baselines) for part in wanted]
    spreads = tuple(max(_measure_spread(one), 1e-6) for one in evidence)
    mean = np.sum([share * one / spread for share, one, spread in zip(shares, evidence, spreads, strict=True)], axis=0)
    return Balance(shares, spreads, float(np.clip(_measure_spread(mean), alone, 1.0)))


def explain_parts(parts: Sequence[VisualPart], found: VisualCandidates, sample: Sample) -> dict[str, float]:
    """Return every term of the log-odds of a single candidate by name."""
    terms: dict[str, float] = {}
    wanted = [part for part in parts if part.weight > 0]
    factors = iter(measure_balance(wanted, sample).factors)
    for number, part in enumerate(parts):
        described = part.scorer.explain(found.vectors[0], found.baselines[0])
        terms |= {f"query{number}.{name}": value for name, value in described.items()}
        if len(wanted) > 1 and part.weight > 0:
            terms[f"query{number}.evidence factor"] = next(factors)
    return terms


def make_search_vector(parts: Sequence[VisualPart], sample: Sample) -> Vectors:
    """Combine the parts of a query into one search vector, shape (d,), unit length.

    An image is closer to all images than a text is to any. Each part is divided by the spread of its products with a
    sample of the library, so that it does not drown the others.

    Raises:
        UsageError: The parts cancel each other out.
    """
    if len(parts) == 1:
        return parts[0].scorer.direction
    total = np.zeros_like(parts[0].scorer.direction)
    for part in parts:
        direction = part.scorer.direction
        spread = float((sample.vectors @ direction).std()) if len(sample) > 1 else 1.0
        total += part.weight * direction / max(spread, 1e-6)
    length = float(np.linalg.norm(total))
    if length < 1e-6:
        raise UsageError("The parts of the query cancel each other out. Change a part or its weight.")
    result: Vectors = (total / length).astype(np.float32)
    return result


def _measure_spread(values: Vectors) -> float:
    """Return a robust standard deviation."""
    return float(np.median(np.abs(values - np.median(values)))) * MAD_TO_DEVIATION


# Reference images by the fingerprint of the model.
_references: dict[str, ReferenceImages] = {}


def get_calibrator(library: OpenHome, kind: str) -> VisualCalibrator:
    """Return the calibrator of a query to images.

    The `compact` encoder has calibrators that were fitted with its two parts. All other models share one that was
    fitted with a single part.

    Args:
        library: The library.
        kind: `text`, or `example` for an image.
    """
    encoder = library.models.image_encoder
    # An adapter moves the vectors a little and keeps their parts.
    if encoder.name.partition(ADAPTED)[0] == IMAGE_MODEL:
        return read_calibrators()[f"compact/{kind}"]
    return make_calibrator(encoder, library.indexes[Retriever.VISUAL].read_unrelated(), kind)


def make_calibrator(encoder: ImageEncoder, unrelated: Unrelated, kind: str) -> VisualCalibrator:
    """Return the calibrator of a model with one part, in units measured on the model itself, without labels.

    Args:
        encoder: The model.
        unrelated: How unrelated texts and images of the model compare.
        kind: `text` or `example`.
    """
    mean, deviation = unrelated.text if kind == "text" else unrelated.own
    return replace(read_calibrators()[f"any/{kind}"], units=(Unit(encoder.dimension, mean, deviation),))


def score_text(library: OpenHome, text: str) -> VisualScorer:
    """Return a scorer of images for a text."""
    query_classifier = library.models.query_classifier
    kinds, likeness = (
        query_classifier.measure_kinds([text])[0],
        float(query_classifier.measure_class_likeness([text])[0]),
    )
    return bind_text(get_calibrator(library, "text"), library.models.image_encoder, text, kinds, likeness)


def bind_text(
    calibrator: VisualCalibrator, encoder: ImageEncoder, text: str, kinds: Vectors, likeness: float = 0.0
) -> VisualScorer:
    """Return a scorer of images for a text.

    Args:
        calibrator: The calibrator of the model.
        encoder: The model.
        text: The query.
        kinds: The probabilities that the text names a thing, describes a scene, or does neither, shape (3,).
        likeness: Its cosine with the nearest class name that `compact` was trained on.
    """
    vector = encoder.encode_text_parts([text])[0]
    traits = describe_text(kinds, len(analyze(text).pieces))
    if len(encoder.reference):
        crowding = describe_crowding(vector, encoder.bank, calibrator.units)
        reach = describe_reach(vector, _measure_reference(encoder), calibrator.units)
        traits = np.concatenate([traits, crowding, reach])
    return calibrator.bind(vector, traits, recognize(likeness))


def score_example(library: OpenHome, vector: Vectors) -> VisualScorer:
    """Return a scorer of images by their similarity to an image, given by its vector, shape (d,)."""
    calibrator = get_calibrator(library, "example")
    # Each part of a stored vector has the same share of its length; as a query, each has its own length.
    query = vector * np.float32(len(calibrator.units) ** 0.5)
    return calibrator.bind(query, np.zeros(0, np.float32))


def _measure_reference(encoder: ImageEncoder) -> ReferenceImages:
    """Return the reference images of a model with their baselines. They are computed once."""
    known = _references.get(encoder.fingerprint)
    if known is None:
        vectors = encoder.reference
        known = ReferenceImages(vectors, measure_baselines(vectors, QueryBank(encoder.bank, encoder.parts)))
        _references[encoder.fingerprint] = known
    return known
