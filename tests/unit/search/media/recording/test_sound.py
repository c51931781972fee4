"""Sound as a player plays it: the right track, all channels, at the right time."""

import struct

import numpy as np
import pytest

from search.media.recording.container import DecodeReport
from search.media.recording.loudness import measure_loudness
from search.media.recording.sound import SAMPLE_RATE, decode_sound, iterate_sound
from search.media.recording.tracks import probe
from tests.support.recordings import encode, find_pitch, make_tone, write_gaps, write_sounds

DEFAULT = 1


def read(body, **options):
    return [(round(start, 2), samples) for start, samples in iterate_sound(body, **options)]


def measure_level(samples):
    return float(np.sqrt(np.mean(np.asarray(samples, np.float64) ** 2)))


@pytest.mark.parametrize(
    ("layout", "levels"),
    [
        ("stereo", [1, -1]),  # a balanced cable in a stereo jack
        ("stereo", [1, -0.8]),
        ("stereo", [0, 1]),
        ("stereo", [1, 1]),
        ("5.1", [0, 0, 0, 0, 1, 1]),  # only the surrounds
        ("5.1", [0, 0, 0, 0, 1, -1]),
        ("5.1", [0, 0, 1, 0, 0, 0]),
        ("7.1", [0, 0, 0, 0, 0, 0, 1, 0]),
    ],
)
def test_speech_in_any_channels_is_heard_at_full_level(layout, levels):
    tone = make_tone(2)
    body = encode(write_sounds, [(0, np.outer(levels, tone), {})], "wav", layout=layout)
    samples = decode_sound(body)
    assert find_pitch(samples) == pytest.approx(440, abs=1)
    assert measure_level(samples) >= 0.75 * measure_level(tone)


def test_the_channel_of_low_frequencies_is_not_mixed_in():
    channels = np.zeros((6, 2 * SAMPLE_RATE), np.float32)
    channels[2], channels[3] = make_tone(2, 440, 0.1), make_tone(2, 40, 0.9)
    assert find_pitch(decode_sound(encode(write_sounds, [(0, channels, {})], "wav", layout="5.1"))) == 440


def test_channels_without_a_known_layout_are_mixed():
    channels = np.zeros((3, 2 * SAMPLE_RATE), np.float32)
    channels[2] = make_tone(2)
    body = bytearray(encode(write_sounds, [(0, channels, {})], "wav", layout="3.0"))
    mask = body.index(b"fmt ") + 8 + 20
    body[mask : mask + 4] = bytes(4)  # no channel has a position
    assert find_pitch(decode_sound(bytes(body))) == pytest.approx(440, abs=1)


def test_the_default_track_is_played():
    english = {"language": "eng", "disposition": DEFAULT}
    tracks = [(0, make_tone(2, 300), {"language": "ger"}), (0, make_tone(2, 700), english)]
    body = encode(write_sounds, tracks, "matroska")
    assert [(track.index, track.language) for track in probe(body).sounds] == [(1, "eng"), (0, "ger")]
    assert find_pitch(decode_sound(body)) == pytest.approx(700, abs=1)
    assert find_pitch(read(body, track=0)[0][1]) == pytest.approx(300, abs=1)


@pytest.mark.parametrize("settings", [{"disposition": 8 | DEFAULT}, {"title": "Director's commentary"}])
def test_a_commentary_is_not_the_track_that_is_played(settings):
    tracks = [(0, make_tone(2, 300), settings), (0, make_tone(2, 700), {})]
    assert find_pitch(decode_sound(encode(write_sounds, tracks, "matroska"))) == pytest.approx(700, abs=1)


@pytest.mark.parametrize(("container", "codec"), [("matroska", "pcm_s16le"), ("mp4", "aac"), ("mov", "pcm_s16le")])
def test_sound_that_starts_late_has_the_time_that_a_player_shows(container, codec):
    tracks = [(0, make_tone(6, 300), {}), (3, make_tone(2, 700), {})]
    body = encode(write_sounds, tracks, container, codec)
    ((start, samples),) = read(body, track=1)
    assert start == pytest.approx(3, abs=0.07)
    assert len(samples) / SAMPLE_RATE == pytest.approx(2, abs=0.12)


def test_the_clock_of_a_broadcast_starts_anywhere():
    body = encode(write_sounds, [(4000, make_tone(2), {})], "mpegts", "aac")
    assert [start for start, _ in read(body)] == [0]


def test_a_gap_is_silence_and_what_follows_keeps_its_time():
    ((start, samples),) = read(encode(write_gaps, [(0, make_tone(1)), (5, make_tone(1))], "matroska"))
    assert (start, len(samples)) == (0, 6 * SAMPLE_RATE)
    assert np.abs(samples[2 * SAMPLE_RATE : 5 * SAMPLE_RATE - 800]).max() == 0
    assert np.abs(samples[5 * SAMPLE_RATE + 800 :]).max() > 5000


def test_a_long_gap_is_not_stored():
    body = encode(write_gaps, [(0, make_tone(1)), (3600, make_tone(1))], "matroska")
    assert [(start, len(samples)) for start, samples in read(body)] == [(0, SAMPLE_RATE), (3600, SAMPLE_RATE)]
    peaks = measure_loudness(body, 100)
    assert (peaks[0] > 0.2, peaks[50], peaks[99] > 0.2) == (True, 0, True)


