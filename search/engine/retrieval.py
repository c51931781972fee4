"""What each lane has to say to a query: candidates with calibrated probabilities."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from search.engine.encoding import Encoded, Probe
from search.errors import UsageError
from search.library import Library
from search.ranking.calibration import (
    Candidates,
    calibrate_words,
    compute_features,
    compute_logits,
    compute_word_features,
    measure_background,
    read_curves,
    to_probability,
)
from search.ranking.lanes import Candidate, Retrieved
from search.records import Filters, Ids, Lane, Vectors
from search.store.analysis import Word
from search.store.database import Database
from search.store.filters import select_embeddings
from search.store.space import Rows, Snapshot
from search.store.words import WordHit, expand_words, list_held, measure_held, search_words

# Speech recognised with less confidence than this counts less, in proportion.
SURE_SPEECH = 0.5
# What was excluded need not be the main thing in a picture to be unwanted, so less is enough than makes a hit:
# benchmarks/evaluation/exclusion.py.
EXCLUSION_CUT = 0.15


@dataclass(frozen=True)
class Matched:
    """What the full text gave: hits, and the features (n, 2) of the words curve."""

    hits: list[WordHit]
    features: Vectors


class Retriever:
    """Retrieves for one query at one revision of the catalogue; what can be used again is kept."""

    def __init__(self, library: Library, encoded: Encoded, explain: bool) -> None:
        self._library = library
        self._encoded = encoded
        self._explain = explain
        self._revision = library.catalogue.read_revision()
        self._allowed: dict[Lane, Ids] = {}

    def retrieve(self, lane: Lane, depth: int) -> Retrieved:
        """Give the best `depth` segments of a lane."""
        if lane is Lane.WORDS:
            return self._retrieve_words(depth)
        return self._retrieve_near(lane, depth)

    def _retrieve_near(self, lane: Lane, depth: int) -> Retrieved:
        probes = self._encoded.probes[lane]
        if not probes:
            return Retrieved([], True)
        space = self._library.spaces[lane]
        snapshot = space.refresh(self._revision)
        vector = combine_probes(probes, snapshot.sample)
        ids, _ = space.search(snapshot, vector[None], depth, self._select(lane))[0]
        rows = space.read_rows(ids)
        if not len(rows.ids):
            return Retrieved([], len(ids) < depth)
        candidates = Candidates(rows.vectors, snapshot.read_hubs(rows.ids), snapshot.count)
        total = sum(abs(probe.weight) for probe in probes)
        logits = sum((probe.weight / total) * judge(probe, candidates, snapshot.sample) for probe in probes)
        chances = to_probability(np.asarray(logits)) * self._encoded.coverage[lane]
        chances *= _discount([owner.confidence for owner in rows.owners])
        kept = self._exclude(lane, candidates, snapshot)
        return Retrieved(
            self._make_candidates(lane, rows, vector, chances * kept, kept > 1 - EXCLUSION_CUT),
            len(ids) < depth,
            float(chances[-16:].max()),
        )

    def _make_candidates(
        self, lane: Lane, rows: Rows, vector: Vectors, chances: Vectors, kept: np.typing.NDArray[np.bool_]
    ) -> list[Candidate]:
        raw = rows.vectors @ vector
        made = []
        for at in np.argsort(-chances, kind="stable").tolist():
            if kept[at]:
                owner = rows.owners[at]
                terms = self._take_apart(lane, rows, at) if self._explain else None
                made.append(
                    Candidate(
                        lane,
                        owner.segment_id,
                        owner.item_id,
                        float(raw[at]),
                        float(chances[at]),
                        owner.kind,
                        rows.vectors[at],
                        owner.look,
                        terms,
                    )
                )
        return made

    def _select(self, lane: Lane) -> Ids | None:
        if self._encoded.filters.is_empty:
            return None
        if lane not in self._allowed:
            space = self._library.spaces[lane]
            self._allowed[lane] = select_embeddings(
                self._library.catalogue.database, space.space_id, self._encoded.filters
            )
        return self._allowed[lane]

    def _exclude(self, lane: Lane, candidates: Candidates, snapshot: Snapshot) -> Vectors:
        """Give the probability of each candidate to show nothing of what the query excludes."""
        kept = np.ones(len(candidates.vectors), np.float32)
        for probe in self._encoded.excluded[lane]:
            kept *= 1 - to_probability(judge(probe, candidates, snapshot.sample))
        return kept

    def _take_apart(self, lane: Lane, rows: Rows, at: int) -> dict[str, float]:
        """Give every term of a candidate's score by name."""
        snapshot = self._library.spaces[lane].refresh(self._revision)
        one = Candidates(rows.vectors[at : at + 1], snapshot.read_hubs(rows.ids[at : at + 1]), snapshot.count)
        terms: dict[str, float] = {"coverage": self._encoded.coverage[lane]}
        for number, probe in enumerate(self._encoded.probes[lane]):
            for place, (share, curve) in enumerate(probe.curves):
                background = measure_background(probe.vector, snapshot.sample, curve)
                features = compute_features(probe.vector, one, background, curve)
                name = f"part{number}.curve{place}."
                terms[name + "share"] = share * probe.weight
                terms[name + "bias"] = curve.bias
                for index, part in enumerate(curve.parts):
                    terms[f"{name}z{index}"] = float(features[0, index])
                    terms[f"{name}weight{index}"] = part.weight
                    terms[f"{name}median{index}"] = background.medians[index]
                    terms[f"{name}deviation{index}"] = background.deviations[index]
                terms[name + "hub"] = float(one.hubs[0]) * curve.hub
                terms[name + "size"] = float(features[0, -1]) * curve.size
                terms[name + "logit"] = float(compute_logits(features, curve)[0])
        confidence = rows.owners[at].confidence
        if confidence is not None:
            terms["confidence"] = confidence
        return terms

    def _retrieve_words(self, depth: int) -> Retrieved:
        if not self._encoded.words:
            return Retrieved([], True)
        found = match_words(self._library.catalogue.database, self._encoded.words, self._encoded.filters, depth)
        chances = calibrate_words(found.features, read_curves().words) * self._encoded.coverage[Lane.WORDS]
        chances *= _discount([hit.confidence for hit in found.hits])
        candidates = [
            Candidate(
                Lane.WORDS,
                hit.segment_id,
                hit.item_id,
                hit.bm25,
                float(chance),
                hit.kind,
                terms={"share": float(share), "log2 of words": float(matched)} if self._explain else None,
            )
            for hit, chance, (share, matched) in zip(found.hits, chances, found.features, strict=True)
            if not self._holds_excluded(hit.text)
        ]
        candidates.sort(key=lambda one: (-one.probability, -one.raw, one.segment_id))
        return Retrieved(candidates, len(found.hits) < depth, float(chances[-16:].max()) if len(chances) else 0.0)

    def _holds_excluded(self, text: str) -> bool:
        if not any(self._encoded.excluded_words):
            return False
        held = list_held(text)
        return any(
            words and all(held.issuperset(word.pieces) or word.whole in held for word in words)
            for words in self._encoded.excluded_words
        )


