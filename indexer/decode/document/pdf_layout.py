"""The reading order of a page: lines of the same column belong together, however the file orders them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

import numpy as np
import numpy.typing as npt

# Two neighboring characters belong to different fragments if they are this many heights of a tall letter apart.
MAX_GAP_HEIGHTS, MAX_SHIFT_HEIGHTS = 1.2, 0.6
TALL_PERCENTILE = 90
# A column has at least this many lines, and its lines are this long: the cells of a table are shorter.
MIN_COLUMN_LINES, MIN_LINE_CHARACTERS, MIN_LINE_SHARE = 4, 18, 0.5
# At most this share of the lines of a column cross the gap between two columns, such as headings.
MAX_CROSSING_SHARE = 0.25
# The order of the file is kept unless it changes the column at more than this share of the lines.
MAX_SWITCH_SHARE = 0.3
# The gap between columns is searched in steps of this share of the width.
STEPS = 400
MAX_DEPTH = 4
WIDE = re.compile("[\u2e80-\uffdc\U00020000-\U0003ffff]")
RIGHT_TO_LEFT = ("\u0590", "\u08ff")


@dataclass(frozen=True)
class Fragment:
    """Characters of a line without a large gap between them.

    Attributes:
        text: The characters.
        left: Left edge, in points.
        right: Right edge.
        bottom: Bottom edge; y grows upwards.
        top: Top edge.
    """

    text: str
    left: float
    right: float
    bottom: float
    top: float

    @property
    def center(self) -> float:
        """The vertical center."""
        return (self.bottom + self.top) / 2


def turn_boxes(boxes: npt.NDArray[np.float64], quarters: int) -> npt.NDArray[np.float64]:
    """Return boxes (left, right, bottom, top) in the coordinates of a reader of text that is turned to the left.

    Args:
        boxes: Shape (n, 4).
        quarters: How many times the text is turned by 90 degrees, counterclockwise.
    """
    for _ in range(quarters % 4):
        left, right, bottom, top = boxes.T
        boxes = np.stack([bottom, top, -right, -left], axis=1)
    return boxes


def turn_fragment(fragment: Fragment, quarters: int) -> Fragment:
    """Return a fragment in the coordinates of `turn_boxes`."""
    box = np.array([[fragment.left, fragment.right, fragment.bottom, fragment.top]])
    left, right, bottom, top = turn_boxes(box, quarters)[0].tolist()
    return Fragment(fragment.text, left, right, bottom, top)


def split_fragments(text: str, boxes: npt.NDArray[np.float64]) -> list[Fragment]:
    """Return the fragments of a text in its order.

    Args:
        text: The characters.
        boxes: Left, right, bottom and top of each, shape (n, 4).
    """
    fragments: list[Fragment] = []
    tall = float(np.percentile(boxes[:, 3] - boxes[:, 2], TALL_PERCENTILE)) if len(boxes) else 0.0
    start = last = -1
    for index, character in enumerate(text):
        is_end = character in "\r\n"
        if not is_end and character.isspace():
            continue
        if start >= 0 and (is_end or _is_apart(boxes[last], boxes[index], tall)):
            fragments.append(_join(text, boxes, start, last))
            start = -1
        if not is_end:
            start = index if start < 0 else start
            last = index
    if start >= 0:
        fragments.append(_join(text, boxes, start, last))
    return fragments


def order_fragments(fragments: Sequence[Fragment], keep_order: bool = True) -> str | None:
    """Return the text of the fragments in reading order, or None if the order of the file is good.

    Args:
        fragments: The fragments in the order of the file.
        keep_order: Whether the order of the file may be good.
    """
    is_right_to_left = _is_right_to_left(fragments)
    gap = _find_gap(fragments)
    if keep_order and (gap is None or not _is_interleaved(fragments, gap)):
        return None
    return "\n".join(_read_lines(fragments, is_right_to_left, MAX_DEPTH))


def _is_apart(last: npt.NDArray[np.float64], box: npt.NDArray[np.float64], tall: float) -> bool:
    height = max(last[3] - last[2], box[3] - box[2], tall)
    gap = max(box[0] - last[1], last[0] - box[1])
    shift = abs(box[2] + box[3] - last[2] - last[3]) / 2
    return bool(gap > MAX_GAP_HEIGHTS * height or shift > MAX_SHIFT_HEIGHTS * height)


def _join(text: str, boxes: npt.NDArray[np.float64], start: int, last: int) -> Fragment:
    part = boxes[start : last + 1]
    shown = part[[not character.isspace() for character in text[start : last + 1]]]
    left, bottom = shown[:, 0].min(), shown[:, 2].min()
    return Fragment(
        text[start : last + 1], float(left), float(shown[:, 1].max()), float(bottom), float(shown[:, 3].max())
    )


def _is_right_to_left(fragments: Sequence[Fragment]) -> bool:
    letters = [character for fragment in fragments for character in fragment.text if character.isalpha()]
    lowest, highest = RIGHT_TO_LEFT
    return 2 * sum(lowest <= letter <= highest for letter in letters) > len(letters)


def _find_gap(fragments: Sequence[Fragment]) -> float | None:
    """Return the position between two columns of prose, None if there is none."""
    if len(fragments) < 2 * MIN_COLUMN_LINES:
        return None
    left, right = (np.array([getattr(fragment, side) for fragment in fragments]) for side in ("left", "right"))
    places = np.linspace(left.min(), right.max(), STEPS)[1:-1, None]
    before, after = (right <= places).sum(1), (left >= places).sum(1)
    crossing = len(fragments) - before - after
    smaller = np.minimum(before, after)
    fits = (smaller >= MIN_COLUMN_LINES) & (crossing <= MAX_CROSSING_SHARE * smaller)
    if not fits.any():
        return None
    merit = np.where(fits, smaller - 2 * crossing, -1)
    best = np.flatnonzero(merit == merit.max())
    place = float(places[best[len(best) // 2], 0])
    sides = ([one for one in fragments if one.right <= place], [one for one in fragments if one.left >= place])
    return place if all(_is_prose(side) for side in sides) else None


def _is_prose(fragments: Sequence[Fragment]) -> bool:
    """Return whether fragments are long lines that fill a column, or several columns of them."""
    # An ideograph or syllable sign is as wide as two letters.
    if median(len(one.text) + len(WIDE.findall(one.text)) for one in fragments) < MIN_LINE_CHARACTERS:
        return False
    width = max(one.right for one in fragments) - min(one.left for one in fragments)
    is_wide = median(one.right - one.left for one in fragments) >= MIN_LINE_SHARE * width
    return is_wide or _find_gap(fragments) is not None


def _is_interleaved(fragments: Sequence[Fragment], gap: float) -> bool:
    sides = [one.left >= gap for one in fragments if one.right <= gap or one.left >= gap]
    switches = sum(first != second for first, second in pairwise(sides))
    return switches > MAX_SWITCH_SHARE * len(sides)


def _read_lines(fragments: Sequence[Fragment], is_right_to_left: bool, depth: int) -> Iterator[str]:
    """Yield the lines, column by column between the lines that cross the gap between columns."""
    gap = _find_gap(fragments) if depth else None
    if gap is None:
        yield from _join_lines(fragments, is_right_to_left)
        return
    crossing = sorted((one for one in fragments if one.left < gap < one.right), key=lambda one: -one.center)
    edges = [one.center for one in crossing]
    bands: list[list[Fragment]] = [[] for _ in range(len(crossing) + 1)]
    for one in fragments:
        if one.right <= gap or one.left >= gap:
            bands[sum(edge > one.center for edge in edges)].append(one)
    for number, band in enumerate(bands):
        columns = [[one for one in band if one.right <= gap], [one for one in band if one.left >= gap]]
        for column in reversed(columns) if is_right_to_left else columns:
            yield from _read_lines(column, is_right_to_left, depth - 1)
        if number < len(crossing):
            yield crossing[number].text


def _join_lines(fragments: Sequence[Fragment], is_right_to_left: bool) -> Iterator[str]:
    """Yield the lines from top to bottom; fragments of about the same height are one line."""
    line: list[Fragment] = []
    for one in sorted(fragments, key=lambda fragment: -fragment.center):
        if line and line[0].center - one.center > MAX_SHIFT_HEIGHTS * max(line[0].top - line[0].bottom, 1):
            yield _join_line(line, is_right_to_left)
            line = []
        line.append(one)
    if line:
        yield _join_line(line, is_right_to_left)


def _join_line(line: Sequence[Fragment], is_right_to_left: bool) -> str:
    return " ".join(one.text for one in sorted(line, key=lambda one: one.left, reverse=is_right_to_left))
