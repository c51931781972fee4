"""The fake models offer what the real ones do, and answer as the unit tests expect."""

import numpy as np
import pytest

from search.encoders import encoder as protocols
from search.records import Query
from tests.support.fake_demo import SENTENCES, draw_photo
from tests.support.fake_models import (
    CONCEPTS,
    FakeImageEncoder,
    FakeQueryClassifier,
    FakeTextEncoder,
    FakeTranscriber,
    make_models,
    make_tone,
)

FAKES = {
    "ImageEncoder": FakeImageEncoder,
    "TextEncoder": FakeTextEncoder,
    "Transcriber": FakeTranscriber,
    "QueryClassifier": FakeQueryClassifier,
}


@pytest.mark.parametrize("name", FAKES)
def test_a_fake_model_has_every_member_of_its_protocol(name):
    members = {member for member in dir(getattr(protocols, name)) if not member.startswith("_")}
    assert members
    assert [member for member in sorted(members) if not hasattr(FAKES[name], member)] == []


@pytest.mark.parametrize("concept", CONCEPTS)
def test_a_text_is_nearest_to_the_image_that_shows_it(concept):
    encoder = FakeImageEncoder()
    images = encoder.encode_images([encoder.transform(draw_photo(one, 0)) for one in CONCEPTS])
    products = images @ encoder.encode_texts([f"a photo of a {concept}"])[0]
    assert list(CONCEPTS)[products.argmax()] == concept
    assert np.partition(products, -2)[-2] < products.max() / 2


def test_vectors_have_unit_length():
    models = make_models(SENTENCES)
    images = models.image_encoder.encode_images([np.zeros((8, 8, 3), np.uint8)])
    for rows in (images, models.image_encoder.bank, models.text_encoder.encode_passages(["", "two words"])):
        np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)


def test_tones_are_transcribed_as_sentences_with_times():
    sound = np.concatenate([make_tone(0, 2), np.zeros(16_000, np.int16), make_tone(5, 3)]).astype(np.float32) / 32768
    transcript = FakeTranscriber(SENTENCES).transcribe(sound)
    assert [(one.start, one.end, one.text) for one in transcript.segments] == [
        (0, 2, SENTENCES[0]),
        (3, 6, SENTENCES[5]),
    ]
    assert " ".join(word.text for word in transcript.segments[0].words) == SENTENCES[0]
    assert FakeTranscriber(SENTENCES).transcribe(np.zeros(16_000, np.float32)).segments == ()


def test_a_query_finds_the_color_and_the_words_that_it_names(engine):
    seen = engine.search(Query(text="a cat")).hits
    assert {hit.item.path.rsplit("/", 1)[1] for hit in seen} == {"chelsea.jpg", "holiday.mp4"}
    assert engine.search(Query(text="the night train")).hits[0].item.path.endswith("train.wav")
