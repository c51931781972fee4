"""Semantic comparison of queries and passages, relative to fixed reference texts.

The embedded reference texts are packaged for the bundled text encoder. For any other encoder they are computed once and
stored in the home.
"""

import hashlib
import os
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from search.encoders.encoder import TextEncoder
from search.errors import UsageError
from search.open_home import OpenHome
from search.records import Vectors
from search.scoring.candidates import to_probability
from search.scoring.text import (
    QueryBaseline,
    ReferenceTexts,
    TextFeatures,
    Weights,
    compare_passages,
    compute_log_odds,
    make_reference_texts,
    make_semantic_features,
    measure_query,
    remove_directions,
    standardize,
)


@dataclass(frozen=True)
class SemanticPart:
    """A part of a query as semantic retrieval needs it.

    Attributes:
        vector: Its embedding, shape (d,), unit length.
        weight: Its weight; a negative weight ranks similar passages lower.
    """

    vector: Vectors
    weight: float = 1.0


@dataclass(frozen=True)
class _MeasuredPart:
    """A part of a query without language directions, compared with the reference texts.

    Attributes:
        vector: The embedding, shape (d,), unit length.
        share: Its weight, as a share of the sum of the positive weights.
        baseline: Its similarities with the reference passages.
    """

    vector: Vectors
    share: float
    baseline: QueryBaseline


class SemanticQuery:
    """The parts of a query, prepared to be compared with passages."""

    def __init__(self, parts: Sequence[SemanticPart], reference: ReferenceTexts) -> None:
        """Compare the parts with the reference texts.

        Args:
            parts: The parts. At least one weight must be above zero.
            reference: The reference texts of the encoder.
        """
        self._reference = reference
        total = sum(part.weight for part in parts if part.weight > 0)
        rows = remove_directions(np.stack([part.vector for part in parts]), reference.directions)
        measured = [
            _MeasuredPart(row, part.weight / total, measure_query(row, reference))
            for row, part in zip(rows, parts, strict=True)
        ]
        self._wanted = [part for part in measured if part.share > 0]
        self._unwanted = [part for part in measured if part.share <= 0]
        # Moderate similarity to each of several parts is rarer than the same similarity to one.
        unrelated = self._combine(np.stack([part.vector for part in self._wanted]) @ reference.passages.T)
        self._spread = max(float(unrelated.std()), 1e-3) if len(self._wanted) > 1 else 1.0
        self._nearest = sum(part.share * part.baseline.nearest for part in self._wanted)

    def make_search_vector(self) -> Vectors:
        """Combine the parts into one search vector, shape (d,), unit length.

        Raises:
            UsageError: The parts cancel each other out.
        """
        parts = [*self._wanted, *self._unwanted]
        total = np.sum([part.share * part.vector / part.baseline.deviation for part in parts], axis=0)
        length = float(np.linalg.norm(total))
        if length < 1e-6:
            raise UsageError("The parts of the query cancel each other out. Change a part or its weight.")
        result: Vectors = (total / length).astype(np.float32)
        return result

    def compute_features(self, passages: Vectors) -> tuple[dict[str, Vectors], Vectors]:
        """Compute the features of passages and their cosines with the query.

        Args:
            passages: Vectors of passages, shape (n, d).

        Returns:
            The features by name, shape (n,) each, and the weighted mean of the cosines with the parts of positive
            weight, shape (n,).
        """
        compared = compare_passages(passages, np.stack([part.vector for part in self._wanted]), self._reference)
        similarity = self._combine(compared.similarities) / self._spread
        shares = np.array([[part.share] for part in self._wanted], np.float32)
        # Not as a product of matrices, for the reason in `compute_log_odds`.
        cosines: Vectors = (shares * compared.similarities).sum(axis=0)
        return make_semantic_features(similarity, compared.hubs, self._nearest), cosines

    def penalize(self, passages: Vectors, weights: Weights) -> Vectors:
        """Compute what the parts with negative weights add to the log-odds of passages, at most 0, shape (n,).

        The odds are multiplied by the probability that the passage does not match a part, to the power of its weight.

        Args:
            passages: Vectors of passages, shape (n, d).
            weights: The function of the semantic features.
        """
        penalty = np.zeros(len(passages), np.float32)
        if self._unwanted:
            compared = compare_passages(passages, np.stack([part.vector for part in self._unwanted]), self._reference)
            for part, cosines in zip(self._unwanted, compared.similarities, strict=True):
                similarity = standardize(cosines, part.baseline)
                features = make_semantic_features(similarity, compared.hubs, part.baseline.nearest)
                part_logits = compute_log_odds(TextFeatures(features), weights)
                penalty += np.float32(part.share) * np.logaddexp(np.float32(0), part_logits)
        return penalty

    def _combine(self, similarities: Vectors) -> Vectors:
        """Combine the similarities with the wanted parts, shape (p, n), in standard deviations; shape (n,)."""
        scores = [
            part.share * standardize(cosines, part.baseline)
            for part, cosines in zip(self._wanted, similarities, strict=True)
        ]
        result: Vectors = np.sum(scores, axis=0).astype(np.float32)
        return result


