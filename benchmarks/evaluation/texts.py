"""Texts of queries, split into a half to fit on and a half to measure on."""

import csv
import json
import random
import string
from pathlib import Path

from search.encoders.class_names import ClassNames, read_classes

FOLDER = Path(__file__).parent
SCENES = (
    "a person looks at {}",
    "two people stand next to {}",
    "{} in front of a white wall",
    "close view of {} at night",
)


def split_classes(photos: Path, split: str) -> list[ClassNames]:
    """Return the classes that have a photo: 400 to fit on, the other 100 to measure on."""
    available = {path.name.split("_")[0] for path in photos.iterdir()}
    classes = [class_names for class_names in read_classes() if class_names.wnid in available]
    random.Random(7).shuffle(classes)
    return classes[:100] if split == "test" else classes[100:]


def read_absent(split: str) -> list[str]:
    """Return concepts that are in no photo, recording or document."""
    with (FOLDER / "absent.tsv").open(encoding="utf-8", newline="") as stream:
        return [row["concept"] for row in csv.DictReader(stream, delimiter="\t") if row["split"] == split]


def make_nonsense(split: str, words: int = 2) -> list[str]:
    """Return 100 strings of random letters."""
    rng = random.Random(f"{split}{words}")
    return [
        " ".join("".join(rng.choices(string.ascii_lowercase, k=rng.randint(4, 9))) for _ in range(words))
        for _ in range(100)
    ]


def make_mash(split: str) -> list[str]:
    """Return 30 strings like keyboard mash: neighboring keys of one row, repeated."""
    rng = random.Random(f"mash {split}")
    rows = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
    strings = []
    for _ in range(30):
        runs = []
        for _ in range(rng.randint(2, 4)):
            row = rng.choice(rows)
            start = rng.randrange(len(row) - 3)
            run = row[start : start + rng.randint(3, 5)]
            runs.append(run[::-1] if rng.random() < 0.3 else run)
        strings.append("".join(runs) if rng.random() < 0.6 else " ".join(runs))
    return strings


def make_syllables(split: str) -> list[str]:
    """Return 30 pronounceable strings without meaning: random syllables."""
    rng = random.Random(f"syllables {split}")
    starts = [
        "b",
        "d",
        "f",
        "g",
        "k",
        "l",
        "m",
        "n",
        "p",
        "r",
        "s",
        "t",
        "v",
        "z",
        "bl",
        "dr",
        "fl",
        "kr",
        "pl",
        "st",
        "tr",
    ]
    middles, ends = "aeiou", ["", "", "l", "n", "rk", "x"]
    strings = []
    for _ in range(30):
        words = []
        for _ in range(rng.randint(1, 3)):
            parts = [rng.choice(starts) + rng.choice(middles) for _ in range(rng.randint(2, 4))]
            words.append("".join(parts) + rng.choice(ends))
        strings.append(" ".join(words))
    return strings


def describe_absent(split: str) -> list[str]:
    """Return a sentence about each absent concept."""
    return [SCENES[position % len(SCENES)].format(concept) for position, concept in enumerate(read_absent(split))]


def read_document_queries(split: str) -> list[dict[str, object]]:
    """Return the queries over `documents/`."""
    lines = (FOLDER / "documents.jsonl").read_text(encoding="utf-8").splitlines()
    return [query for line in lines if (query := json.loads(line))["split"] == split]


def read_prompts(speech: Path, split: str) -> list[tuple[Path, str]]:
    """Return recordings with their words; every other one is to measure on."""
    rows = [line.split("\t") for line in (speech / "transcripts.tsv").read_text(encoding="utf-8").splitlines()]
    available = [(speech / row[0], row[2]) for row in rows if (speech / row[0]).exists()]
    return available[0::2] if split == "fit" else available[1::2]


def read_captions(flickr: Path, split: str) -> list[tuple[Path, str]]:
    """Return one caption of each photo of `dev.txt`; every other photo is to measure on."""
    chosen = (flickr / "dev.txt").read_text(encoding="utf-8").split()
    captions = _read_all_captions(flickr)
    numbered = list(enumerate(chosen))[0 if split == "fit" else 1 :: 2]
    return [(flickr / "images" / name, captions[name][number % 5]) for number, name in numbered]


def _read_all_captions(flickr: Path) -> dict[str, list[str]]:
    captions: dict[str, list[str]] = {}
    for line in (flickr / "captions.tsv").read_text(encoding="utf-8").splitlines():
        name, caption = line.split("\t", 1)
        captions.setdefault(name, []).append(caption)
    return captions
