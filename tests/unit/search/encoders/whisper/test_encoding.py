"""A window is encoded once for its language and its text."""

import numpy as np

from search.encoders.whisper.encoding import LastEncoding


class Encoder:
    """Counts its calls, and returns the number of the call."""

    calls = 0

    def encode(self, features):
        self.calls += 1
        return self.calls


def make_window(seed=0):
    return np.random.default_rng(seed).normal(size=(80, 3000)).astype(np.float32)


def test_a_window_is_encoded_once_although_a_frame_of_padding_differs():
    encoder, window = Encoder(), make_window()
    encode = LastEncoding(encoder.encode)
    shorter = window.copy()
    shorter[:, 1200] = 0
    assert [encode(window), encode(window), encode(shorter)] == [1, 1, 1]


def test_another_window_is_encoded():
    encoder, window = Encoder(), make_window()
    encode = LastEncoding(encoder.encode)
    changed = window.copy()
    changed[:, 1200:1202] = 0
    windows = [window, changed, make_window(1), window[:, :100], window[None], window[None]]
    assert [encode(one) for one in windows] == [1, 2, 3, 4, 5, 6]
