"""Measure what it saves to transcribe short recordings together, and what it does to their text.

    PYTHONPATH=. python benchmarks/short_recordings.py --home DIR --transcripts TRANSCRIPTS.tsv

The table has a line for each recording: the file (in the folder of the table), its length, and what is said. Groups of
recordings are transcribed one by one (by faster-whisper) and together, in turn. The sums of both are printed, and the
word error rate, for the recordings with odd and with even numbers. The parameters were chosen on those with even
numbers, from 0. With --folder, the languages of both ways are compared.
"""

import argparse
import csv
import re
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path

from faster_whisper import WhisperModel
from rapidfuzz.distance import Levenshtein

from indexer.short_recordings import MAX_SHORT_SECONDS
from search.encoders.encoder import Transcriber
from search.encoders.runtime import Machine
from search.encoders.whisper.choice import BUNDLED, choose_transcriber
from search.encoders.whisper.faster import join_whisper_base
from search.encoders.whisper.segments import make_segment
from search.media.recording.sound import SAMPLE_RATE, decode_sound
from search.records import Transcript, Waveform

# About as many recordings as a thread transcribes together when a folder is indexed.
TOGETHER = 9


@dataclass(frozen=True)
class Recording:
    """A recording and what is said in it."""

    name: str
    samples: Waveform
    words: str


Transcribe = Callable[[Sequence[Waveform]], list[Transcript]]


@dataclass
class Sums:
    """The times and transcripts of one way to transcribe."""

    seconds: float = 0.0
    processor_seconds: float = 0.0
    transcripts: list[Transcript] = field(default_factory=list)

    def measure(self, transcribe: Transcribe, group: Sequence[Recording]) -> None:
        """Transcribe a group and add its time."""
        began, began_processor = time.perf_counter(), time.process_time()
        self.transcripts += transcribe([recording.samples for recording in group])
        self.seconds += time.perf_counter() - began
        self.processor_seconds += time.process_time() - began_processor


@dataclass(frozen=True)
class Ways:
    """Both ways to transcribe, each with one recording or window per thread at a time.

    Attributes:
        bare: faster-whisper, with the arguments that the indexer passes.
        transcriber: The transcriber of the indexer.
        pool: As many threads as there are processors.
    """

    bare: WhisperModel
    transcriber: Transcriber
    pool: ThreadPoolExecutor

    def transcribe_one_by_one(self, clips: Sequence[Waveform]) -> list[Transcript]:
        """Transcribe each recording alone."""
        return list(self.pool.map(self._transcribe_alone, clips))

    def transcribe_together(self, clips: Sequence[Waveform]) -> list[Transcript]:
        """Transcribe the recordings as the indexer does."""
        parts = [clips[start : start + TOGETHER] for start in range(0, len(clips), TOGETHER)]
        return [transcript for part in self.pool.map(self._transcribe_part, parts) for transcript in part]

    def _transcribe_part(self, clips: Sequence[Waveform]) -> list[Transcript]:
        short = [number for number, samples in enumerate(clips) if len(samples) <= MAX_SHORT_SECONDS * SAMPLE_RATE]
        results = [None if number in short else self.transcriber.transcribe_concurrently(samples)
                   for number, samples in enumerate(clips)]  # fmt: skip
        found = iter(self.transcriber.transcribe_together([clips[number] for number in short]))
        return [next(found) if result is None else result for result in results]

    def _transcribe_alone(self, samples: Waveform) -> Transcript:
        found, info = self.bare.transcribe(
            samples, vad_filter=True, condition_on_previous_text=False, word_timestamps=True
        )
        segments = tuple(make_segment(asdict(one)) for one in found if one.text.strip())
        return Transcript(info.language if segments else None, segments)


def split_words(text: str) -> list[str]:
    """Return the words of a text in lower case, without punctuation."""
    return re.findall(r"\w+", text.lower().replace("'", ""))


def measure_errors(expected: list[str], found: list[str]) -> float:
    """Return the word error rate of texts (insertions, deletions and substitutions per word that was said)."""
    wrong = total = 0
    for one, other in zip(map(split_words, expected), map(split_words, found), strict=True):
        wrong += Levenshtein.distance(one, other)
        total += len(one)
    return wrong / max(1, total)


