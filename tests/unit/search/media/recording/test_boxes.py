"""Boxes are listed up to the first one that is not valid, whatever their lengths are."""

import io
import struct

import pytest

from search.media.recording.boxes import MAX_BOXES, iterate_boxes

FREE = struct.pack(">I4s", 8, b"free")


def list_names(body, *place):
    return [box.name for box in iterate_boxes(io.BytesIO(body), *place)]


@pytest.mark.parametrize("length", [2**63, 2**64 - 1])
def test_a_box_that_ends_beyond_any_file_is_the_last(length):
    assert list_names(FREE + struct.pack(">I4sQ", 1, b"moov", length) + FREE, 0, 2**64) == [b"free", b"moov"]


def test_no_more_boxes_are_listed_than_the_limit():
    assert len(list_names(FREE * (MAX_BOXES + 5))) == MAX_BOXES


@pytest.mark.parametrize("tail", [b"\0\0\0\x07free", b"\0\0\0\1free", b"\0\0\0"])
def test_a_box_without_a_valid_length_ends_the_list(tail):
    assert list_names(FREE + tail + FREE)[:1] == [b"free"]
    assert len(list_names(FREE + tail + FREE)) <= 2
