"""Build a library like a person's, search it as a person does, and print how many searches found what was wanted.

    python -m benchmarks.review build OUT --photos DIR --flickr DIR --speech DIR
    python -m benchmarks.review run OUT [--home HOME] [--queries held_out]

`build` writes OUT/media, OUT/queries and OUT/library.json (see `library.py` for what it needs). `run` indexes OUT/media
into a temporary home, or into HOME if that is empty, and asks the queries of `queries.toml` or `held_out.toml`. Some
dates are relative to the day of the build, so run it on the same day.
"""

import argparse
import json
import sys
import tempfile
from dataclasses import asdict
from datetime import date
from pathlib import Path

from benchmarks.review.fonts import DEFAULT_FOLDER, MissingFontError
from benchmarks.review.library import Builder, Sources
from benchmarks.review.manifest import Manifest
from benchmarks.review.rules import SETS
from benchmarks.review.run import ask_all, index
from benchmarks.review.table import make_failures, make_table


def main() -> None:
    """Build the library, or run the queries."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    build = commands.add_parser("build", help="write the library")
    build.add_argument("out", type=Path)
    build.add_argument("--photos", type=Path, required=True, help="photos named wnid_class_name.jpg")
    build.add_argument("--flickr", type=Path, required=True, help="Flickr8k: images, captions.tsv, dev.txt")
    build.add_argument("--speech", type=Path, required=True, help="WAV files and transcripts.tsv")
    build.add_argument("--documents", type=Path, help="more documents, which no query is about")
    build.add_argument("--fonts", type=Path, default=DEFAULT_FOLDER)
    build.add_argument("--today", type=date.fromisoformat, default=date.today(), help="the day dates are relative to")
    run = commands.add_parser("run", help="index the library and ask the queries")
    run.add_argument("out", type=Path)
    run.add_argument("--home", type=Path, help="keep the home here; if it exists, the library is not indexed again")
    run.add_argument("--queries", choices=SETS, default=SETS[0], help="the set of queries")
    options = parser.parse_args()
    if options.command == "build":
        _build(options)
    elif options.home:
        _run(options.out.resolve(), options.home, options.queries)
    else:
        with tempfile.TemporaryDirectory() as home:
            _run(options.out.resolve(), Path(home) / "home", options.queries)


def _build(options: argparse.Namespace) -> None:
    sources = Sources(options.photos, options.flickr, options.speech, options.documents, options.fonts)
    try:
        manifest = Builder(options.out, sources, options.today).build()
    except MissingFontError as error:
        sys.exit(str(error))
    print(f"{len(manifest.entries)} files in {options.out}")


def _run(root: Path, home: Path, queries: str) -> None:
    built = Manifest.read(root).today
    if built != date.today():
        print(f"The library was built for {built}: searches such as 'last weekend' will not find it.", file=sys.stderr)
    if not home.exists():
        index(root, home)
    outcomes = ask_all(root, home, queries)
    document = [asdict(outcome) for outcome in outcomes]
    (root / "outcomes.json").write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(f"\n{make_table(outcomes)}\n\n{make_failures(outcomes)}")


if __name__ == "__main__":
    main()
