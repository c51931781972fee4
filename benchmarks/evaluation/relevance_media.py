"""The media folders of the relevance evaluation, as links to the original files.

    OUT/media/judged/core    photos of the judged half of `dev.txt`, in libraries of every size
    OUT/media/judged/more    the others of that half
    OUT/media/judged/photos  photos of the judged classes
    OUT/media/judged/texts   documents, recordings and films
    OUT/media/fit/...        the same of the other halves, to fit on; not judged
    OUT/media/fit/few        some photos to fit on that are in the smallest library
    OUT/media/train/...      photos on which `compact` was trained; never judged

Names that describe what a file shows are replaced, so that no retriever can find an answer by its name.
"""

import json
import os
import random
import shutil
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path

import texts
from build_library import hash_name
from everyday import choose_core, read_captions, read_concepts, split_photos

from search.encoders.class_names import ClassNames

CORE, MORE, FEW, PHOTOS, TEXTS = "core", "more", "few", "photos", "texts"
DOCUMENTS, AUDIO, FILM = "texts/documents", "texts/audio", "texts/film"
ROOTS = {"judge": "judged", "fit": "fit"}
# The number of photos to fit on in the smallest library.
FEW_PHOTOS = 30
# The number of training photos in the library of 3,000: all of `dev.txt` among 2,000 others.
TRAINING_PHOTOS = 2_000


def read_films() -> list[dict[str, str]]:
    """Return the queries for films."""
    lines = (texts.FOLDER / "films.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


class Media:
    """The folders below OUT/media, and the original files."""

    def __init__(self, out: Path, photos: Path, flickr: Path, speech: Path, films: Path | None = None) -> None:
        self.out, self.photos, self.flickr, self.speech, self.films = (
            out.absolute(),
            photos.absolute(),
            flickr.absolute(),
            speech.absolute(),
            films.absolute() if films else None,
        )
        self.root = self.out / "media"
        self.queries = self.out / "queries"
        self._numbered: dict[str, dict[str, str]] = {}

    @cached_property
    def _cores(self) -> dict[str, list[str]]:
        captions = read_captions(self.flickr)
        return {split: choose_core(split_photos(self.flickr, split), captions, read_concepts(split)) for split in ROOTS}

    def names(self, split: str, part: str) -> list[str]:
        """Return the names of the captioned photos of one part."""
        core = self._cores[split]
        if part == CORE:
            return core
        others = [name for name in split_photos(self.flickr, split) if name not in set(core)]
        few = FEW_PHOTOS if split == "fit" else 0
        return others[:few] if part == FEW else others[few:]

    def classes(self, split: str) -> list[ClassNames]:
        """Return the classes of one split that have a photo."""
        return texts.split_classes(self.photos, "test" if split == "judge" else "fit")

    def all_classes(self) -> list[ClassNames]:
        """Return all classes that have a photo."""
        return self.classes("judge") + self.classes("fit")

    def folder(self, split: str, part: str) -> str:
        """Return a folder, relative to the folder of the cases."""
        return f"media/{ROOTS[split]}/{part}"

    def path(self, split: str, part: str, name: str) -> str:
        """Return the path of a photo, relative to the folder of the cases."""
        return f"{self.folder(split, part)}/{name}"

    def text_folder(self, part: str) -> str:
        """Return a folder of documents, recordings or films, relative to the folder of the cases."""
        return f"media/judged/{part}"

    def text_path(self, part: str, name: str) -> str:
        """Return the path of a document, recording or film, relative to the folder of the cases."""
        return f"{self.text_folder(part)}/{self._number(part)[name]}"

    def has_text(self, part: str, name: str) -> bool:
        """Return whether a document, recording or film with this original name exists."""
        return name in self._number(part)

    def _number(self, part: str) -> dict[str, str]:
        """Return the new names of the files of a part, by their original names."""
        if part not in self._numbered:
            files = sorted(self._list_texts(part), key=lambda path: hash_name(path.name))
            self._numbered[part] = {path.name: f"{number:03d}{path.suffix}" for number, path in enumerate(files)}
        return self._numbered[part]

    def _list_texts(self, part: str) -> Sequence[Path]:
        if part == DOCUMENTS:
            return list((texts.FOLDER / "documents").iterdir())
        if part == AUDIO:
            return list(self.speech.glob("*.wav"))
        named = {film["film"] for film in read_films()}
        return [path for path in self.films.iterdir() if path.name in named] if self.films else []

    def link_all(self) -> None:
        """Create all folders."""
        self.queries.mkdir(parents=True, exist_ok=True)
        images = self.flickr / "images"
        for split, root in ROOTS.items():
            for part in (CORE, MORE, FEW):
                self._link(f"{root}/{part}", ((images / name, name) for name in self.names(split, part)))
            wnids = {class_names.wnid for class_names in self.classes(split)}
            files = [(path, path.name.split("_")[0]) for path in self.photos.iterdir()]
            self._link(f"{root}/{PHOTOS}", ((path, f"{wnid}.jpg") for path, wnid in files if wnid in wnids))
        train = (self.flickr / "train.txt").read_text(encoding="utf-8").split()
        random.Random(12).shuffle(train)
        self._link("train/some", ((images / name, name) for name in train[:TRAINING_PHOTOS]))
        self._link("train/rest", ((images / name, name) for name in train[TRAINING_PHOTOS:]))
        for part in (DOCUMENTS, AUDIO, FILM):
            names = self._number(part)
            self._link(f"judged/{part}", ((path, names[path.name]) for path in self._list_texts(part)))

    def _link(self, folder: str, files: Iterable[tuple[Path, str]]) -> None:
        target = self.root / folder
        target.mkdir(parents=True, exist_ok=True)
        for source, name in files:
            try:
                os.link(source, target / name)
            except FileExistsError:
                continue
            except OSError:
                shutil.copyfile(source, target / name)
