"""The waveform of a long recording is sampled, so that it takes no longer than that of a short one."""

import numpy as np
import pytest

from search.errors import UnreadableMediaError
from search.media.recording import loudness
from search.media.recording.loudness import measure_loudness
from tests.support.recordings import encode, make_images, make_tone, write_frames, write_sounds

# Alternately quiet and loud, for 20 seconds each.
SOUND = np.concatenate([make_tone(20) * level for level in (0.1, 1, 0.3, 1)])
FORMATS = [("wav", "pcm_s16le"), ("matroska", "aac"), ("mp4", "aac"), ("mp3", "libmp3lame"), ("ogg", "libopus")]


@pytest.mark.parametrize(("container", "codec"), [*FORMATS, ("mpegts", "aac"), ("flac", "flac")])
def test_a_long_recording_is_sampled(monkeypatch, container, codec):
    body = encode(write_sounds, [(0, SOUND, {})], container, codec)
    whole = measure_loudness(body, 16)
    monkeypatch.setattr(loudness, "MAX_WHOLE_SECONDS", 60.0)
    monkeypatch.setattr(loudness, "SAMPLED_SECONDS", 16.0)
    monkeypatch.setattr(loudness, "_measure_whole", None)
    sampled = measure_loudness(body, 16)
    # At the edges between quiet and loud the packet before counts, and Opus needs a moment after it was sought.
    inner = [place for place in range(16) if place % 4]
    assert sampled[inner] == pytest.approx(whole[inner], rel=0.2, abs=0.02)
    assert whole[1] < whole[5] / 4


def test_a_film_without_sound_has_no_peaks():
    assert len(measure_loudness(encode(write_frames, make_images(3), container="mp4"), 10)) == 0


def test_a_recording_without_sound_has_no_loudness():
    with pytest.raises(UnreadableMediaError):
        measure_loudness(b"no recording", 10)
