"""Which calibrator scores queries to the picture model of a library."""

from dataclasses import replace

import numpy as np

from search.encoders.encoder import ImageEncoder
from search.encoders.registry import ADAPTED, IMAGE_MODEL
from search.library import Library
from search.records import Retriever, Vectors
from search.scoring.traits import Reference, describe_crowding, describe_reach, describe_text, recognize
from search.scoring.visual import Unit, VisualCalibrator, VisualScorer, read_calibrators
from search.storage.baselines import QueryBank, measure_baselines
from search.storage.unrelated_text import Unrelated
from search.text.analysis import analyze

# By the fingerprint of the model.
_references: dict[str, Reference] = {}


def get_calibrator(library: Library, kind: str) -> VisualCalibrator:
    """Return what calibrates a query to pictures: a `text`, or a picture as an `example`.

    That of `compact` was fitted with its two parts; any other model has one that was fitted with a single part.
    """
    encoder = library.models.image_encoder
    # An adapter moves the vectors a little and keeps their parts.
    if encoder.name.partition(ADAPTED)[0] == IMAGE_MODEL:
        return read_calibrators()[f"compact/{kind}"]
    return make_calibrator(encoder, library.indexes[Retriever.VISUAL].read_unrelated(), kind)


def make_calibrator(encoder: ImageEncoder, unrelated: Unrelated, kind: str) -> VisualCalibrator:
    """Return the calibrator of any model of one part, in units that were measured on the model itself, without labels.

    Args:
        encoder: The model.
        unrelated: How unrelated texts and pictures of the model compare.
        kind: `text` or `example`.
    """
    mean, deviation = unrelated.text if kind == "text" else unrelated.own
    return replace(read_calibrators()[f"any/{kind}"], units=(Unit(encoder.dimension, mean, deviation),))


def score_text(library: Library, text: str) -> VisualScorer:
    """Return what scores pictures for a text."""
    query_classifier = library.models.query_classifier
    kinds, likeness = (
        query_classifier.measure_kinds([text])[0],
        float(query_classifier.measure_class_likeness([text])[0]),
    )
    return bind_text(get_calibrator(library, "text"), library.models.image_encoder, text, kinds, likeness)


def bind_text(
    calibrator: VisualCalibrator, encoder: ImageEncoder, text: str, kinds: Vectors, likeness: float = 0.0
) -> VisualScorer:
    """Return what scores pictures of a model for a text.

    Args:
        calibrator: Of the model.
        encoder: The model.
        text: The query.
        kinds: The probabilities that it names a thing, describes a scene, or does neither, shape (3,).
        likeness: Its cosine with the nearest name of a class that `compact` was trained on.
    """
    vector = encoder.encode_text_parts([text])[0]
    traits = describe_text(kinds, len(analyze(text).pieces))
    if len(encoder.reference):
        crowding = describe_crowding(vector, encoder.bank, calibrator.units)
        reach = describe_reach(vector, _measure_reference(encoder), calibrator.units)
        traits = np.concatenate([traits, crowding, reach])
    return calibrator.bind(vector, traits, recognize(likeness))


def score_example(library: Library, vector: Vectors) -> VisualScorer:
    """Return what scores pictures by their likeness to another, given by its vector (d,)."""
    calibrator = get_calibrator(library, "example")
    # Each part of a stored vector has the same share of its length; as a query, each has a length of its own.
    query = vector * np.float32(len(calibrator.units) ** 0.5)
    return calibrator.bind(query, np.zeros(0, np.float32))


def _measure_reference(encoder: ImageEncoder) -> Reference:
    """Return the reference pictures of a model with their baselines, measured once."""
    known = _references.get(encoder.fingerprint)
    if known is None:
        vectors = encoder.reference
        known = Reference(vectors, measure_baselines(vectors, QueryBank(encoder.bank, encoder.parts)))
        _references[encoder.fingerprint] = known
    return known
