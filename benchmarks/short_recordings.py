"""Measure what it saves to transcribe short recordings together, and what it does to their text.

    PYTHONPATH=. python benchmarks/short_recordings.py --home DIR --transcripts TRANSCRIPTS.tsv

The table has a line for each recording: the file (in the folder of the table), its length, and what is said. Groups of
recordings are transcribed one by one and together, in turn; the sums of both are printed, and the word error rate, for
the recordings with odd and with even numbers. The parameters were chosen on those with even numbers, from 0.
With --folder instead of --transcripts, the languages and texts of both ways are compared.
"""

import argparse
import csv
import re
import time
from dataclasses import dataclass, field
from pathlib import Path

from rapidfuzz.distance import Levenshtein

from search.encoders.encoder import Transcriber
from search.encoders.runtime import Machine
from search.encoders.whisper.choice import BUNDLED, choose_transcriber
from search.media.recording.sound import decode_sound
from search.records import Transcript, Waveform

# The recordings of a group: about as many as are transcribed together when a folder is indexed.
GROUP_SIZE = 10


@dataclass(frozen=True)
class Recording:
    """A recording and what is said in it."""

    name: str
    samples: Waveform
    words: str


@dataclass
class Sums:
    """The times and errors of one way to transcribe."""

    seconds: float = 0.0
    processor_seconds: float = 0.0
    transcripts: list[Transcript] = field(default_factory=list)

    def measure(self, transcriber: Transcriber, group: list[Recording], together: bool) -> None:
        """Transcribe a group and add its time."""
        clips = [recording.samples for recording in group]
        began, began_processor = time.perf_counter(), time.process_time()
        if together:
            self.transcripts += transcriber.transcribe_together(clips)
        else:
            self.transcripts += [transcriber.transcribe(samples) for samples in clips]
        self.seconds += time.perf_counter() - began
        self.processor_seconds += time.process_time() - began_processor


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


def compare(transcriber: Transcriber, recordings: list[Recording], title: str) -> None:
    """Transcribe recordings in both ways and print a line for each."""
    one_by_one, together = Sums(), Sums()
    for start in range(0, len(recordings), GROUP_SIZE):
        group = recordings[start : start + GROUP_SIZE]
        for sums in (one_by_one, together) if start // GROUP_SIZE % 2 else (together, one_by_one):
            sums.measure(transcriber, group, sums is together)
    length = sum(len(recording.samples) for recording in recordings) / 16_000
    print(f"{title}: {len(recordings)} recordings, {length:.0f} s", flush=True)
    for name, sums in (("one by one", one_by_one), ("together", together)):
        texts = [transcript.text for transcript in sums.transcripts]
        rate = measure_errors([recording.words for recording in recordings], texts)
        print(
            f"  {name:10} {sums.seconds:6.1f} s, {sums.processor_seconds:6.1f} processor s, errors {rate:.4f}",
            flush=True,
        )
    print(f"  ratio {one_by_one.seconds / together.seconds:.2f}, processor "
          f"{one_by_one.processor_seconds / together.processor_seconds:.2f}")  # fmt: skip
    pairs = zip(recordings, one_by_one.transcripts, together.transcripts, strict=True)
    for recording, one, other in pairs:
        if one.language != other.language:
            print(f"  {recording.name}: {one.language} {one.text!r}, together {other.language} {other.text!r}")


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
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    transcriber = choose_transcriber(BUNDLED, options.home / "models", Machine(options.threads))
    for recordings in [read_table(options.transcripts)] if options.transcripts else []:
        transcriber.transcribe(recordings[0].samples)
        transcriber.transcribe_together([recording.samples for recording in recordings[:2]])
        if options.half != "even":
            compare(transcriber, recordings[1::2], "odd numbers")
        if options.half != "odd":
            compare(transcriber, recordings[::2], "even numbers, on which the parameters were chosen")
    mixed: list[Recording] = []
    for folder in options.folder:
        paths = sorted(folder.glob("*.wav"))
        paths = paths[:: max(1, len(paths) // options.count)][: options.count]
        mixed += [Recording(f"{folder.name}/{path.name}", decode_sound(path), "") for path in paths]
    if mixed:
        order = sorted(range(len(mixed)), key=lambda number: number % options.count)
        compare(transcriber, [mixed[number] for number in order], "mixed languages")


if __name__ == "__main__":
    main()