def compare(ways: Ways, recordings: list[Recording], title: str, threads: int) -> None:
    """Transcribe recordings in both ways, and print the sums after each group, so that a run can be ended early."""
    one_by_one, together = Sums(), Sums()
    size = TOGETHER * threads
    for start in range(0, len(recordings), size):
        group = recordings[start : start + size]
        turns = [(one_by_one, ways.transcribe_one_by_one), (together, ways.transcribe_together)]
        for sums, transcribe in turns if start // size % 2 else reversed(turns):
            sums.measure(transcribe, group)
        print_sums(title, recordings[: start + size], one_by_one, together)
    for recording, one, other in zip(recordings, one_by_one.transcripts, together.transcripts, strict=True):
        if one.language != other.language:
            print(f"  {recording.name}: {one.language} {one.text!r}, together {other.language} {other.text!r}")


def print_sums(title: str, done: list[Recording], one_by_one: Sums, together: Sums) -> None:
    """Print the sums for the recordings that were transcribed."""
    length = sum(len(recording.samples) for recording in done) / SAMPLE_RATE
    print(f"{title}: {len(done)} recordings, {length:.0f} s")
    for name, sums in (("one by one", one_by_one), ("together", together)):
        texts = [transcript.text for transcript in sums.transcripts]
        rate = measure_errors([recording.words for recording in done], texts)
        print(f"  {name:10} {sums.seconds:6.1f} s, {sums.processor_seconds:6.1f} processor s, errors {rate:.4f}")
    ratio = one_by_one.seconds / together.seconds
    processor_ratio = one_by_one.processor_seconds / together.processor_seconds
    print(f"  ratio {ratio:.2f}, processor {processor_ratio:.2f}", flush=True)


def read_table(path: Path) -> list[Recording]:
    """Return the recordings of a table."""
    with path.open(encoding="utf-8", newline="") as table:
        rows = [row for row in csv.reader(table, delimiter="\t") if row and row[0] != "file"]
    return [Recording(name, decode_sound(path.parent / name), words) for name, _, words in rows]


def main() -> None:
    """Print the times and errors of both halves of a table, or the differences in a folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--transcripts", type=Path)
    parser.add_argument("--half", choices=("even", "odd", "both"), default="both")
    parser.add_argument("--folder", type=Path, nargs="*", default=[])
    parser.add_argument("--count", type=int, default=20, help="how many recordings of each folder")
    parser.add_argument("--shuffle", action="store_true", help="take one recording of each folder in turn")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    models, threads = options.home / "models", options.threads
    with ThreadPoolExecutor(threads) as pool:
        transcriber = choose_transcriber(BUNDLED, models, Machine(threads))
        folder = str(join_whisper_base(models))
        bare = WhisperModel(folder, device="cpu", compute_type="int8", cpu_threads=1, num_workers=threads)
        ways = Ways(bare, transcriber, pool)
        for title, recordings in read_samples(options):
            ways.transcribe_one_by_one([recording.samples for recording in recordings[:2]])
            ways.transcribe_together([recording.samples for recording in recordings[:2]])
            compare(ways, recordings, title, threads)


def read_samples(options: argparse.Namespace) -> Iterator[tuple[str, list[Recording]]]:
    """Yield the recordings to compare with their titles."""
    recordings = read_table(options.transcripts) if options.transcripts else []
    if recordings and options.half != "even":
        yield "odd numbers", recordings[1::2]
    if recordings and options.half != "odd":
        yield "even numbers, on which the parameters were chosen", recordings[::2]
    mixed: list[Recording] = []
    for folder in options.folder:
        paths = sorted(folder.glob("*.wav"))
        paths = paths[:: max(1, len(paths) // options.count)][: options.count]
        mixed += [Recording(f"{folder.name}/{path.name}", decode_sound(path), "") for path in paths]
    if mixed:
        order = sorted(range(len(mixed)), key=lambda number: number % options.count)
        yield "folders", [mixed[number] for number in order] if options.shuffle else mixed


if __name__ == "__main__":
    main()
