import numpy as np

from indexer.decode.content import TextImage
from indexer.text_blocks import join_frames, make_segments
from search.encoders.ocr.engine import ReadLine
from search.records import Segment, SegmentKind


def make_line(text, top, confidence=0.9):
    return ReadLine(np.array([(0, top), (100, top), (100, top + 20), (0, top + 20)], np.float32), text, confidence)


def make_frame(text, start, confidence=0.9):
    return [Segment(SegmentKind.OCR, text, start=start, end=start + 1, confidence=confidence)]


def list_times(frames):
    return [(segment.text, segment.start, segment.end) for segment in join_frames(frames)]


def test_a_block_is_a_segment_with_the_places_of_its_lines():
    image = TextImage(np.zeros((100, 200, 3), np.uint8), page=3)
    (segment,) = make_segments(image, [make_line("Keep out", 0), make_line("Private", 24, 0.7)])
    assert (segment.kind, segment.text, segment.page) == (SegmentKind.OCR, "Keep out Private", 3)
    assert segment.lines[0].quad == (0, 0, 0.5, 0, 0.5, 0.2, 0, 0.2)
    assert 0.7 < segment.confidence < 0.9


def test_a_single_sign_is_no_text():
    assert make_segments(TextImage(np.zeros((100, 200, 3), np.uint8)), [make_line("|", 0)]) == []


def test_a_subtitle_that_several_frames_show_is_one_segment():
    frames = [make_frame("Where are you going?", 0), make_frame("Where are you goinq?", 1, 0.6), make_frame("Home.", 2)]
    assert list_times(frames) == [("Where are you going?", 0, 2), ("Home.", 2, 3)]


def test_a_text_that_comes_back_is_a_second_segment():
    assert list_times([make_frame("EXIT", 0), [], make_frame("EXIT", 2)]) == [("EXIT", 0, 1), ("EXIT", 2, 3)]