def test_a_new_program_of_a_broadcast_continues_the_old_one():
    first = encode(write_sounds, [(100, make_tone(2, 300), {})], "mpegts", "aac")
    stereo = np.outer([1, 1], make_tone(2, 700))
    second = encode(write_sounds, [(20, stereo, {})], "mpegts", "aac", "stereo")
    parts = read(first + second)
    assert [start for start, _ in parts] == [0]
    samples = np.concatenate([samples for _, samples in parts])
    assert len(samples) / SAMPLE_RATE == pytest.approx(4, abs=0.3)
    assert find_pitch(samples[: 3 * SAMPLE_RATE // 2]) == pytest.approx(300, abs=2)
    assert find_pitch(samples[-3 * SAMPLE_RATE // 2 :]) == pytest.approx(700, abs=2)


def test_sound_louder_than_the_range_is_not_clipped():
    tone = make_tone(2) / 0.3 * 10
    samples = decode_sound(encode(write_sounds, [(0, tone, {})], "wav", "pcm_f32le"))
    assert np.abs(samples).max() == pytest.approx(1, abs=0.01)
    assert measure_level(samples) == pytest.approx(np.sqrt(0.5), abs=0.01)


def test_numbers_that_are_not_numbers_are_silence():
    tone = make_tone(2)
    tone[1000:1100] = np.nan
    samples = decode_sound(encode(write_sounds, [(0, tone, {})], "wav", "pcm_f32le"))
    assert len(samples) == 2 * SAMPLE_RATE
    assert find_pitch(samples) == pytest.approx(440, abs=1)


def test_a_wrong_length_in_the_header_of_an_mp3_does_not_count():
    body = bytearray(encode(write_sounds, [(0, make_tone(20), {})], "mp3", "libmp3lame"))
    place = max(body.find(b"Xing"), body.find(b"Info"))
    body[place + 8 : place + 12] = struct.pack(">I", 100_000)  # frames
    assert len(decode_sound(bytes(body))) / SAMPLE_RATE == pytest.approx(20, abs=0.2)
    body[place + 8 : place + 12] = struct.pack(">I", 10)
    assert len(decode_sound(bytes(body))) / SAMPLE_RATE == pytest.approx(20, abs=0.2)


def test_a_recorder_that_lost_power_leaves_sound():
    body = bytearray(encode(write_sounds, [(0, make_tone(2), {})], "wav"))
    place = body.index(b"data")
    body[4:8] = body[place + 4 : place + 8] = bytes(4)
    assert len(decode_sound(bytes(body))) == 2 * SAMPLE_RATE


@pytest.mark.parametrize(("container", "codec"), [("ogg", "libopus"), ("webm", "libopus"), ("wav", "pcm_s16le")])
def test_a_fifth_of_a_second_is_decoded(container, codec):
    samples = decode_sound(encode(write_sounds, [(0, make_tone(0.2), {})], container, codec))
    assert len(samples) / SAMPLE_RATE == pytest.approx(0.2, abs=0.03)


@pytest.mark.parametrize(
    ("container", "options"), [("webm", {"live": "1"}), ("mp4", {"movflags": "frag_keyframe+empty_moov"})]
)
def test_recordings_of_browsers_do_not_state_their_length(container, options):
    body = encode(write_sounds, [(0, make_tone(3), {})], container, "libopus", options=options)
    assert len(decode_sound(body)) / SAMPLE_RATE == pytest.approx(3, abs=0.05)


def test_damaged_sound_is_decoded_as_far_as_possible():
    body = bytearray(encode(write_sounds, [(0, make_tone(10), {})], "adts", "aac"))
    body[len(body) // 2 : len(body) // 2 + 300] = b"\x55" * 300
    report = DecodeReport()
    parts = list(iterate_sound(bytes(body), report=report))
    assert sum(len(samples) for _, samples in parts) / SAMPLE_RATE > 8


@pytest.mark.parametrize("count", [9, 16, 24])
def test_recorders_with_many_channels_are_heard(count):
    samples = np.zeros((2 * SAMPLE_RATE, count), np.float32)
    samples[:, count - 2] = make_tone(2)
    data = (samples * 32767).astype("<i2").tobytes()
    form = struct.pack("<IHHIIHH", 16, 1, count, SAMPLE_RATE, SAMPLE_RATE * 2 * count, 2 * count, 16)
    body = (
        b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt " + form + b"data" + struct.pack("<I", len(data)) + data
    )
    heard = decode_sound(body)
    assert (len(heard), find_pitch(heard)) == (2 * SAMPLE_RATE, pytest.approx(440, abs=1))
    assert measure_level(heard) >= 0.75 * measure_level(make_tone(2))


@pytest.mark.parametrize("rate", [8000, 12000, 48000])
def test_opus_of_every_bandwidth(rate):
    samples = decode_sound(encode(write_sounds, [(0, make_tone(2), {})], "ogg", "libopus", rate=rate))
    assert len(samples) / SAMPLE_RATE == pytest.approx(2, abs=0.05)
    assert find_pitch(samples) == pytest.approx(440, abs=1)
