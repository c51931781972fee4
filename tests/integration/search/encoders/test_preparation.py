"""Images are resized and cropped to the same bytes as by the preprocessing of open_clip."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from search.media.image.transform import ResizeCrop

SIDES = st.integers(5, 300)
SIZES = [32, 33, (24, 40)]


def make(width, height):
    rows = np.random.default_rng(width * 1000 + height).integers(0, 256, (height, width, 3)).astype(np.uint8)
    return Image.fromarray(rows)


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(SIDES, SIDES, st.sampled_from(["shortest", "squash", "longest"]), st.booleans(), st.sampled_from(SIZES))
def test_every_shape_is_cut_as_open_clip_does(width, height, mode, bilinear, size):
    from search.encoders.open_clip.imports import import_open_clip

    transform = import_open_clip().transform
    if size == (24, 40) and mode != "shortest":
        size = 32
    image = make(width, height)
    config = transform.PreprocessCfg(
        size=size,
        mean=(0.0,) * 3,
        std=(1.0,) * 3,
        interpolation="bilinear" if bilinear else "bicubic",
        resize_mode=mode,
        fill_color=7,
    )
    theirs = (transform.image_transform_v2(config, is_train=False)(image) * 255).round().numpy().astype(np.uint8)
    rows, columns = (size, size) if isinstance(size, int) else size
    ours = ResizeCrop(rows, columns, mode, bilinear and not isinstance(size, tuple), 7)(image)
    np.testing.assert_array_equal(ours, theirs.transpose(1, 2, 0))


def test_a_preparation_can_be_sent_to_another_process():
    import pickle

    fit = ResizeCrop(32, 32, "squash", True)
    again = pickle.loads(pickle.dumps(fit))
    np.testing.assert_array_equal(fit(make(60, 40)), again(make(60, 40)))
