"""Measure searches by voice against Whisper on the same recordings.

    PYTHONPATH=. python benchmarks/spoken_queries.py --home DIR CLIP.wav ...

For each clip: the time of faster-whisper alone with its defaults, that of the transcription of a query, and that of the
whole search. Each is the median of three runs; the models are loaded before.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from search.encoders.whisper.faster import join_whisper_base
from search.engine import Engine
from search.media.on_demand import decode_voice
from search.open_home import open_home
from search.records import Query
from search.settings import read_settings

RUNS = 3


def measure(run: Callable[[], object]) -> float:
    """Return the median time of a function in seconds."""
    times = []
    for _ in range(RUNS):
        began = time.perf_counter()
        run()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def main() -> None:
    """Print a table of the times of each clip, and the median ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--language", help="the language of the clips; detected among --likely if it is not set")
    parser.add_argument("--likely", action="append", default=[])
    parser.add_argument("clips", nargs="+", type=Path)
    options = parser.parse_args()
    from faster_whisper import WhisperModel

    languages = [options.language] if options.language else options.likely
    ratios = []
    with open_home(read_settings(home=options.home)) as library:
        threads = library.machine.threads
        bare = WhisperModel(str(join_whisper_base(library.home.models)), compute_type="int8", cpu_threads=threads)
        engine = Engine(library)
        engine.warm_up()
        for clip in options.clips:
            voice = clip.read_bytes()
            samples = library.media.call(decode_voice, voice, library.limits.seconds)

            def search(voice: bytes = voice) -> object:
                library.spoken.__init__(1)  # type: ignore[misc]  # forget the transcript
                return Engine(library).search(  # another one has no ranking in its cache
                    Query(voice=voice, voice_language=options.language, voice_languages=tuple(options.likely))
                )

            own = [segment.text for segment in bare.transcribe(samples, language=options.language)[0]]
            alone = measure(lambda samples=samples: list(bare.transcribe(samples, language=options.language)[0]))
            query = measure(lambda samples=samples: library.models.transcriber.transcribe_query(samples, languages))
            whole = measure(search)
            ratios.append(whole / alone)
            print(f"{clip.name:32} {len(samples) / 16000:5.1f} s  whisper {alone:.2f}  query {query:.2f}  "
                  f"search {whole:.2f}  x{whole / alone:.2f}  {''.join(own)[:50]!r}")  # fmt: skip
    print(f"median x{statistics.median(ratios):.2f}, highest x{max(ratios):.2f}")


if __name__ == "__main__":
    main()
