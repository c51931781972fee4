"""Names of the 1,000 ImageNet classes in six languages."""

import csv
from dataclasses import dataclass
from pathlib import Path

CLASSES_FILE = Path(__file__).parent / "classes.tsv"
# The languages next to English, ISO 639-1.
LANGUAGES = ("zh", "es", "fr", "de", "ja")


@dataclass(frozen=True)
class ClassNames:
    """One ImageNet class.

    Attributes:
        wnid: The WordNet id, such as `n02088364`.
        names: The names by language, the most common name first.
        broader: English hypernyms, such as "dog" for "beagle"; the narrowest first.
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
