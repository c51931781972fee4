"""Scoring of stored vectors for the tags of the vocabulary, with the calibration of the visual retriever."""

import hashlib
from collections.abc import Callable
from functools import cached_property, partial

from search.open_home import OpenHome
from search.records import MachineTag, Vectors
from search.retrieval.visual_scoring import bind_text, get_calibrator
from search.scoring.candidates import to_probability
from search.storage.baselines import QueryBank, measure_baselines
from search.tagging.cuts import FITTED_FILE, UsedTag, choose_cuts, read_probes
from search.tagging.texts import open_tag_texts
from search.tagging.vocabulary import Vocabulary, find_vocabulary, read_vocabulary

Score = Callable[[Vectors, Vectors], Vectors]


class Tagger:
    """Finds the tags of images. The texts are encoded when the first image is scored.

    Attributes:
        vocabulary: The vocabulary.
        used: Its entries with their cuts.
        digest: Identifies the vocabulary, the model and the cuts: images with another digest are tagged again.
    """

    def __init__(self, library: OpenHome) -> None:
        """Read the vocabulary of a home. Raises UsageError when it is not valid."""
        self._library = library
        encoder = library.models.image_encoder
        self.vocabulary: Vocabulary = read_vocabulary(find_vocabulary(library.home.tags))
        self.used: list[UsedTag] = choose_cuts(self.vocabulary.entries, encoder.name)
        versions = (self.vocabulary.digest, encoder.fingerprint, FITTED_FILE.read_text(encoding="utf-8"))
        self.digest: str = hashlib.sha256("\n".join(versions).encode()).hexdigest()[:16]

    @property
    def names(self) -> dict[str, dict[str, str]]:
        """The names of every tag by language."""
        return {entry.name: {"en": entry.name, **entry.names} for entry in self.vocabulary.entries}

    @property
    def broader(self) -> dict[str, tuple[str, ...]]:
        """The names of more general tags by name."""
        return {entry.name: entry.broader for entry in self.vocabulary.entries}

    def tag(self, vectors: Vectors) -> list[list[MachineTag]]:
        """Return the tags of each image, the most probable first.

        Args:
            vectors: The stored vectors, shape (n, d), float32.
        """
        encoder = self._library.models.image_encoder
        baselines = measure_baselines(vectors, QueryBank(encoder.bank, encoder.parts))
        given: list[list[MachineTag]] = [[] for _ in vectors]
        for tag, score in self._scorers:
            logits = score(vectors, baselines)
            assert tag.cut is not None
            for row in (logits >= tag.cut).nonzero()[0].tolist():
                given[row].append(MachineTag(tag.entry.name, round(float(to_probability(logits[row])), 4)))
        return [sorted(tags, key=lambda tag: -tag.score) for tags in given]

    @cached_property
    def _scorers(self) -> list[tuple[UsedTag, Score]]:
        """The tags that are given, with the function from vectors and baselines to log-odds."""
        models, calibrator = self._library.models, get_calibrator(self._library, "text")
        given = [tag for tag in self.used if tag.cut is not None]
        probed = [tag for tag in given if tag.is_probed]
        scorers: list[tuple[UsedTag, Score]] = [
            (tag, partial(_apply_probe, read_probes()[tag.entry.query])) for tag in probed
        ]
        described = [tag for tag in given if not tag.is_probed]
        queries = [tag.entry.query for tag in described]
        stored = self._library.home.models / f"tags-{self.digest}.npz"
        texts = open_tag_texts(stored, models, queries)
        for number, tag in enumerate(described):
            likeness, vector = float(texts.likeness[number]), texts.vectors[number]
            scorer = bind_text(calibrator, models.image_encoder, queries[number], texts.kinds[number], likeness, vector)
            scorers.append((tag, scorer.score))
        return scorers


def _apply_probe(weights: Vectors, vectors: Vectors, _baselines: Vectors) -> Vectors:
    """Return the log-odds of images, shape (n,). The last weight is the bias."""
    result: Vectors = vectors @ weights[:-1] + weights[-1]
    return result
