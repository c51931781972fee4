"""Photos with five captions each, by which the benchmarks judge results."""

import argparse
import json
import re
from pathlib import Path

from search.engine import Engine
from search.open_home import open_home
from search.records import Filters
from search.settings import read_settings

PHOTOS = Filters(path="snapshots")


def open_captioned(description: str) -> tuple[Engine, dict[str, list[str]]]:
    """Parse the command line; return the engine of the home, and the captions of each photo in it by path."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("home", "out", "flickr"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    options = parser.parse_args()
    return Engine(open_home(read_settings(home=options.home))), read_captions(options.out, options.flickr)


def read_captions(out: Path, flickr: Path) -> dict[str, list[str]]:
    """Return the five captions of every photo by its path in the library."""
    renamed = json.loads((out / "names.json").read_text(encoding="utf-8"))
    captions: dict[str, list[str]] = {}
    for line in (flickr / "captions.tsv").read_text(encoding="utf-8").splitlines():
        name, caption = line.split("\t", 1)
        path = renamed.get(str((flickr / "images" / name).resolve()))
        if path:
            captions.setdefault(path, []).append(caption)
    return captions


def mention(captions: list[str], pattern: str) -> bool:
    """Return whether at least two captions match a pattern of words; a single caption may be wrong."""
    return sum(bool(re.search(rf"\b({pattern})\b", caption.lower())) for caption in captions) >= 2
