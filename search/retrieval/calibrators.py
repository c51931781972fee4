"""Which calibrator scores queries to the picture model of a library."""

from dataclasses import replace

import numpy as np

from search.library import Library
from search.models.encoder import PictureEncoder
from search.models.registry import ADAPTED, PICTURE
from search.records import Lane, Vectors
from search.scoring.visual import (
    Reference,
    Unit,
    VisualCalibrator,
    VisualScorer,
    describe_reach,
    describe_text,
    read_calibrators,
    recognize,
)
from search.store.analysis import analyze
from search.store.baselines import QueryBank, measure_baselines

# By the fingerprint of the model.
_references: dict[str, Reference] = {}


def get_calibrator(library: Library, kind: str) -> VisualCalibrator:
    """Return what calibrates a query to pictures: a `text`, or a picture as an `example`.

    That of `compact` was fitted with its two parts. Any other model has the one that was fitted with a single part, in
    units of unrelated texts and pictures, which are measured on the model itself.
    """
    encoder = library.models.picture
    # An adapter moves the vectors a little and keeps their parts.
    if encoder.name.partition(ADAPTED)[0] == PICTURE:
        return read_calibrators()[f"compact/{kind}"]
    unrelated = library.spaces[Lane.PICTURE].read_unrelated()
    mean, deviation = unrelated.text if kind == "text" else unrelated.own
    return replace(read_calibrators()[f"any/{kind}"], units=(Unit(encoder.dimension, mean, deviation),))


def score_text(library: Library, text: str) -> VisualScorer:
    """Return what scores pictures for a text."""
    encoder = library.models.picture
    calibrator = get_calibrator(library, "text")
    vector = encoder.encode_text_parts([text])[0]
    kinds = library.models.reader.measure_kinds([text])[0]
    traits = describe_text(vector, encoder.bank, calibrator.units, kinds, len(analyze(text).pieces))
    if len(encoder.reference):
        reach = describe_reach(vector, _measure_reference(encoder), calibrator.units)
        traits = np.concatenate([traits, reach])
    if calibrator.recognition is None:
        return calibrator.bind(vector, traits)
    return calibrator.bind(vector, traits, recognize(float(library.models.reader.measure_class_likeness([text])[0])))


def score_example(library: Library, vector: Vectors) -> VisualScorer:
    """Return what scores pictures by their likeness to another, given by its vector (d,)."""
    calibrator = get_calibrator(library, "example")
    # Each part of a stored vector has the same share of its length; as a query, each has a length of its own.
    query = vector * np.float32(len(calibrator.units) ** 0.5)
    return calibrator.bind(query, np.zeros(0, np.float32))


def _measure_reference(encoder: PictureEncoder) -> Reference:
    """Return the reference pictures of a model with their baselines, measured once."""
    known = _references.get(encoder.fingerprint)
    if known is None:
        vectors = encoder.reference
        known = Reference(vectors, measure_baselines(vectors, QueryBank(encoder.bank, encoder.parts)))
        _references[encoder.fingerprint] = known
    return known
