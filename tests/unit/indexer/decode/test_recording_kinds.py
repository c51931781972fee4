"""Recordings are recognized by their content, whatever their first chunk is."""

import struct

import pytest

from indexer.decode.families import decode_file, recognize_content
from indexer.decode.video import VIDEO
from search.records import ItemType
from tests.support.recordings import encode, make_images, make_tone, write_frames, write_sounds


def make_wave(name=b"RIFF", first=b"", rate=16000):
    samples = (make_tone(1) * 32767).astype("<i2").tobytes()
    form = b"fmt " + struct.pack("<IHHIIHH", 16, 1, 1, rate, rate * 2, 2, 16)
    is_large = name != b"RIFF"
    size = 4 + len(first) + len(form) + 8 + len(samples)
    large = b"ds64" + struct.pack("<IQQQI", 28, size, len(samples), len(samples) // 2, 0) if is_large else b""
    numbers = (0xFFFFFFFF, 0xFFFFFFFF) if is_large else (size, len(samples))
    return b"".join(
        (
            name,
            struct.pack("<I", numbers[0]),
            b"WAVE",
            large,
            first,
            form,
            b"data",
            struct.pack("<I", numbers[1]),
            samples,
        )
    )


BEXT = b"bext" + struct.pack("<I", 602) + bytes(602)
JUNK = b"JUNK" + struct.pack("<I", 28) + bytes(28)
ENCODED = {
    "amr": ("amr", "libopencore_amrnb"), "caf": ("caf", "pcm_s16le"), "w64": ("w64", "pcm_s16le"),
    "wv": ("wv", "wavpack"), "mka": ("matroska", "flac"), "weba": ("webm", "libopus"), "aiff": ("aiff", "pcm_s16be"),
    "au": ("au", "pcm_s16be"), "mp3": ("mp3", "libmp3lame"),
}  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        make_wave(),
        make_wave(first=BEXT),
        make_wave(first=JUNK),
        make_wave(b"RF64"),
        make_wave(b"BW64", BEXT),
    ],
    ids=["wave", "bwf", "junk", "rf64", "bw64"],
)
def test_wave_files(tmp_path, body):
    (tmp_path / "recording").write_bytes(body)
    assert recognize_content(tmp_path / "recording") is ItemType.AUDIO
    *_, summary = decode_file(tmp_path / "recording", ItemType.AUDIO)
    assert summary.facts.duration == 1


@pytest.mark.parametrize("suffix", ENCODED)
def test_sounds_without_a_suffix(tmp_path, suffix):
    container, codec = ENCODED[suffix]
    options = {"id3v2_version": "0", "write_xing": "0"} if suffix == "mp3" else {}
    rate = 8000 if suffix == "amr" else 16000
    body = encode(write_sounds, [(0, make_tone(1), {})], container, codec, options=options, rate=rate)
    (tmp_path / "recording").write_bytes(body)
    expected = ItemType.VIDEO if container in {"matroska", "webm"} else ItemType.AUDIO  # opening it shows what it is
    assert recognize_content(tmp_path / "recording") is expected
    *_, summary = decode_file(tmp_path / "recording", expected)
    assert (summary.type, summary.facts.duration) == (ItemType.AUDIO, pytest.approx(1, abs=0.15))


@pytest.mark.parametrize(
    ("suffix", "container", "codec"),
    [("mxf", "mxf", "mpeg2video"), ("vob", "vob", "mpeg2video"), ("asf", "asf", "wmv2"), ("3g2", "3g2", "libx264")],
)
def test_videos_of_cameras_and_discs(tmp_path, suffix, container, codec):
    body = encode(write_frames, make_images(25), container, codec, rate=25)
    assert f".{suffix}" in VIDEO.suffixes
    (tmp_path / f"film.{suffix}").write_bytes(body)
    *_, summary = decode_file(tmp_path / f"film.{suffix}", ItemType.VIDEO)
    assert (summary.type, summary.remark) == (ItemType.VIDEO, None)
    assert summary.facts.duration == pytest.approx(2, abs=0.15)


@pytest.mark.parametrize("body", [b"RIFFxxxxWEBPVP8 ", b"RIFF", b"\xff\xfb", b"\xff\xfb\x90\x64" + bytes(500)])
def test_other_content_is_no_sound(tmp_path, body):
    (tmp_path / "a").write_bytes(body)
    assert recognize_content(tmp_path / "a") is not ItemType.AUDIO
