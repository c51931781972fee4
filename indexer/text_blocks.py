"""Turn the lines that were read in the images of a file into segments."""

from collections.abc import Sequence
from dataclasses import replace
from difflib import SequenceMatcher

from indexer.decode.content import TextImage
from search.encoders.ocr.blocks import group_lines, join_text
from search.encoders.ocr.engine import ReadLine
from search.media.metadata import clean_segment
from search.records import Segment, SegmentKind, TextLine

# Texts of successive frames that are this similar are the same text, read with small differences.
MIN_SAME_SHARE = 0.8
# A shorter text is a pattern more often than a word.
MIN_CHARACTERS = 2


def make_segments(image: TextImage, lines: Sequence[ReadLine]) -> list[Segment]:
    """Return a segment for each block of neighboring lines of an image.

    Args:
        image: The image that the lines were read in.
        lines: The lines in any order.
    """
    height, width = image.pixels.shape[:2]
    segments = []
    for block in group_lines(lines):
        text = join_text(block)
        if sum(character.isalnum() for character in text) < MIN_CHARACTERS:
            continue
        letters = max(1, sum(len(line.text) for line in block))
        confidence = sum(line.confidence * len(line.text) for line in block) / letters
        placed = tuple(TextLine(_to_shares(line, width, height), line.text) for line in block)
        segment = Segment(
            SegmentKind.OCR,
            text,
            start=image.start,
            end=image.end,
            page=image.page,
            confidence=round(confidence, 4),
            lines=placed,
        )
        segments.append(clean_segment(segment))
    return segments


def join_frames(frames: Sequence[Sequence[Segment]]) -> list[Segment]:
    """Return the texts of successive video frames; a text that several of them show is one segment.

    Args:
        frames: The segments of each frame, in order of time.
    """
    done: list[Segment] = []
    shown: list[Segment] = []
    for frame in frames:
        still: list[Segment] = []
        for segment in frame:
            same = next((one for one in shown if one.end == segment.start and _is_same(one, segment)), None)
            if same is None:
                still.append(segment)
            else:
                shown.remove(same)
                best = max(same, segment, key=lambda one: one.confidence or 0.0)
                still.append(replace(best, start=same.start, end=segment.end))
        done += shown
        shown = still
    return sorted([*done, *shown], key=lambda segment: segment.start or 0.0)


def _is_same(first: Segment, second: Segment) -> bool:
    matcher = SequenceMatcher(None, first.text or "", second.text or "", autojunk=False)
    return matcher.quick_ratio() >= MIN_SAME_SHARE and matcher.ratio() >= MIN_SAME_SHARE


def _to_shares(line: ReadLine, width: int, height: int) -> tuple[float, ...]:
    shares = (line.quad / (width, height)).clip(0, 1).reshape(-1)
    return tuple(round(float(share), 4) for share in shares)
