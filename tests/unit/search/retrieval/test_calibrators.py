"""Any model is calibrated without labels: where its similarities are, and how far they spread, makes no difference."""

from dataclasses import dataclass

import numpy as np
import pytest

from search.records import Sample, Vectors
from search.retrieval.visual_scoring import bind_text, make_calibrator
from search.storage.baselines import QueryBank, measure_baselines
from search.storage.unrelated_text import measure_unrelated

TOPICS, WIDTH, TEXTS, IMAGES = 40, 48, 300, 400
KINDS = np.array([0.6, 0.3, 0.1], np.float32)


@dataclass
class Model:
    """An image model of one part that knows a single text."""

    bank: Vectors
    query: Vectors
    images: Vectors

    name = "made up"
    fingerprint = "made up"

    @property
    def dimension(self):
        return self.bank.shape[1]

    @property
    def parts(self):
        return (self.dimension,)

    @property
    def reference(self):
        return np.zeros((0, self.dimension), np.float32)

    def encode_text_parts(self, _texts):
        return self.query[None]

    def score(self):
        """Score the images as in a library of them."""
        baselines = measure_baselines(self.images, QueryBank(self.bank, self.parts))
        sample = Sample(self.images, np.zeros(len(self.images), bool), baselines)
        calibrator = make_calibrator(self, measure_unrelated(sample, self.bank), "text")
        return bind_text(calibrator, self, "a dog", KINDS).score(self.images, baselines)


def normalize(rows):
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


def make_model():
    """Texts and images are about some topics each; the query is about one of them."""
    chance = np.random.default_rng(3)
    topics = normalize(chance.normal(size=(TOPICS, WIDTH)))

    def mix(count, noise):
        weights = chance.random((count, TOPICS)) ** 12
        return normalize(weights @ topics + noise * chance.normal(size=(count, WIDTH)))

    return Model(mix(TEXTS, 0.02), normalize(topics[0]), mix(IMAGES, 0.05))


def move(model, scale, gap):
    """Return a model whose products of texts and images are `scale` times as large, plus a constant.

    All texts share one direction, and all images move towards it by `gap`, as in trained models ("modality gap").
    """

    def widen(rows, shared):
        rest = max(1 - scale - shared**2, 0) ** 0.5
        others = np.tile(np.array([shared, rest], np.float32), (len(rows), 1))
        return np.concatenate([rows * np.float32(scale**0.5), others], axis=1)

    whole = (1 - scale) ** 0.5
    return Model(widen(model.bank, whole), widen(model.query[None], whole)[0], widen(model.images, gap))


@pytest.mark.parametrize(("scale", "gap"), [(0.9, 0.0), (0.3, 0.2), (0.3, -0.4), (0.1, 0.1)])
def test_scaled_and_shifted_similarities_score_the_same(scale, gap):
    model = make_model()
    moved = move(model, scale, gap)
    assert np.linalg.norm(moved.images, axis=1) == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(moved.score(), model.score(), atol=0.01)


def test_what_is_about_the_query_scores_above_what_is_not():
    model = make_model()
    scores, nearness = model.score(), model.images @ model.query
    assert scores[np.argsort(-nearness)[:10]].min() > np.median(scores) + 1
