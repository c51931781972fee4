"""What the training reads: captioned photos and class names in six languages."""

import csv
from dataclasses import dataclass
from pathlib import Path

from search.errors import UsageError

FOLDER = Path(__file__).parent
CLASSES_FILE = FOLDER / "classes.tsv"
SENTENCES_FILE = FOLDER / "sentences.tsv"
LANGUAGES = ("zh", "es", "fr", "de", "ja")
PROMPTS = ("{}", "a photo of a {}.", "a picture of the {}")


@dataclass(frozen=True)
class Captioned:
    """Photos with five captions each."""

    photos: list[Path]
    captions: list[list[str]]


@dataclass(frozen=True)
class ClassNames:
    """One ImageNet class: names by language, the first the usual one, and broader English words."""

    wnid: str
    names: dict[str, list[str]]
    broader: list[str]


def read_captioned(folder: Path, split: str) -> Captioned:
    """Read `captions.tsv`, `SPLIT.txt` and `images/` of a folder. Raises UsageError when one is missing."""
    try:
        chosen = (folder / f"{split}.txt").read_text().split()
        lines = (folder / "captions.tsv").read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise UsageError(f"{error.filename} cannot be read: {error.strerror}") from error
    captions: dict[str, list[str]] = {}
    for line in lines:
        name, caption = line.split("\t", 1)
        captions.setdefault(name, []).append(caption)
    return Captioned([folder / "images" / name for name in chosen], [captions[name][:5] for name in chosen])


def read_classes() -> list[ClassNames]:
    """Read the 1000 classes in the order of the tower's logits."""
    with CLASSES_FILE.open(encoding="utf-8", newline="") as stream:
        return [
            ClassNames(
                row["wnid"],
                {language: row[language].split("|") for language in ("en", *LANGUAGES)},
                row["broader"].split("|"),
            )
            for row in csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)
        ]


def read_sentences(kind: str) -> dict[str, list[str]]:
    """Read sentences by language; `{}` stands for the name of a thing.

    kind: `scene` for those that describe what a photo may show, `other` for questions and statements.
    """
    sentences: dict[str, list[str]] = {}
    with SENTENCES_FILE.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE):
            if row["kind"] == kind:
                sentences.setdefault(row["language"], []).append(row["sentence"])
    return sentences


def read_check() -> dict[str, dict[str, str]]:
    """Read the independent check: everyday names of 100 classes in five languages, by wnid."""
    with (FOLDER / "check.tsv").open(encoding="utf-8", newline="") as stream:
        rows = csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)
        return {row["wnid"]: {language: row[language] for language in LANGUAGES} for row in rows}
