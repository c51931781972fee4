"""Measure searches by voice against Whisper on the same recordings.

    PYTHONPATH=. python benchmarks/spoken_queries.py --home DIR CLIP.wav ...

For each clip: the time of faster-whisper alone with its defaults, that of the transcription of a query, and that of the
whole search. Each is the median of three runs, in which the clips take turns, since the output of the encoder for the
last recording is kept; the models are loaded before. Pass two clips or more.
"""

import argparse
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from search.encoders.whisper.faster import join_whisper_base
from search.engine import Engine
from search.media.on_demand import decode_voice
from search.open_home import OpenHome, open_home
from search.records import Query, Waveform
from search.settings import read_settings

RUNS = 3


class Voices:
    """What is measured: three ways from a recording to its text or results."""

    def __init__(self, library: OpenHome, language: str | None, likely: Sequence[str]) -> None:
        """Load the models."""
        from faster_whisper import WhisperModel

        self._library, self._language, self._likely = library, language, tuple(likely)
        threads = library.machine.threads
        self._bare = WhisperModel(str(join_whisper_base(library.home.models)), compute_type="int8", cpu_threads=threads)
        Engine(library).warm_up()

    def decode(self, voice: bytes) -> Waveform:
        """Return the samples of a recording at 16 kHz, shape (n,)."""
        return self._library.media.call(decode_voice, voice, self._library.limits.seconds)

    def transcribe_bare(self, samples: Waveform) -> str:
        """Return the text that faster-whisper hears with its defaults."""
        return "".join(segment.text for segment in self._bare.transcribe(samples, language=self._language)[0])

    def transcribe_query(self, samples: Waveform) -> object:
        """Return the transcript of a query."""
        languages = (self._language,) if self._language else self._likely
        return self._library.models.transcriber.transcribe_query(samples, languages)

    def search(self, voice: bytes) -> object:
        """Return the answer to a recording, whose transcript and ranking are in no cache."""
        self._library.spoken.__init__(1)  # type: ignore[misc]
        query = Query(voice=voice, voice_language=self._language, voice_languages=self._likely)
        return Engine(self._library).search(query)


def measure(call: Callable[[], object]) -> float:
    """Return the seconds that a call takes."""
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def main() -> None:
    """Print a table of the times of each clip, and the median ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--language", help="the language of the clips; detected among --likely if it is not set")
    parser.add_argument("--likely", action="append", default=[])
    parser.add_argument("clips", nargs="+", type=Path)
    options = parser.parse_args()
    if len(options.clips) < 2:
        parser.error("pass two clips or more")
    with open_home(read_settings(home=options.home)) as library:
        voices = Voices(library, options.language, options.likely)
        recordings = {clip: clip.read_bytes() for clip in options.clips}
        sounds = {clip: voices.decode(voice) for clip, voice in recordings.items()}
        heard = {clip: voices.transcribe_bare(samples) for clip, samples in sounds.items()}
        times: dict[tuple[Path, str], list[float]] = defaultdict(list)
        for _ in range(RUNS):
            for clip in options.clips:
                times[clip, "alone"].append(measure(partial(voices.transcribe_bare, sounds[clip])))
            for clip in options.clips:
                times[clip, "query"].append(measure(partial(voices.transcribe_query, sounds[clip])))
            for clip in options.clips:
                times[clip, "whole"].append(measure(partial(voices.search, recordings[clip])))
    ratios = []
    for clip in options.clips:
        alone, query, whole = (statistics.median(times[clip, name]) for name in ("alone", "query", "whole"))
        ratios.append(whole / alone)
        print(f"{clip.name:32} {len(sounds[clip]) / 16000:5.1f} s  whisper {alone:.2f}  query {query:.2f}  "
              f"search {whole:.2f}  x{whole / alone:.2f}  {heard[clip][:50]!r}")  # fmt: skip
    print(f"median x{statistics.median(ratios):.2f}, highest x{max(ratios):.2f}")


if __name__ == "__main__":
    main()
