"""Recordings: real sentences joined to longer ones, and sentences that are synthesized (`espeakng-loader`)."""

import wave
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer

from crossmodal.demo import open_voice

RATE = 16_000
PAUSE_SECONDS = 0.7
CODECS = {".m4a": "aac", ".mp3": "libmp3lame", ".ogg": "libopus", ".wav": "pcm_s16le"}

Samples = np.ndarray[tuple[int], np.dtype[np.int16]]


def read_samples(path: Path) -> Samples:
    """Return the samples of a WAV file at `RATE`, 16-bit mono."""
    with wave.open(str(path), "rb") as stream:
        body = np.frombuffer(stream.readframes(stream.getnframes()), np.int16)
        return _resample(body, stream.getframerate())


def speak(text: str, voice: str) -> Samples:
    """Return synthesized speech at `RATE`; `voice` is a voice of espeak-ng, such as `de`."""
    with open_voice(voice) as speaker:
        samples, rate = speaker.speak(text)
        return _resample(samples, rate)


def join(parts: Sequence[Samples]) -> Samples:
    """Return recordings one after the other, with pauses between them."""
    pause = np.zeros(round(PAUSE_SECONDS * RATE), np.int16)
    return np.concatenate([piece for part in parts for piece in (part, pause)] or [pause])


def write_sound(target: Path, samples: Samples) -> None:
    """Write a recording in the format of its file name's ending."""
    with av.open(str(target), "w") as out:
        stream = out.add_stream(CODECS[target.suffix], rate=48_000 if target.suffix == ".ogg" else RATE)
        stream.layout = "mono"
        encode_sound(out, stream, samples)


def encode_sound(out: OutputContainer, stream: AudioStream, samples: Samples) -> None:
    """Encode all samples of a stream."""
    frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
    frame.sample_rate, frame.time_base, frame.pts = RATE, Fraction(1, RATE), 0
    size = stream.codec_context.frame_size or 1024
    resampler = av.AudioResampler(stream.format, "mono", stream.rate, frame_size=size)
    for part in [*resampler.resample(frame), *resampler.resample(None)]:
        out.mux(stream.encode(part))
    out.mux(stream.encode(None))


def _resample(samples: Samples, rate: int) -> Samples:
    """Return samples at `RATE` by linear interpolation, which is good enough for speech."""
    count = round(len(samples) * RATE / rate)
    places = np.linspace(0, max(0, len(samples) - 1), count)
    return np.interp(places, np.arange(len(samples)), samples).astype(np.int16)
