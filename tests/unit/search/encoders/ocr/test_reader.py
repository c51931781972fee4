from dataclasses import dataclass, field

import numpy as np

from search.encoders.ocr.engine import ReadLine
from search.encoders.ocr.reader import CascadedReader

IMAGE = np.zeros((64, 64, 3), np.uint8)


def make_line(text, confidence, left=0):
    corners = [(left, 0), (left + 50, 0), (left + 50, 10), (left, 10)]
    return ReadLine(np.array(corners, np.float32), text, confidence)


@dataclass
class FakeEngine:
    lines: list = field(default_factory=list)
    fingerprint: str = "fake"
    sees_text: bool = True
    calls: int = 0

    def read(self, _):
        self.calls += 1
        return self.lines

    def has_text(self, _):
        self.calls += 1
        return self.sees_text


@dataclass
class FakePresence:
    probability: float = 1.0

    def measure(self, _):
        return self.probability


def read(first, second=None):
    lines = CascadedReader(FakeEngine(first), second, FakePresence(), 1).read(IMAGE)
    return [line.text for line in lines]


def test_what_is_hardly_legible_is_left_out():
    assert read([make_line("clear", 0.95), make_line("#~", 0.3)]) == ["clear"]


def test_the_second_engine_reads_where_the_first_is_not_sure():
    assert read([make_line("BbIxoA", 0.7)], FakeEngine([make_line("Выход", 0.9)])) == ["Выход"]


def test_the_second_engine_is_not_asked_if_the_first_is_sure():
    second = FakeEngine([make_line("Выход", 0.9)])
    assert read([make_line("Exit", 0.99)], second) == ["Exit"]
    assert second.calls == 0


def test_lines_of_both_engines_at_different_places_are_kept():
    lines = [make_line("Exit", 0.99), make_line("BbIxoA", 0.7, left=200)]
    assert read(lines, FakeEngine([make_line("Выход", 0.9, left=200)])) == ["Exit", "Выход"]


def test_the_detector_is_not_asked_about_an_image_that_hardly_has_text():
    engine = FakeEngine()
    assert not CascadedReader(engine, None, FakePresence(0.01), 1).may_have_text(IMAGE)
    assert engine.calls == 0


def test_an_image_has_text_if_both_quick_looks_say_so():
    assert CascadedReader(FakeEngine(), None, FakePresence(), 1).may_have_text(IMAGE)
    assert not CascadedReader(FakeEngine(sees_text=False), None, FakePresence(), 1).may_have_text(IMAGE)


def test_a_new_engine_changes_the_fingerprint():
    alone = CascadedReader(FakeEngine(), None, FakePresence(), 1).fingerprint
    assert CascadedReader(FakeEngine(), FakeEngine(fingerprint="other"), FakePresence(), 1).fingerprint != alone
