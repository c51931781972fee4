"""Read the data of the training: captioned photos, sentences, and class names for measurement."""

import csv
from dataclasses import dataclass
from pathlib import Path

from search.encoders.class_names import LANGUAGES
from search.errors import UsageError

FOLDER = Path(__file__).parent
SENTENCES_FILE = FOLDER / "sentences.tsv"
# The phrasings of English class names.
PROMPTS = ("{}", "a photo of a {}.", "a picture of the {}")


@dataclass(frozen=True)
class CaptionedPhotos:
    """Photos with five captions each.

    Attributes:
        photos: The files.
        captions: The captions of each photo, in the order of `photos`.
    """

    photos: list[Path]
    captions: list[list[str]]


def read_captioned(folder: Path, split: str) -> CaptionedPhotos:
    """Read the captioned photos of a split.

    Args:
        folder: A folder with `captions.tsv` (file name, tab, caption), `SPLIT.txt` (file names) and `images/`.
        split: `train` or `dev`.

    Raises:
        UsageError: A file is missing.
    """
    try:
        chosen = (folder / f"{split}.txt").read_text().split()
        lines = (folder / "captions.tsv").read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise UsageError(f"Cannot read {error.filename}: {error.strerror}.") from error
    captions: dict[str, list[str]] = {}
    for line in lines:
        name, caption = line.split("\t", 1)
        captions.setdefault(name, []).append(caption)
    return CaptionedPhotos([folder / "images" / name for name in chosen], [captions[name][:5] for name in chosen])


def read_sentences(kind: str) -> dict[str, list[str]]:
    """Read sentence templates by language; `{}` is a placeholder for the name of an object.

    Args:
        kind: `scene` for descriptions of what a photo may show, `other` for questions and statements.
    """
    sentences: dict[str, list[str]] = {}
    with SENTENCES_FILE.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE):
            if row["kind"] == kind:
                sentences.setdefault(row["language"], []).append(row["sentence"])
    return sentences


def read_check() -> dict[str, dict[str, str]]:
    """Read the independent names for measurement: everyday names of 100 classes, by wnid and language."""
    with (FOLDER / "check.tsv").open(encoding="utf-8", newline="") as stream:
        rows = csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)
        return {row["wnid"]: {language: row[language] for language in LANGUAGES} for row in rows}
