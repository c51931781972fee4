from dataclasses import dataclass, field

import numpy as np
import pytest

from search.encoders.ocr.engine import ReadLine, ReadText
from search.encoders.ocr.presence import Spot
from search.encoders.ocr.probe import DEFAULT_PRIOR
from search.encoders.ocr.reader import LOOK_SIDE, CascadedReader

IMAGE = np.zeros((64, 64, 3), np.uint8)


def make_line(text, confidence, left=0):
    corners = [(left, 0), (left + 50, 0), (left + 50, 10), (left, 10)]
    return ReadLine(np.array(corners, np.float32), text, confidence)


@dataclass
class FakeEngine:
    """Finds lines. The image of a line is the corner in which it begins."""

    lines: list = field(default_factory=list)
    fingerprint: str = "fake"
    sees_line: bool = True
    looked_at: list = field(default_factory=list)

    def read(self, _):
        return self.lines

    def cut(self, _, quads):
        return [quad[0] for quad in quads]

    def has_line(self, image):
        self.looked_at.append(image.shape)
        return self.sees_line


@dataclass
class FakeLineEngine:
    """Reads lines that begin in a corner."""

    texts: dict = field(default_factory=dict)
    fingerprint: str = "fake lines"
    calls: int = 0

    def read_lines(self, lines):
        self.calls += 1
        return [self.texts.get(tuple(corner)) for corner in lines]


@dataclass
class FakePresence:
    log_odds: float = 5.0

    def find(self, _):
        return Spot(self.log_odds, 32, 32)


def read(first, second=None):
    lines = CascadedReader(FakeEngine(first), second, FakePresence(), 1).read(IMAGE)
    return [line.text for line in lines]


def look(prior, log_odds, engine=None):
    reader = CascadedReader(engine or FakeEngine(), None, FakePresence(log_odds), 1)
    return reader.may_have_text(IMAGE, prior)


def test_what_is_hardly_legible_is_left_out():
    assert read([make_line("clear", 0.95), make_line("#~", 0.3), make_line("", 0.9)]) == ["clear"]


@pytest.mark.parametrize("line", [make_line("BbIxoA", 0.7), make_line("", 0.0)])
def test_the_second_engine_reads_where_the_first_is_not_sure_or_reads_nothing(line):
    assert read([line], FakeLineEngine({(0, 0): ReadText("Выход", 0.9)})) == ["Выход"]


def test_the_second_engine_is_not_asked_if_the_first_is_sure():
    second = FakeLineEngine({(0, 0): ReadText("Выход", 0.9)})
    assert read([make_line("Exit", 0.99)], second) == ["Exit"]
    assert second.calls == 0


def test_the_second_engine_is_not_asked_about_what_has_not_the_shape_of_a_line():
    square = np.array([(0, 0), (12, 0), (12, 10), (0, 10)], np.float32)
    second = FakeLineEngine({(0, 0): ReadText("Ж", 0.9)})
    assert read([ReadLine(square, "", 0.0)], second) == []
    assert second.calls == 0


def test_lines_of_both_engines_are_kept():
    lines = [make_line("Exit", 0.99), make_line("BbIxoA", 0.7, left=200)]
    assert read(lines, FakeLineEngine({(200, 0): ReadText("Выход", 0.9)})) == ["Exit", "Выход"]


def test_a_line_that_the_second_engine_does_not_read_stays_as_it_is():
    assert read([make_line("Harbor", 0.7)], FakeLineEngine()) == ["Harbor"]


def test_a_line_in_another_script_is_read_upside_down_if_that_is_more_certain():
    texts = {(0, 0): ReadText("doxing", 0.65), (50, 10): ReadText("Выход", 0.95)}
    lines = CascadedReader(FakeEngine([make_line("", 0.0)]), FakeLineEngine(texts), FakePresence(), 1).read(IMAGE)
    assert [(line.text, line.quad[0].tolist()) for line in lines] == [("Выход", [50, 10])]


def test_the_detector_is_not_asked_about_an_image_that_hardly_has_text():
    engine = FakeEngine()
    assert not look(DEFAULT_PRIOR, -3.0, engine)
    assert engine.looked_at == []


def test_an_image_has_text_if_both_quick_looks_say_so():
    assert look(DEFAULT_PRIOR, 5.0)
    assert not look(DEFAULT_PRIOR, 5.0, FakeEngine(sees_line=False))


def test_what_is_known_before_the_look_counts():
    assert not look(-6.0, 5.0)
    assert look(4.0, -3.0)


def test_lines_are_searched_only_around_the_spot_that_looks_most_like_text():
    engine = FakeEngine()
    CascadedReader(engine, None, FakePresence(), 1).may_have_text(np.zeros((500, 400, 3), np.uint8))
    assert engine.looked_at == [(LOOK_SIDE, LOOK_SIDE, 3)]


def test_a_new_engine_changes_the_fingerprint():
    one = CascadedReader(FakeEngine(), None, FakePresence(), 1).fingerprint
    assert CascadedReader(FakeEngine(), FakeLineEngine(), FakePresence(), 1).fingerprint != one
