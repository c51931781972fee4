"""A file that cannot be read is not a damaged file."""

from types import SimpleNamespace

import av
import pytest

from search.errors import UnreadableMediaError
from search.media.recording.container import DecodeReport, read_packets
from search.media.recording.sound import decode_sound
from search.media.recording.tracks import probe
from tests.support.recordings import encode, make_tone, write_sounds


def make_container(path):
    """A container of which one packet can be read."""

    def demux(_stream):
        yield SimpleNamespace(pts=0, dts=0, duration=1000, time_base=1 / 1000)
        raise av.error.OSError(5, "Input/output error")

    names = SimpleNamespace(name="matroska,webm", flags=0)
    return SimpleNamespace(demux=demux, file=None, name=str(path), start_time=0, format=names)


def test_storage_that_is_gone_is_no_damage(tmp_path):
    with pytest.raises(FileNotFoundError):
        probe(tmp_path / "gone.mp4")
    with pytest.raises(FileNotFoundError):
        list(read_packets(make_container(tmp_path / "gone.mkv"), None, DecodeReport()))


def test_a_file_that_ends_with_an_error_is_incomplete(tmp_path):
    (tmp_path / "film.mkv").write_bytes(b"x")
    report = DecodeReport()
    assert len(list(read_packets(make_container(tmp_path / "film.mkv"), None, report))) == 1
    assert report.describe(None) == "the file is incomplete: it ends after 1 seconds (Input/output error)"
    assert report.describe(20.0) == "the file is incomplete: 1 of 20 seconds could be decoded"


@pytest.mark.parametrize("body", [b"", b"\0" * 2000, b"RIFF\0\0\0\0WAVE"])
def test_content_that_is_no_recording_is_unreadable(body):
    with pytest.raises(UnreadableMediaError):
        decode_sound(body)


def test_a_recording_of_which_little_is_missing_has_no_remark():
    body = encode(write_sounds, [(0, make_tone(2), {})], "wav")
    assert len(decode_sound(body)) == 32000
    assert DecodeReport(end=59.5).describe(60.0) is None
    assert DecodeReport(end=3598).describe(3600.0) is None


@pytest.mark.parametrize(
    ("end", "expected", "text"),
    [(0.4, 2, "0.4 of 2"), (1.96, 9.5, "2 of 9.5"), (9.4, 12.6, "9.4 of 13"), (60.4, 120, "60 of 120")],
)
def test_short_durations_have_a_decimal(end, expected, text):
    assert DecodeReport(end).describe(expected) == f"the file is incomplete: {text} seconds could be decoded"
    error = DecodeReport(end, "Invalid data").describe(None)
    assert error == f"the file is incomplete: it ends after {text.split()[0]} seconds (Invalid data)"
