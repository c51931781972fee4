import numpy as np

from search.encoders.ocr.blocks import group_lines, join_text
from search.encoders.ocr.engine import ReadLine


def make_line(text, left, top, right, bottom, turn=0):
    """Return a line in a box; `turn` is the corner at which its text begins."""
    quad = np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.float32)
    return ReadLine(np.roll(quad, -turn, axis=0), text, 0.9)


def read(*lines):
    return [[line.text for line in block] for block in group_lines(lines)]


def test_lines_below_each_other_are_one_block():
    lines = [make_line("second", 0, 24, 90, 44), make_line("first", 0, 0, 100, 20), make_line("far", 0, 200, 90, 220)]
    assert read(*lines) == [["first", "second"], ["far"]]


def test_columns_are_read_one_after_the_other():
    left = [make_line(f"left {row}", 0, 24 * row, 100, 24 * row + 20) for row in range(3)]
    right = [make_line(f"right {row}", 200, 24 * row, 300, 24 * row + 20) for row in range(3)]
    heading = make_line("heading", 0, -80, 300, -40)
    assert read(*right, *left, heading) == [
        ["heading"],
        ["left 0", "left 1", "left 2"],
        ["right 0", "right 1", "right 2"],
    ]


def test_words_of_a_row_are_read_from_left_to_right():
    assert read(make_line("world", 60, 1, 110, 21), make_line("hello", 0, 0, 50, 20)) == [["hello", "world"]]


def test_words_of_a_right_to_left_row_are_read_from_right_to_left():
    assert read(make_line("שלום", 60, 1, 110, 21), make_line("עולם", 0, 0, 50, 20)) == [["שלום", "עולם"]]


def test_vertical_lines_are_read_from_right_to_left():
    lines = [make_line("名前はまだ無い", 50, 0, 80, 210, turn=1), make_line("吾輩は猫である", 100, 0, 130, 210, turn=1)]
    assert read(*lines) == [["吾輩は猫である", "名前はまだ無い"]]


def test_lines_of_a_page_that_lies_on_its_left_side_are_read_from_left_to_right():
    lines = [make_line("second", 24, 0, 44, 100, turn=3), make_line("first", 0, 0, 20, 100, turn=3)]
    assert read(*lines) == [["first", "second"]]


def test_upside_down_lines_are_read_from_the_bottom():
    lines = [make_line("second", 0, 0, 100, 20, turn=2), make_line("first", 0, 24, 100, 44, turn=2)]
    assert read(*lines) == [["first", "second"]]


def test_a_heading_is_not_part_of_the_block_below_it():
    assert read(make_line("SALE", 0, 0, 200, 80), make_line("until Friday", 0, 90, 200, 110)) == [
        ["SALE"],
        ["until Friday"],
    ]


def test_a_long_block_is_cut():
    lines = [make_line("x" * 700, 0, 24 * row, 100, 24 * row + 20) for row in range(3)]
    assert [len(block) for block in group_lines(lines)] == [1, 1, 1]


def test_no_lines_are_no_blocks():
    assert group_lines([]) == []


def test_only_lines_in_scripts_with_spaces_are_joined_by_one():
    lines = [make_line(text, 0, 0, 10, 10) for text in ("禁止", "吸烟", "no", "smoking")]
    assert join_text(lines) == "禁止吸烟 no smoking"
