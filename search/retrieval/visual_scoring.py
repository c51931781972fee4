"""The visual retriever: images and frames, scored for every part of a query."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from search.encoders.encoder import ImageEncoder
from search.encoders.registry import ADAPTED, IMAGE_MODEL
from search.errors import UsageError
from search.open_home import OpenHome
from search.records import Ids, Retriever, RowMetadata, Sample, Vectors
from search.scoring.traits import (
    ReferenceImages,
    describe_text,
    measure_bank_closeness,
    measure_class_match,
    measure_reference_closeness,
)
from search.scoring.visual import Unit, VisualCalibrator, VisualScorer, read_calibrators
from search.storage.baselines import QueryBank, measure_baselines
from search.storage.embedding_rows import to_float32
from search.storage.snapshot import Snapshot
from search.storage.unrelated_text import UnrelatedStatistics
from search.text.analysis import analyze

# The standard deviation of a normal distribution, as a multiple of its median absolute deviation.
MAD_TO_DEVIATION = 1.4826
# With fewer images of the library than this, the spread of scores is not measured.
MIN_SPREAD_SAMPLE = 16


@dataclass(frozen=True)
class VisualPart:
    """A part of a query as the visual retriever needs it.

    Attributes:
        scorer: Scores images for the part.
        weight: Its weight; a negative weight ranks similar images lower.
    """

    scorer: VisualScorer
    weight: float = 1.0


@dataclass(frozen=True)
class VisualCandidates:
    """Images that may be relevant.

    Attributes:
        vectors: Their vectors, shape (n, d), float32.
        baselines: The scores of the query bank for each image, shape (n, 4 * parts).
        metadata: The segment and item of each image, shape (n,).
    """

    vectors: Vectors
    baselines: Vectors
    metadata: RowMetadata


@dataclass(frozen=True)
class ScoredImages:
    """Images scored for a query, in the order in which they were found.

    Attributes:
        ids: Ids of their embeddings, shape (n,).
        metadata: The segment and item of each image, shape (n,).
        vectors: Vectors as stored, float16, shape (n, d).
        products: Dot products with the search vector, shape (n,).
        logits: Log-odds of relevance, shape (n,).
        not_excluded: Probabilities that the image shows nothing that the query excludes, shape (n,).
    """

    ids: Ids
    metadata: RowMetadata
    vectors: Vectors
    products: Vectors
    logits: Vectors
    not_excluded: Vectors

    def join(self, others: "ScoredImages") -> "ScoredImages":
        """Return these images followed by others."""
        return ScoredImages(*map(np.concatenate, zip(vars(self).values(), vars(others).values(), strict=True)))


@dataclass(frozen=True)
class Balance:
    """How the scores of the parts of a query are combined.

    The score of each part is divided by its spread over a sample of the library, so that an example image does not
    dominate a text. The mean of the parts is divided by its spread too, because moderate similarity to each of two
    parts is rarer than the same similarity to one.

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
        scale = sum(share * spread for share, spread in zip(self.shares, self.spreads, strict=True)) / self.joint
        return tuple(scale * share / spread for share, spread in zip(self.shares, self.spreads, strict=True))


def gather_candidates(snapshot: Snapshot, ids: Ids) -> VisualCandidates:
    """Return the images with the given embedding ids, shape (n,), as candidates."""
    vectors, metadata, baselines = snapshot.gather(ids)
    return VisualCandidates(to_float32(vectors), baselines, metadata)


