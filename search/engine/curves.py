"""Which curves judge a lane: those fitted to the embedded models, or of any other model what carries over.

`curves.json` is fitted to `compact` and multilingual-e5-small. What is said there in units of a query's own background
(so many deviations above what is unrelated) holds for other models as well; where their cosines lie does not, and is
measured on the space itself. How well that does for a model is told by `crossmodal evaluate` and `models compare`.
"""

from dataclasses import replace

from search.library import Library
from search.models.registry import ADAPTED, MEANING, PICTURE
from search.ranking.calibration import Curve, Part, Scale, read_curves
from search.records import Lane
from search.scoring.visual import Unit, VisualCalibrator, read_calibrators
from search.store.usual import Usual

FITTED = {Lane.PICTURE: PICTURE, Lane.MEANING: MEANING}
# Hubness of e5, whose curves carry over: centre and spread over the evaluation's passages.
HUB_CENTRE, HUB_SPREAD = 0.245, 0.056


def get_scale(library: Library, lane: Lane, kind: str) -> Scale:
    """Give the curves of a lane for a kind of query: `name`, `description` or, by example, `picture`."""
    curves = read_curves()
    encoder = library.models.get_encoder(lane)
    # An adapter moves the vectors a little and keeps their parts.
    if encoder.name.partition(ADAPTED)[0] == FITTED[lane]:
        return curves.get(lane, kind)
    usual = library.spaces[lane].read_usual()
    if lane is Lane.MEANING:
        fitted = curves.get(lane, kind)
        plain = carry_meaning(fitted.plain, usual, usual.text, encoder.dimension)
        return Scale(plain, carry_meaning(fitted.spoken, usual, usual.spoken, encoder.dimension))
    raise ValueError(f"the {lane} retriever has no curves")


def get_calibrator(library: Library, kind: str) -> VisualCalibrator:
    """Return what calibrates a query to pictures: a `text`, or a picture as an `example`.

    That of `compact` was fitted with its two parts. Any other model has the one that was fitted with a single part, in
    units of unrelated texts and pictures, which are measured on the model itself.
    """
    encoder = library.models.picture
    if encoder.name.partition(ADAPTED)[0] == PICTURE:
        return read_calibrators()[f"compact/{kind}"]
    usual = library.spaces[Lane.PICTURE].read_usual()
    mean, deviation = usual.text if kind == "text" else usual.own
    calibrator = read_calibrators()[f"any/{kind}"]
    return replace(calibrator, units=(Unit(encoder.dimension, mean, deviation),))


def carry_meaning(curve: Curve, usual: Usual, text: tuple[float, float], dimension: int) -> Curve:
    """Give a curve of texts over texts for another sentence model; hubness in units of its own spread.

    text: where unrelated texts lie to what the curve judges.
    """
    hub = curve.hub * HUB_SPREAD / usual.hub[1]
    # So that what is a middling hub here counts as one there.
    bias = curve.bias + curve.hub * HUB_CENTRE - hub * usual.hub[0]
    return Curve((Part(dimension, *text, curve.parts[0].weight),), bias, hub, curve.size)
