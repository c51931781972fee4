"""The texts of the tags are embedded once per home."""

from types import SimpleNamespace

import numpy as np
import pytest

from search.tagging.texts import open_tag_texts
from tests.support.fake_models import FakeQueryClassifier

TEXTS = ["a photo of a dog", "a beach"]


class CountingEncoder:
    """Embeds texts as their lengths, and counts the calls."""

    def __init__(self):
        self.calls = 0

    def encode_text_parts(self, texts):
        self.calls += 1
        return np.array([[len(text), 1] for text in texts], np.float32)


@pytest.fixture
def encoder():
    return CountingEncoder()


def make_models(encoder):
    return SimpleNamespace(image_encoder=encoder, query_classifier=FakeQueryClassifier())


def test_texts_are_embedded_by_the_first_process_and_read_by_the_next(tmp_path, encoder):
    path = tmp_path / "models" / "tags-1.npz"
    first = open_tag_texts(path, make_models(encoder), TEXTS)
    second = open_tag_texts(path, make_models(encoder), TEXTS)
    assert encoder.calls == 1
    for one, other in zip(vars(first).values(), vars(second).values(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert first.kinds.shape == (2, 3)


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 not a zip", b"garbage"])
def test_a_damaged_file_is_replaced(tmp_path, encoder, damage):
    path = tmp_path / "tags-1.npz"
    path.write_bytes(damage)
    open_tag_texts(path, make_models(encoder), TEXTS)
    assert encoder.calls == 1
    open_tag_texts(path, make_models(encoder), TEXTS)
    assert encoder.calls == 1


def test_a_torn_file_is_replaced(tmp_path, encoder):
    path = tmp_path / "tags-1.npz"
    open_tag_texts(path, make_models(encoder), TEXTS)
    path.write_bytes(path.read_bytes()[:-100])
    open_tag_texts(path, make_models(encoder), TEXTS)
    assert encoder.calls == 2


def test_other_texts_under_the_same_name_are_embedded(tmp_path, encoder):
    path = tmp_path / "tags-1.npz"
    open_tag_texts(path, make_models(encoder), TEXTS)
    assert open_tag_texts(path, make_models(encoder), [*TEXTS, "snow"]).vectors.shape == (3, 2)


def test_images_are_tagged_where_nothing_can_be_written(tmp_path, encoder):
    blocked = tmp_path / "models"
    blocked.write_text("not a folder")
    assert open_tag_texts(blocked / "tags-1.npz", make_models(encoder), TEXTS).vectors.shape == (2, 2)
