"""The source data: photos with captions, photos named by their class, and recordings with transcripts."""

import random
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from benchmarks.evaluation.everyday import Concept, read_captions, split_photos

FOLDER = Path(__file__).parent
SEED = 21
ANYTHING = "any"


def read_data(name: str) -> dict[str, Any]:
    """Read one of the data files of this package."""
    return tomllib.loads((FOLDER / name).read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Photo:
    """A photo of the source data.

    Attributes:
        path: The file.
        shows: The grade by concept: 2 if the photo shows it, 1 if perhaps.
    """

    path: Path
    shows: Mapping[str, int]

    def open(self, side: int) -> Image.Image:
        """Return its pixels, enlarged or reduced so that its longer side has a number of pixels."""
        image = Image.open(self.path).convert("RGB")
        factor = side / max(image.size)
        return image.resize((round(image.width * factor), round(image.height * factor)), Image.Resampling.LANCZOS)


class Photos:
    """The photos of both collections, each of which is taken once.

    Only photos on which neither a bundled model was trained nor its calibration fitted are used from Flickr8k.

    Args:
        flickr: A folder with `captions.tsv`, `dev.txt` and `images`.
        classes: A folder of photos named `wnid_class_name.jpg`.
        seed: The order in which photos are taken.
    """

    def __init__(self, flickr: Path, classes: Path, seed: int = SEED) -> None:
        self._table: dict[str, dict[str, Any]] = read_data("concepts.toml")
        captions, names = read_captions(flickr), split_photos(flickr, "judge")
        random.Random(seed).shuffle(names)
        self._captioned = [Photo(flickr / "images" / name, self._grade(captions[name])) for name in names]
        self._by_class = {path.stem.split("_", 1)[1]: path for path in sorted(classes.glob("n*_*.jpg"))}
        self._taken: set[Path] = set()

    def take(self, what: str) -> Photo:
        """Return the next photo of one or several concepts (`dog+snow`), or of none that is named in `RARE`.

        Raises:
            LookupError: None is left.
        """
        photo = next((photo for photo in self._list(what) if photo.path not in self._taken), None)
        if photo is None:
            raise LookupError(f"No photo of {what!r} is left. Use the whole of Flickr8k.")
        self._taken.add(photo.path)
        return photo

    def _list(self, what: str) -> list[Photo]:
        if what == ANYTHING:
            return [photo for photo in self._captioned if not RARE & set(photo.shows)]
        return [photo for photo in self._captioned if all(photo.shows.get(concept) == 2 for concept in what.split("+"))]

    def take_class(self, name: str) -> Photo:
        """Return the photo of a class.

        Raises:
            LookupError: There is none.
        """
        if name not in self._by_class:
            raise LookupError(f"There is no photo of the class {name!r}.")
        path = self._by_class[name]
        return Photo(path, self._grade_class(path))

    def take_all(self, wanted: Sequence[Mapping[str, int]]) -> list[list[Photo]]:
        """Return photos for several series, of each the number of photos by concept; the rarest are taken first."""
        chosen: list[list[Photo]] = [[] for _ in wanted]
        requests = [(what, index, count) for index, counts in enumerate(wanted) for what, count in counts.items()]
        requests.sort(key=lambda request: (request[0] == ANYTHING, len(self._list(request[0]))))
        for what, index, count in requests:
            chosen[index] += [self.take(what) for _ in range(count)]
        return chosen

    def _grade(self, captions: Sequence[str]) -> dict[str, int]:
        grades = {
            name: Concept(name, re.compile(entry["captions"])).grade(captions) for name, entry in self._table.items()
        }
        return {name: grade for name, grade in grades.items() if grade}

    def _grade_class(self, path: Path) -> dict[str, int]:
        wnid, name = path.stem.split("_", 1)
        grades = {}
        for concept, entry in self._table.items():
            first, last = entry.get("wnids", ("~", "~"))
            if name in entry.get("classes", ()) or first <= wnid <= last:
                grades[concept] = 2
            elif {name, "*"} & set(entry.get("unsure", ())):
                grades[concept] = 1
        return grades


# Photos of "anything" show none of these, not even perhaps, so that the number of right answers stays as planned.
RARE = {
    "dog", "snow", "beach", "sea", "bicycle", "skateboard", "snowboard", "ski", "pool", "climb", "football", "boat",
    "horse", "basketball", "guitar",
}  # fmt: skip


@dataclass(frozen=True)
class Prompt:
    """A recorded sentence.

    Attributes:
        path: The WAV file.
        seconds: Its duration.
        text: What is said in it.
    """

    path: Path
    seconds: float
    text: str


def read_prompts(speech: Path) -> dict[str, Prompt]:
    """Return the recordings of a folder with `transcripts.tsv`, by name without the ending."""
    rows = [line.split("\t") for line in (speech / "transcripts.tsv").read_text(encoding="utf-8").splitlines()]
    return {Path(name).stem: Prompt(speech / name, float(seconds), text) for name, seconds, text in rows}
