"""The semantic retriever: text embeddings, compared with fixed reference texts.

The reference is packaged for the bundled text encoder. For any other it is computed once and kept in the home.
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
from search.scoring.text import (
    QueryBaseline,
    ReferenceTexts,
    TextFeatures,
    Weights,
    compute_log_odds,
    make_reference_texts,
    make_semantic_features,
    measure_hubs,
    measure_query,
    remove_directions,
    standardize,
)


@dataclass(frozen=True)
class SemanticPart:
    """One part of a query.

    Attributes:
        vector: Its embedding, shape (d,), unit length.
        weight: Its weight; below 0 it pushes results away.
    """

    vector: Vectors
    weight: float = 1.0


@dataclass(frozen=True)
class _Measured:
    """A part of a query without language directions, compared with the reference.

    Attributes:
        vector: The embedding, shape (d,).
        share: Its weight as a share of the weights of the wanted parts.
        baseline: Its similarities with unrelated passages.
    """

    vector: Vectors
    share: float
    baseline: QueryBaseline


class SemanticQuery:
    """The parts of a query, prepared to be compared with passages."""

    def __init__(self, parts: Sequence[SemanticPart], reference: ReferenceTexts) -> None:
        """Compare the parts with the reference.

        Args:
            parts: The parts. At least one weight must be above zero.
            reference: The reference texts of the encoder.
        """
        self._reference = reference
        total = sum(part.weight for part in parts if part.weight > 0)
        rows = remove_directions(np.stack([part.vector for part in parts]), reference.directions)
        measured = [
            _Measured(row, part.weight / total, measure_query(row, reference))
            for row, part in zip(rows, parts, strict=True)
        ]
        self._wanted = [one for one in measured if one.share > 0]
        self._unwanted = [one for one in measured if one.share <= 0]
        # Being somewhat like each of several parts is rarer than being equally like one.
        unrelated = self._combine(reference.passages)
        self._spread = max(float(unrelated.std()), 1e-3) if len(self._wanted) > 1 else 1.0
        self._nearest = sum(one.share * one.baseline.nearest for one in self._wanted)

    def make_search_vector(self) -> Vectors:
        """Combine the parts into one search vector, shape (d,), unit length.

        Raises:
            UsageError: The parts cancel each other out.
        """
        parts = [*self._wanted, *self._unwanted]
        total = np.sum([one.share * one.vector / one.baseline.deviation for one in parts], axis=0)
        length = float(np.linalg.norm(total))
        if length < 1e-6:
            raise UsageError("The parts of the query cancel each other out. Change a part or its weight.")
        result: Vectors = (total / length).astype(np.float32)
        return result

    def compute_features(self, passages: Vectors) -> tuple[dict[str, Vectors], Vectors]:
        """Compute the features of passages and their cosines with the wanted parts, each of shape (n,).

        Args:
            passages: Vectors of passages, shape (n, d).
        """
        rows = remove_directions(passages, self._reference.directions)
        similarity = self._combine(rows) / self._spread
        cosines = np.sum([one.share * (rows @ one.vector) for one in self._wanted], axis=0)
        hubs = measure_hubs(rows, self._reference)
        return make_semantic_features(similarity, hubs, self._nearest), cosines.astype(np.float32)

    def penalize(self, passages: Vectors, weights: Weights) -> Vectors:
        """Compute what the unwanted parts add to the log-odds of passages, at most 0, shape (n,).

        The odds are multiplied by the probability of not being like a part, to the power of its weight.
        """
        penalty = np.zeros(len(passages), np.float32)
        if self._unwanted:
            rows = remove_directions(passages, self._reference.directions)
            hubs = measure_hubs(rows, self._reference)
            for one in self._unwanted:
                similarity = standardize(rows @ one.vector, one.baseline)
                features = make_semantic_features(similarity, hubs, one.baseline.nearest)
                likeness = compute_log_odds(TextFeatures(features), weights)
                penalty += np.float32(one.share) * np.logaddexp(np.float32(0), likeness)
        return penalty

    def _combine(self, rows: Vectors) -> Vectors:
        scores = [one.share * standardize(rows @ one.vector, one.baseline) for one in self._wanted]
        result: Vectors = np.sum(scores, axis=0).astype(np.float32)
        return result


FOLDER = Path(__file__).parent / "reference"
PACKAGED_FILE = FOLDER / "compact.npz"
TEXT_FILES = ("parallel.tsv", "passages.txt", "questions.txt")
_LOADING = threading.Lock()
_REFERENCES: dict[str, ReferenceTexts] = {}


def get_reference_texts(library: OpenHome) -> ReferenceTexts:
    """Return the reference texts of the library's text encoder, embedding them if the encoder is new."""
    encoder = library.models.text_encoder
    key = name_reference(encoder.fingerprint)
    reference = _REFERENCES.get(key)
    if reference is None:
        with _LOADING:
            if key not in _REFERENCES:
                _REFERENCES[key] = _open_reference(library, encoder, key)
            reference = _REFERENCES[key]
    return reference


def name_reference(fingerprint: str) -> str:
    """Return a name that changes with the model and with the fixed texts."""
    digest = hashlib.sha256(fingerprint.encode())
    for name in TEXT_FILES:
        digest.update((FOLDER / name).read_bytes())
    return digest.hexdigest()[:16]


def embed_reference(encoder: TextEncoder) -> ReferenceTexts:
    """Embed the fixed texts."""
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
    """Return the lines of a packaged text."""
    return (FOLDER / name).read_text(encoding="utf-8").splitlines()


def write_reference(path: Path, key: str, reference: ReferenceTexts) -> None:
    """Write a reference atomically.

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
    """Read a reference file; return None if it is missing or belongs to another model or other texts."""
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
    kept = library.home.models / f"reference-{key}.npz"
    for path in (PACKAGED_FILE, kept):
        found = read_reference(path, key)
        if found is not None:
            return found
    made = embed_reference(encoder)
    # A home that is not writable can still answer.
    with suppress(OSError):
        kept.parent.mkdir(parents=True, exist_ok=True)
        write_reference(kept, key, made)
    return made
