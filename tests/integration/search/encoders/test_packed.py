"""Short recordings that share a window of Whisper: each has its own text, language and times."""

import re
from pathlib import Path

import numpy as np
import pytest
from rapidfuzz import fuzz

from search.encoders.runtime import Machine
from search.encoders.whisper.choice import choose_transcriber
from search.encoders.whisper.faster import join_whisper_base
from search.media.recording.sound import SAMPLE_RATE, decode_sound

pytestmark = pytest.mark.slow
# Prompts of telephone exchanges, spoken by people: Debian's asterisk-core-sounds-{fr,it}-wav.
PROMPTS = Path("/usr/share/asterisk/sounds")
FOLDERS = {"fr": "fr_CA_f_June", "it": "it_IT_m_Carlo"}
NAMES = ("agent-pass", "vm-nobodyavail", "privacy-unident", "agent-user")
spoken = pytest.mark.skipif(not PROMPTS.is_dir(), reason="the packages asterisk-core-sounds-*-wav are not installed")


@pytest.fixture(scope="module")
def transcriber(tmp_path_factory):
    base = join_whisper_base(tmp_path_factory.mktemp("whisper"))
    return choose_transcriber(str(base), base.parent, Machine(2))


def read_prompts(language):
    paths = [PROMPTS / FOLDERS[language] / f"{name}.wav" for name in NAMES]
    return [decode_sound(path) for path in paths if path.is_file()]


def words(text):
    return re.findall(r"\w+", text.lower())


@spoken
@pytest.mark.parametrize("language", FOLDERS)
def test_together_as_alone(transcriber, language):
    clips = read_prompts(language)
    together = transcriber.transcribe_together(clips)
    for samples, transcript in zip(clips, together, strict=True):
        alone = transcriber.transcribe(samples)
        assert transcript.language == alone.language == language
        assert fuzz.ratio(words(transcript.text), words(alone.text)) > 60
        heard = [word for segment in transcript.segments for word in segment.words]
        assert all(0 <= word.start <= word.end <= len(samples) / SAMPLE_RATE + 0.1 for word in heard)


@spoken
def test_in_a_mix_each_has_its_language(transcriber):
    clips = [clip for pair in zip(read_prompts("fr"), read_prompts("it"), strict=False) for clip in pair]
    found = [transcript.language for transcript in transcriber.transcribe_together(clips)]
    assert found == ["fr", "it"] * (len(clips) // 2)


@spoken
def test_noise_and_silence_have_no_text_and_do_not_harm_the_others(transcriber):
    noise = np.random.default_rng(0).normal(0, 0.05, 5 * SAMPLE_RATE).astype(np.float32)
    clip = read_prompts("it")[0]
    found = transcriber.transcribe_together([noise, clip, noise * 0, noise[:0], clip])
    assert [transcript.language for transcript in found] == [None, "it", None, None, "it"]
    assert [bool(transcript.segments) for transcript in found] == [False, True, False, False, True]
