"""Measure how many passages a second documents are indexed with, compared with the bare encoder of passages.

    PYTHONPATH=. python benchmarks/documents.py [--collection DIR] [--count 300] [--rounds 3]

The documents are those of `benchmarks/evaluation`, or text files made of four texts each of a collection with a
`documents.tsv` such as CISI. Each round indexes them into a new home, and then embeds the passages that are stored in
it, so both alternate. The models are loaded before. Other programs change the processor time less than the passages a
second; the ratio of processor times is how much of it the encoder takes.
"""

import argparse
import csv
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from indexer.pipeline import Options, run_index
from search.open_home import OpenHome, open_home
from search.settings import read_settings

BUNDLED = Path(__file__).parent / "evaluation" / "documents"
TEXTS_PER_FILE = 4
ENCODED_TOGETHER = 64
# More than the passages of any measurement.
MAX_PASSAGES = 1_000_000
WARM_UP = ["warm up " * 60] * 8


@dataclass(frozen=True)
class Usage:
    """What a call took: seconds, and seconds of processor time of this process and of its decoders."""

    seconds: float
    own: float
    decoders: float


def measure(call: Callable[[], object]) -> Usage:
    """Return what a call takes."""
    before, began = _read_cpu_seconds(), time.perf_counter()
    call()
    seconds, after = time.perf_counter() - began, _read_cpu_seconds()
    return Usage(seconds, after[0] - before[0], after[1] - before[1])


def _read_cpu_seconds() -> tuple[float, float]:
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return usage[0].ru_utime + usage[0].ru_stime, usage[1].ru_utime + usage[1].ru_stime


def write_documents(collection: Path, folder: Path, count: int) -> None:
    """Write text files of `TEXTS_PER_FILE` texts of a collection each."""
    csv.field_size_limit(sys.maxsize)
    with (collection / "documents.tsv").open(encoding="utf-8", newline="") as stream:
        texts = [" ".join(row[1:]) for row in csv.reader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)]
    for number in range(min(count, len(texts) // TEXTS_PER_FILE)):
        part = texts[number * TEXTS_PER_FILE : (number + 1) * TEXTS_PER_FILE]
        (folder / f"{number:04d}.txt").write_text("\n\n".join(part), encoding="utf-8")


def embed_stored(library: OpenHome) -> int:
    """Embed the passages of a home as the bare encoder does, and return their number."""
    texts = library.catalog.list_texts(MAX_PASSAGES)
    for start in range(0, len(texts), ENCODED_TOGETHER):
        library.models.text_encoder.encode_passages(texts[start : start + ENCODED_TOGETHER])
    return len(texts)


def run_round(folder: Path, home: Path) -> tuple[int, Usage, Usage]:
    """Return the number of passages, and what indexing and the bare encoder took."""
    library = open_home(read_settings(home=home), create=True)
    library.models.text_encoder.encode_passages(WARM_UP)
    indexing = measure(lambda: run_index(library, [folder], Options(), lambda *_: None))
    encoding = measure(lambda: embed_stored(library))
    count = len(library.catalog.list_texts(MAX_PASSAGES))
    library.close()
    return count, indexing, encoding


def main() -> None:
    """Print the medians over the rounds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--collection", type=Path)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = BUNDLED
        if options.collection:
            folder = Path(scratch) / "documents"
            folder.mkdir()
            write_documents(options.collection, folder, options.count)
        rounds = [run_round(folder, Path(scratch) / f"home{number}") for number in range(options.rounds)]
    count = rounds[0][0]
    ratio = statistics.median(encoding.seconds / indexing.seconds for _, indexing, encoding in rounds)
    cpu_ratio = statistics.median(encoding.own / (indexing.own + indexing.decoders) for _, indexing, encoding in rounds)
    for name, usages in (("indexing", [one for _, one, _ in rounds]), ("encoder", [one for _, _, one in rounds])):
        rate = count / statistics.median(usage.seconds for usage in usages)
        own, decoders = (
            statistics.median(getattr(usage, part) for usage in usages) / count * 1000 for part in ("own", "decoders")
        )
        print(f"{name:9} {rate:6.1f} passages a second; CPU {own:.1f} ms each, decoders {decoders:.1f} ms")
    print(f"{count} passages; ratio {ratio:.2f}, of processor time {cpu_ratio:.2f}")


if __name__ == "__main__":
    main()
