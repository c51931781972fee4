"""Which calibrator scores queries to the picture model of a library."""

from dataclasses import replace

from search.library import Library
from search.models.registry import ADAPTED, PICTURE
from search.records import Lane
from search.scoring.visual import Unit, VisualCalibrator, read_calibrators


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
