"""Recordings that hide their speech are transcribed, at the times that a player shows."""

from pathlib import Path

import numpy as np
import pytest

from search.media.recording.sound import decode_sound
from search.records import SegmentKind
from tests.support.indexing import index
from tests.support.recordings import make_tone, write_sounds, write_subtitled

pytestmark = pytest.mark.slow
# A prompt of a telephone exchange, spoken by a person: Debian's asterisk-core-sounds-es-wav.
PROMPT = Path("/usr/share/asterisk/sounds/es_MX_f_Allison/vm-options.wav")
spoken = pytest.mark.skipif(not PROMPT.is_file(), reason="the package asterisk-core-sounds-es-wav is not installed")


def list_speech(library, name):
    """Return text and start of the speech of a file, and why the ledger mentions it."""
    (item,) = [one for one in library.catalog.list_items() if one.path.endswith(name)]
    segments = [one.segment for one in library.catalog.list_segments(item.id)]
    lines = [(one.text, one.start) for one in segments if one.kind is SegmentKind.SPEECH]
    return " ".join(line[0] for line in lines), lines[0][1] if lines else None, item.reason


@spoken
def test_speech_in_opposite_channels_in_surrounds_and_in_a_late_default_track(fresh, tmp_path):
    media, voice = tmp_path / "media", decode_sound(PROMPT)
    media.mkdir()
    surrounds = np.zeros((6, len(voice)), np.float32)
    surrounds[4:] = voice
    spanish = {"language": "spa", "disposition": 1}
    write_sounds(str(media / "plain.wav"), [(0, voice, {})])
    write_sounds(str(media / "opposite.wav"), [(0, np.stack([voice, -voice]), {})], layout="stereo")
    write_sounds(str(media / "surrounds.wav"), [(0, surrounds, {})], layout="5.1")
    write_sounds(str(media / "late.mka"), [(0, make_tone(2), {"language": "ger"}), (30, voice, spanish)], "matroska")
    index(fresh, media)
    expected, start, reason = list_speech(fresh, "plain.wav")
    assert (len(expected.split()) > 5, reason) == (True, None)
    assert list_speech(fresh, "opposite.wav") == (expected, start, None)
    assert list_speech(fresh, "surrounds.wav")[0].split()[:4] == expected.split()[:4]
    text, late, reason = list_speech(fresh, "late.mka")
    assert (text, late) == (expected, pytest.approx(start + 30, abs=0.1))
    assert reason == "speech is from audio track 2 of 2 (spa)"


@spoken
def test_forced_subtitles_add_to_what_is_said(fresh, tmp_path):
    media, voice = tmp_path / "media", decode_sound(PROMPT)
    media.mkdir()
    write_subtitled(str(media / "film.mkv"), [], samples=voice)
    write_subtitled(
        str(media / "other.mkv"), [([(0.5, 1.5, "The harvest was good.")], {"disposition": 0x40})], samples=voice
    )
    write_sounds(str(media / "talk.wav"), [(0, voice, {})])
    (media / "film.forced.srt").write_text("1\n00:00:00,500 --> 00:00:01,500\nThe harvest was good.\n")
    index(fresh, media)
    spoken_words = list_speech(fresh, "talk.wav")[0].split()
    for name in ("film.mkv", "other.mkv"):
        text = list_speech(fresh, name)[0]
        assert "The harvest was good." in text
        assert len(set(spoken_words) & set(text.split())) > 0.7 * len(set(spoken_words))


@spoken
def test_what_is_said_is_transcribed_next_to_subtitles_in_another_language(fresh, tmp_path):
    media, voice = tmp_path / "media", decode_sound(PROMPT)
    media.mkdir()
    line = "1\n00:00:00,500 --> 00:00:03,500\nThe harvest was good.\n"
    for name in ("english", "spanish"):
        write_subtitled(str(media / f"{name}.mkv"), [], samples=voice)
    (media / "english.en.srt").write_text(line)
    (media / "spanish.es.srt").write_text(line)
    index(fresh, media)
    words, _, reason = list_speech(fresh, "english.mkv")
    assert (len(words.split()) > 9, "The harvest was good." in words, reason) == (True, True, None)
    assert list_speech(fresh, "spanish.mkv")[0] == "The harvest was good."
    languages = {item.path.rsplit("/", 1)[-1]: item.facts.language for item in fresh.catalog.list_items()}
    assert languages["english.mkv"] == languages["spanish.mkv"] == "es"