def score_parts(parts: Sequence[VisualPart], found: VisualCandidates | Sample, sample: Sample) -> Vectors:
    """Compute the log-odds that each candidate matches all parts of a query, shape (n,).

    Parts with a positive weight are scored together. A part with a negative weight multiplies the odds by the
    probability that the image does not match the part, to the power of its weight. It never raises them: dissimilarity
    to one part is no evidence for another.

    Args:
        parts: The parts. At least one weight must be positive.
        found: The n candidates.
        sample: Images of the library, to measure the spread of scores.
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
            part_logits = part.scorer.score(found.vectors, found.baselines)
            logits += np.float32(part.weight / total) * np.logaddexp(np.float32(0), part_logits)
    return logits


def measure_balance(wanted: Sequence[VisualPart], sample: Sample) -> Balance:
    """Return how parts with positive weights are combined, from their scores on a sample of the library."""
    total = sum(part.weight for part in wanted)
    shares = tuple(part.weight / total for part in wanted)
    independent_spread = float(np.linalg.norm(shares))  # the spread of the mean if the parts are uncorrelated
    if len(wanted) == 1 or len(sample) < MIN_SPREAD_SAMPLE:
        return Balance(shares, (1.0,) * len(wanted), independent_spread)
    evidence = [part.scorer.weigh(sample.vectors, sample.baselines) for part in wanted]
    spreads = tuple(max(_measure_spread(scores), 1e-6) for scores in evidence)
    scaled = [share * scores / spread for share, scores, spread in zip(shares, evidence, spreads, strict=True)]
    joint = _measure_spread(np.sum(scaled, axis=0))
    return Balance(shares, spreads, float(np.clip(joint, independent_spread, 1.0)))


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

    Cosines between two images are higher than between a text and an image. So each part is divided by the spread of its
    products with a sample of the library, and no part dominates the others.

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
    """Compute a robust standard deviation from the median absolute deviation."""
    return float(np.median(np.abs(values - np.median(values)))) * MAD_TO_DEVIATION


# Reference images by the fingerprint of the model.
_references: dict[str, ReferenceImages] = {}


def get_calibrator(library: OpenHome, kind: str) -> VisualCalibrator:
    """Return the calibrator of the image encoder in use.

    The `compact` encoder has calibrators that were fitted with its two parts. All other models share one that was
    fitted with a single part.

    Args:
        library: The library.
        kind: `text`, or `example` for an image.
    """
    encoder = library.models.image_encoder
    # An adapter changes the vectors only a little and keeps their parts.
    if encoder.name.partition(ADAPTED)[0] == IMAGE_MODEL:
        return read_calibrators()[f"compact/{kind}"]
    return make_calibrator(encoder, library.indexes[Retriever.VISUAL].read_unrelated(), kind)


def make_calibrator(encoder: ImageEncoder, unrelated: UnrelatedStatistics, kind: str) -> VisualCalibrator:
    """Return the calibrator of a model with one part, in units measured on that model without labels.

    Args:
        encoder: The model.
        unrelated: The mean and deviation of the products of unrelated texts and images.
        kind: `text` or `example`.
    """
    mean, deviation = unrelated.text if kind == "text" else unrelated.image
    return replace(read_calibrators()[f"any/{kind}"], units=(Unit(encoder.dimension, mean, deviation),))


def score_text(library: OpenHome, text: str) -> VisualScorer:
    """Return a scorer of images for a text."""
    query_classifier = library.models.query_classifier
    kinds = query_classifier.measure_kinds([text])[0]
    likeness = float(query_classifier.measure_class_likeness([text])[0])
    return bind_text(get_calibrator(library, "text"), library.models.image_encoder, text, kinds, likeness)


def bind_text(
    calibrator: VisualCalibrator,
    encoder: ImageEncoder,
    text: str,
    kinds: Vectors,
    likeness: float = 0.0,
    vector: Vectors | None = None,
) -> VisualScorer:
    """Return a scorer of images for a text, without a library.

    Args:
        calibrator: The calibrator of the model.
        encoder: The model.
        text: The query.
        kinds: The probabilities that the text names a thing, describes a scene, or does neither, shape (3,).
        likeness: Its cosine with the nearest class name that `compact` was trained on.
        vector: Its vector for the parts of the space, if it is known, shape (d,).
    """
    if vector is None:
        vector = encoder.encode_text_parts([text])[0]
    traits = describe_text(kinds, len(analyze(text).pieces))
    if len(encoder.reference):
        bank_closeness = measure_bank_closeness(vector, encoder.bank, calibrator.units)
        reference_closeness = measure_reference_closeness(vector, _measure_reference(encoder), calibrator.units)
        traits = np.concatenate([traits, bank_closeness, reference_closeness])
    return calibrator.bind(vector, traits, measure_class_match(likeness))


def score_example(library: OpenHome, vector: Vectors) -> VisualScorer:
    """Return a scorer of images by their similarity to an image, given by its vector, shape (d,)."""
    calibrator = get_calibrator(library, "example")
    # The parts of a stored vector together have unit length; the parts of a query have unit length each.
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
