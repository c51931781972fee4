"""The training and evaluation data of an adapter."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from search.encoders.adapter_training import PARTS, TrainingPairs, part_texts
from search.evaluation.adapter_evaluation import rank_training_pairs


@given(st.lists(st.text(), min_size=50, max_size=90, unique=True), st.randoms(use_true_random=False), st.data())
def test_a_text_is_in_the_same_part_in_whatever_order_texts_come(texts, chance, data):
    is_match = data.draw(st.lists(st.booleans(), min_size=len(texts), max_size=len(texts)))
    parts = dict(zip(texts, part_texts(texts, np.array(is_match)), strict=True))
    pairs = list(zip(texts, is_match, strict=True))
    chance.shuffle(pairs)
    again = part_texts([text for text, _ in pairs], np.array([fits for _, fits in pairs]))
    assert dict(zip([text for text, _ in pairs], again, strict=True)) == parts


@given(st.integers(50, 200), st.integers(0, 100))
def test_every_part_has_its_share_of_the_texts_that_match_an_image(fitting, others):
    texts = [f"text {number}" for number in range(fitting + others)]
    parts = part_texts(texts, np.arange(len(texts)) < fitting)
    shares = np.bincount(parts[:fitting], minlength=PARTS)
    assert shares.max() - shares.min() <= 1


def test_a_text_is_ranked_by_its_best_matching_image():
    east, north = np.eye(2, dtype=np.float32)
    between = np.array([0.8, 0.6], np.float32)
    lessons = TrainingPairs(
        texts=np.stack([east, north]),
        parts=np.array([0, 1]),
        # One image matches the first text twice as well as another; the second text has one match and one non-match.
        images=np.stack([east, between, -north, between]),
        items=np.array([10, 11, 12, 11]),
        text_indexes=np.array([0, 0, 1, 1]),
        fits=np.array([True, True, True, False]),
    )
    assert rank_training_pairs(lessons, np.array([0, 1]), lessons.images) == [1, 3]


def test_equals_count_as_before_and_a_film_by_the_best_of_its_frames():
    chance = np.random.default_rng(0)
    text = chance.normal(size=(1, 384)).astype(np.float32)
    text /= np.linalg.norm(text)
    # Twenty copies of an image, one of which is a known match; two frames of a video, the second of which is nearest.
    copies = np.repeat(chance.normal(size=(1, 384)), 20, axis=0)
    frames = np.stack([-text[0], text[0]])
    images = np.concatenate([copies, frames]).astype(np.float32)
    images /= np.linalg.norm(images, axis=1, keepdims=True)
    lessons = TrainingPairs(
        texts=np.concatenate([text, -text]),
        parts=np.array([0, 1]),
        images=images,
        items=np.array([*range(20), 50, 50]),
        text_indexes=np.array([0, *[1] * 19, 1, 1]),
        fits=np.ones(22, bool),
    )
    assert rank_training_pairs(lessons, np.array([0]), images) == [21]
