"""The visual retriever: pictures and frames, scored for every part of a query."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from search.errors import UsageError
from search.records import Ids, RowMetadata, Sample, Vectors
from search.scoring.visual import VisualScorer
from search.storage.embedding_rows import to_float32
from search.storage.space_index import Snapshot

MAD_TO_DEVIATION = 1.4826
# Fewer unrelated pictures than this do not tell how evidence is spread.
MIN_SPREAD_SAMPLE = 16


@dataclass(frozen=True)
class VisualPart:
    """One part of a query: what scores pictures for it, and its weight; below 0 it pushes away."""

    scorer: VisualScorer
    weight: float = 1.0


@dataclass(frozen=True)
class VisualCandidates:
    """Pictures that may be relevant.

    Attributes:
        vectors: Shape (n, d).
        baselines: What the query bank scores against each, shape (n, k).
        owners: Whose they are, shape (n,).
    """

    vectors: Vectors
    baselines: Vectors
    owners: RowMetadata


@dataclass(frozen=True)
class ScoredImages:
    """Pictures that were scored for a query, in the order in which they were found.

    Attributes:
        ids: Of their embeddings, shape (n,).
        owners: Whose they are, shape (n,).
        vectors: As they are stored, float16, shape (n, d).
        products: With the vector that was searched by, shape (n,).
        logits: The log-odds of relevance, shape (n,).
        kept: The probability to show nothing of what the query excludes, shape (n,).
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
    """How the evidence of the parts of a query is joined.

    The evidence of each part counts in units of its own spread among unrelated pictures, so that an example does not
    drown the words next to it; and their mean in units of its own spread: to be somewhat like each of two things is
    rarer than to be that much like one.

    Attributes:
        shares: Of the weights.
        spreads: Of the evidence of each part.
        joint: Of the mean of the evidence.
    """

    shares: tuple[float, ...]
    spreads: tuple[float, ...]
    joint: float

    @property
    def factors(self) -> tuple[float, ...]:
        """By what the evidence of each part is multiplied before all are added."""
        whole = sum(share * spread for share, spread in zip(self.shares, self.spreads, strict=True)) / self.joint
        return tuple(whole * share / spread for share, spread in zip(self.shares, self.spreads, strict=True))


def gather_candidates(snapshot: Snapshot, ids: Ids) -> VisualCandidates:
    """Return what is scored of the embeddings with these ids, shape (n,)."""
    vectors, owners, baselines = snapshot.gather(ids)
    return VisualCandidates(to_float32(vectors), baselines, owners)


def score_parts(parts: Sequence[VisualPart], found: VisualCandidates | Sample, sample: Sample) -> Vectors:
    """Compute the log-odds that each candidate is what the parts of a query together ask for, shape (n,).

    Parts that are wanted are scored together. One that pushes away multiplies the odds by the probability of not being
    like it, to the power of its weight: not to be like one thing makes nothing more like another.
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
    """Return how the wanted parts of a query are joined, by what they say of some unrelated pictures."""
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
    """Join the parts of a query into the one vector that is searched by, shape (d,), unit length.

    A picture is nearer to all pictures than a text is to any; dividing each part by the spread of its products with
    some of the library keeps it from drowning the other. Raises UsageError when the parts cancel out.
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
        raise UsageError("the parts of the query cancel each other out")
    result: Vectors = (total / length).astype(np.float32)
    return result


def _measure_spread(values: Vectors) -> float:
    """Return a robust standard deviation."""
    return float(np.median(np.abs(values - np.median(values)))) * MAD_TO_DEVIATION