def match_words(database: Database, words: Sequence[Word], filters: Filters, depth: int) -> Matched:
    """Give the segments that hold any of the words, with how much of the query each holds."""
    wanted, total = expand_words(database, words)
    hits = search_words(database, wanted, filters, depth)
    weights = np.array([math.log(1 + (total + 0.5) / (one.count + 0.5)) for one in wanted], np.float32)
    held = measure_held(database, wanted, [hit.segment_id for hit in hits])
    # A word that is nearly everywhere is no word at all: each counts by how telling it is.
    telling = held @ (weights / weights.max())
    return Matched(hits, compute_word_features(held @ weights / weights.sum(), telling))


def judge(probe: Probe, candidates: Candidates, sample: Vectors) -> Vectors:
    """Give the log-odds that each candidate is what a probe asks for, shape (n,)."""
    logits = np.zeros(len(candidates.vectors), np.float32)
    for share, curve in probe.curves:
        background = measure_background(probe.vector, sample, curve)
        logits += np.float32(share) * compute_logits(
            compute_features(probe.vector, candidates, background, curve), curve
        )
    return logits


def combine_probes(probes: Sequence[Probe], sample: Vectors) -> Vectors:
    """Join the parts of a query into the one vector that is searched by, shape (d,), unit length.

    A picture is nearer to all pictures than a text is to any; dividing each part by the spread of its own
    background keeps it from drowning the other. Raises UsageError when the parts cancel out.
    """
    if len(probes) == 1:
        return probes[0].vector
    total = np.zeros_like(probes[0].vector)
    for probe in probes:
        spread = float((sample @ probe.vector).std()) if len(sample) > 1 else 1.0
        total += probe.weight * probe.vector / max(spread, 1e-6)
    length = float(np.linalg.norm(total))
    if length < 1e-6:
        raise UsageError("the parts of the query cancel each other out")
    return (total / length).astype(np.float32)


def _discount(confidences: Sequence[float | None]) -> Vectors:
    """Give the factor for speech that may have been heard wrongly; 1 for all else."""
    factors = [1.0 if one is None else min(1.0, one / SURE_SPEECH) for one in confidences]
    return np.array(factors, np.float32)
