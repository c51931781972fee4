"""What several encoders need is loaded once."""

import gc
import weakref

from search.encoders.compact.files import open_files
from search.encoders.compact.towers import share_e5
from search.encoders.registry import ModelNames, choose_models
from search.encoders.runtime import Machine


def test_the_encoders_of_a_home_share_the_text_encoder_that_was_opened_before(tmp_path):
    e5 = share_e5(Machine(1, "cpu"))
    models = choose_models(tmp_path, Machine(1, "cpu"), ModelNames())
    encoders = (models.image_encoder, models.text_encoder, models.query_classifier)
    assert all(encoder._e5 is e5 for encoder in encoders)
    assert all(encoder._files is open_files() for encoder in encoders)
    assert share_e5(Machine(2, "cpu")) is not e5


def test_a_text_encoder_that_nobody_uses_is_not_kept():
    kept = weakref.ref(share_e5(Machine(3, "cpu")))
    gc.collect()
    assert kept() is None