def compute_not_excluded(
    library: OpenHome, excluded: Sequence[Vectors], passages: Vectors, weights: Weights
) -> Vectors:
    """Compute the probability that passages match no excluded part, shape (n,).

    Args:
        library: The library, for the reference texts of its text encoder.
        excluded: Embeddings of the excluded parts, shape (d,) each, unit length.
        passages: Vectors of passages, shape (n, d).
        weights: The function of the semantic features.
    """
    not_excluded = np.ones(len(passages), np.float32)
    for vector in excluded if len(passages) else ():
        features, _ = SemanticQuery([SemanticPart(vector)], get_reference_texts(library)).compute_features(passages)
        not_excluded *= 1 - to_probability(compute_log_odds(TextFeatures(features), weights))
    return not_excluded


FOLDER = Path(__file__).parent / "reference"
# The embedded reference texts for the bundled text encoder.
PACKAGED_FILE = FOLDER / "compact.npz"
TEXT_FILES = ("parallel.tsv", "passages.txt", "questions.txt")
_loading = threading.Lock()
# Reference texts by `name_reference`.
_references: dict[str, ReferenceTexts] = {}


def get_reference_texts(library: OpenHome) -> ReferenceTexts:
    """Return the reference texts of the library's text encoder, embedding them if the encoder is new."""
    encoder = library.models.text_encoder
    key = name_reference(encoder.fingerprint)
    reference = _references.get(key)
    if reference is None:
        with _loading:
            if key not in _references:
                _references[key] = _open_reference(library, encoder, key)
            reference = _references[key]
    return reference


def name_reference(fingerprint: str) -> str:
    """Return the name of the embedded reference texts: a hash of the model's fingerprint and of the texts."""
    digest = hashlib.sha256(fingerprint.encode())
    for name in TEXT_FILES:
        digest.update((FOLDER / name).read_bytes())
    return digest.hexdigest()[:16]


def embed_reference(encoder: TextEncoder) -> ReferenceTexts:
    """Embed the reference texts."""
    lines = (FOLDER / "parallel.tsv").read_text(encoding="utf-8").splitlines()[1:]
    languages, sentences = zip(*(line.split("\t") for line in lines), strict=True)
    passages, questions = (read_lines(name) for name in TEXT_FILES[1:])
    parallel = [encoder.encode_passages(list(sentences)), encoder.encode_queries(list(sentences))]
    return make_reference_texts(
        languages,
        parallel,
        np.concatenate([encoder.encode_passages(passages), parallel[0]]),
        encoder.encode_queries(questions),
    )


def read_lines(name: str) -> list[str]:
    """Return the lines of a file of reference texts."""
    return (FOLDER / name).read_text(encoding="utf-8").splitlines()


def write_reference(path: Path, key: str, reference: ReferenceTexts) -> None:
    """Write embedded reference texts atomically.

    Args:
        path: The file to write.
        key: The name, as `name_reference` returns it.
        reference: The texts.

    Raises:
        OSError: The file cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    values = vars(reference)
    arrays = {name: values[name].astype(np.float16) for name in ("directions", "passages", "questions")}
    hub = np.array([reference.hub_center, reference.hub_spread])
    with temporary.open("wb") as stream:
        np.savez(stream, key=np.array(key), hub=hub, **arrays)
    temporary.replace(path)


def read_reference(path: Path, key: str) -> ReferenceTexts | None:
    """Read embedded reference texts; return None if the file is missing or has another key."""
    try:
        with np.load(path) as stored:
            if str(stored["key"]) != key:
                return None
            arrays = [stored[name].astype(np.float32) for name in ("directions", "passages", "questions")]
            center, spread = stored["hub"].tolist()
    except (OSError, ValueError, KeyError):
        return None
    return ReferenceTexts(arrays[0], arrays[1], arrays[2], center, spread)


def _open_reference(library: OpenHome, encoder: TextEncoder, key: str) -> ReferenceTexts:
    """Return the reference texts of an encoder from the package or the home, or embed and store them."""
    cached_file = library.home.models / f"reference-{key}.npz"
    for path in (PACKAGED_FILE, cached_file):
        reference = read_reference(path, key)
        if reference is not None:
            return reference
    reference = embed_reference(encoder)
    # Searches work even if the home is not writable.
    with suppress(OSError):
        cached_file.parent.mkdir(parents=True, exist_ok=True)
        write_reference(cached_file, key, reference)
    return reference
