"""Put lines of text into blocks of neighboring lines, in reading order, also of columns and of turned text."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from search.encoders.ocr.engine import ReadLine

# Lines belong to the same block if the gap between them is at most this many line heights.
MAX_LINE_GAP, MAX_WORD_GAP = 1.0, 1.2
# The higher of two lines of the same block has at most this many times the height of the other one.
MAX_HEIGHT_RATIO = 1.7
# Lines are on the same row if they overlap by this share of the lower one, and above each other by this one.
MIN_ROW_SHARE, MIN_COLUMN_SHARE = 0.5, 0.3
# A block has at most this many characters: a segment is embedded as a whole.
MAX_BLOCK_CHARACTERS = 1_200
RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")
LETTER = re.compile(r"[^\W\d_]")
# Between lines in these scripts there is no space.
WIDE = re.compile("[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]")


@dataclass(frozen=True, eq=False)
class _Placed:
    """A line in the coordinates of its reader: x grows in the direction of reading, y from line to line."""

    line: ReadLine
    left: float
    right: float
    top: float
    bottom: float

    @property
    def height(self) -> float:
        return max(self.bottom - self.top, 1e-6)


Block = list[_Placed]


def group_lines(lines: Sequence[ReadLine]) -> list[list[ReadLine]]:
    """Return the blocks of an image in reading order, and the lines of each in reading order.

    Args:
        lines: The lines in any order.
    """
    blocks: list[Block] = []
    for turned in _split_directions(lines):
        placed = _place(turned)
        for block in _order(_join(placed)):
            blocks += _cut(_sort_rows(block))
    return [[one.line for one in block] for block in blocks]


def join_text(lines: Sequence[ReadLine]) -> str:
    """Return the text of a block: lines are joined by a space, except between characters that need none."""
    text = ""
    for line in lines:
        needs_space = text and not (WIDE.match(text[-1]) and WIDE.match(line.text[:1]))
        text += (" " if needs_space else "") + line.text
    return text


def _split_directions(lines: Sequence[ReadLine]) -> list[list[ReadLine]]:
    """Return lines that are read in the same direction together, the direction with the most text first."""
    groups: dict[int, list[ReadLine]] = {}
    for line in lines:
        along = line.quad[1] - line.quad[0]
        groups.setdefault(round(float(np.degrees(np.arctan2(along[1], along[0]))) / 90) % 4, []).append(line)
    return sorted(groups.values(), key=lambda group: -sum(len(line.text) for line in group))


def _place(lines: Sequence[ReadLine]) -> list[_Placed]:
    """Return lines of one direction in the coordinates of their reader."""
    along = sum((line.quad[1] - line.quad[0] + line.quad[2] - line.quad[3] for line in lines), np.zeros(2))
    x_axis = along / max(float(np.linalg.norm(along)), 1e-6)
    axes = np.stack([x_axis, [-x_axis[1], x_axis[0]]], axis=1)
    mirror = -1.0 if _is_right_to_left(lines) else 1.0
    placed = []
    for line in lines:
        corners = line.quad @ axes * (mirror, 1.0)
        (left, top), (right, bottom) = corners.min(0).tolist(), corners.max(0).tolist()
        middle, height = (top + bottom) / 2, _measure_height(line)
        # The box of a line at an angle to the others is higher than the line.
        placed.append(_Placed(line, left, right, middle - height / 2, middle + height / 2))
    return placed


def _measure_height(line: ReadLine) -> float:
    quad = line.quad
    return float(np.linalg.norm(quad[3] - quad[0]) + np.linalg.norm(quad[2] - quad[1])) / 2


def _is_right_to_left(lines: Sequence[ReadLine]) -> bool:
    text = "".join(line.text for line in lines)
    return 2 * len(RIGHT_TO_LEFT.findall(text)) > len(LETTER.findall(text))


def _join(lines: Sequence[_Placed]) -> list[Block]:
    """Return the blocks of neighboring lines."""
    blocks: list[Block] = []
    for line in sorted(lines, key=lambda one: one.top):
        near = [block for block in blocks if any(_are_neighbors(one, line) for one in block)]
        for block in near:
            blocks.remove(block)
        blocks.append([*(one for block in near for one in block), line])
    return blocks


def _are_neighbors(first: _Placed, second: _Placed) -> bool:
    low, high = sorted((first.height, second.height))
    if high > MAX_HEIGHT_RATIO * low:
        return False
    across = min(first.right, second.right) - max(first.left, second.left)
    down = min(first.bottom, second.bottom) - max(first.top, second.top)
    if down >= MIN_ROW_SHARE * low:
        return -across <= MAX_WORD_GAP * low
    shorter = min(first.right - first.left, second.right - second.left)
    return across >= MIN_COLUMN_SHARE * shorter and -down <= MAX_LINE_GAP * low


def _order(blocks: list[Block]) -> list[Block]:
    """Return blocks in reading order: a column is read to its end, then the next one."""
    waiting = sorted(blocks, key=lambda block: (_find_top(block), _find_left(block)))
    ordered: list[Block] = []
    while waiting:
        first = next((one for one in waiting if not any(_precedes(other, one) for other in waiting)), waiting[0])
        waiting.remove(first)
        ordered.append(first)
    return ordered


def _precedes(first: Block, second: Block) -> bool:
    """Return whether a block is read before another one: it is above it, or to its left and not below it."""
    if first is second:
        return False
    across = min(_find_right(first), _find_right(second)) - max(_find_left(first), _find_left(second))
    if across > 0:
        return _find_top(first) < _find_top(second)
    is_below = _find_top(first) >= _find_bottom(second)
    return _find_left(first) < _find_left(second) and not is_below


def _sort_rows(block: Block) -> Block:
    """Return the lines of a block row by row."""
    rows: list[Block] = []
    for line in sorted(block, key=lambda one: one.top + one.bottom):
        last = rows[-1][0] if rows else None
        if last is not None and last.bottom - line.top >= MIN_ROW_SHARE * min(last.height, line.height):
            rows[-1].append(line)
        else:
            rows.append([line])
    return [line for row in rows for line in sorted(row, key=lambda one: one.left)]


def _cut(block: Block) -> list[Block]:
    """Return a block in parts that are short enough for one segment."""
    parts: list[Block] = []
    length = MAX_BLOCK_CHARACTERS
    for line in block:
        length += len(line.line.text) + 1
        if length > MAX_BLOCK_CHARACTERS:
            parts.append([])
            length = len(line.line.text)
        parts[-1].append(line)
    return parts


def _find_left(block: Block) -> float:
    return min(one.left for one in block)


def _find_right(block: Block) -> float:
    return max(one.right for one in block)


def _find_top(block: Block) -> float:
    return min(one.top for one in block)


def _find_bottom(block: Block) -> float:
    return max(one.bottom for one in block)
