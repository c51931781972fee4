"""Names of the 1,000 ImageNet classes in six languages."""

import csv
from dataclasses import dataclass
from pathlib import Path

CLASSES_FILE = Path(__file__).parent / "classes.tsv"
LANGUAGES = ("zh", "es", "fr", "de", "ja")


@dataclass(frozen=True)
class ClassNames:
    """One ImageNet class.

    Attributes:
        wnid: The WordNet id.
        names: Names by language, the most common first.
        broader: Broader English words.
    """

    wnid: str
    names: dict[str, list[str]]
    broader: list[str]


def read_classes() -> list[ClassNames]:
    """Read the 1,000 classes in the order of the logits of the image encoder."""
    with CLASSES_FILE.open(encoding="utf-8", newline="") as stream:
        return [
            ClassNames(
                row["wnid"],
                {language: row[language].split("|") for language in ("en", *LANGUAGES)},
                row["broader"].split("|"),
            )
            for row in csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)
        ]
