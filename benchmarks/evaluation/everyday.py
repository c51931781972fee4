"""Everyday concepts, and which photos show them according to five captions each.

The concepts in `concepts.tsv` come in two disjoint sets: `fit` to fit a calibration on, and `judge` to measure it with.
A photo shows a concept strongly if at least three of its five captions mention it, and weakly if any does.
"""

import csv
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
STRONG_MENTIONS = 3
# Concepts with fewer strong photos are left out.
MIN_STRONG = {"judge": 3, "fit": 1}
# The number of strong photos of each concept in the judged core, if there are enough.
CORE_PER_CONCEPT = 8
CORE_PHOTOS = 170

Captions = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Concept:
    """Something that many photos show.

    Attributes:
        text: The query.
        pattern: The words by which captions mention it.
    """

    text: str
    pattern: re.Pattern[str]

    def grade(self, captions: Sequence[str]) -> int:
        """Return 2 if a photo shows it strongly, 1 if weakly, 0 if not at all."""
        mentions = sum(bool(self.pattern.search(caption)) for caption in captions)
        return 2 if mentions >= STRONG_MENTIONS else int(mentions > 0)

    def grade_photos(self, photos: Sequence[str], captions: Captions) -> dict[str, int]:
        """Return the grade of each photo that shows the concept, by file name."""
        grades = {name: self.grade(captions[name]) for name in photos}
        return {name: grade for name, grade in grades.items() if grade}


def read_concepts(split: str) -> list[Concept]:
    """Read one set of concepts, `fit` or `judge`."""
    with (FOLDER / "concepts.tsv").open(encoding="utf-8", newline="") as stream:
        rows = csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [Concept(row["query"], re.compile(row["pattern"])) for row in rows if row["set"] == split]


def read_captions(flickr: Path) -> dict[str, list[str]]:
    """Read the captions of every photo, in lower case, by file name."""
    captions: dict[str, list[str]] = {}
    for line in (flickr / "captions.tsv").read_text(encoding="utf-8").splitlines():
        name, caption = line.split("\t", 1)
        captions.setdefault(name, []).append(caption.lower())
    return captions


def split_photos(flickr: Path, split: str) -> list[str]:
    """Return one half of `dev.txt`: every second line, from the first for `fit`, from the second for `judge`."""
    names = (flickr / "dev.txt").read_text(encoding="utf-8").split()
    return names[0 if split == "fit" else 1 :: 2]


def choose_core(photos: Sequence[str], captions: Captions, concepts: Sequence[Concept]) -> list[str]:
    """Return the photos that are judged in libraries of every size, with some strong photos of each concept.

    The smallest library has only a few hundred photos; half of `dev.txt` is too large for it.
    """
    shuffled = list(photos)
    random.Random(11).shuffle(shuffled)
    chosen: dict[str, None] = {}
    rarest_first = sorted(concepts, key=lambda concept: sum(concept.grade(captions[name]) == 2 for name in shuffled))
    for concept in rarest_first:
        strong = [name for name in shuffled if concept.grade(captions[name]) == 2]
        count = sum(name in chosen for name in strong)
        missing = [name for name in strong if name not in chosen]
        chosen |= dict.fromkeys(missing[: max(0, CORE_PER_CONCEPT - count)])
    chosen |= dict.fromkeys([name for name in shuffled if name not in chosen][: max(0, CORE_PHOTOS - len(chosen))])
    return list(chosen)[:CORE_PHOTOS]
