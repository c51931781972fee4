"""Create the folders and queries with which the figures in `docs/evaluation.md` are measured.

    python benchmarks/evaluation/build_library.py --photos DIR --flickr DIR --speech DIR --out DIR [--hay DIR]...

    OUT/library/      500 photos, the 1,000 Flickr8k dev photos, the recordings and the documents
    OUT/hay/          distractors: the Flickr8k training photos, and the folders of --hay
    OUT/queries/      images and recordings that are queries
    OUT/cases.jsonl   the queries of the `test` halves, with their answers
    OUT/names.json    the new name of every file of the library

File names are numbers, so that no retriever can find an answer by its name.
"""

import argparse
import json
import os
import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import texts
from PIL import Image, ImageOps

from training.compact.data import read_check

MAX_IMAGE_QUERIES = 60


class Folder:
    """Files under new names, as hard links if the file system allows it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._names: dict[Path, Path] = {}

    def add(self, paths: Iterable[Path], kind: str) -> None:
        """Add files under numbers, in an order that does not depend on what they show."""
        folder = self.root / kind
        folder.mkdir(parents=True, exist_ok=True)
        for number, path in enumerate(sorted(paths, key=lambda path: hash_name(path.name))):
            target = folder / f"{kind[0]}{number:05d}{path.suffix.lower()}"
            if not target.exists():
                try:
                    os.link(path, target)
                except OSError:
                    shutil.copyfile(path, target)
            self._names[path.resolve()] = target

    def describe(self) -> dict[str, str]:
        """Return the new path of every file by its old path."""
        return {str(old): str(new.absolute()) for old, new in self._names.items()}

    def get(self, path: Path) -> str:
        """Return the new path of a file, relative to the folder of the cases."""
        return str(self._names[path.resolve()].relative_to(self.root.parent))


def hash_name(name: str) -> str:
    """Return a hash of a name; sorting by it gives a fixed order that does not depend on the meaning of names."""
    import hashlib

    return hashlib.sha256(name.encode()).hexdigest()


def make_name_queries(library: Folder, photos: Path) -> list[dict[str, Any]]:
    """Return class names of the test half as queries, in English and in other languages."""
    available = {path.name.split("_")[0]: path for path in photos.iterdir()}
    classes = texts.split_classes(photos, "test")
    check = read_check()
    cases = [
        {"query": class_names.names["en"][0], "relevant": [library.get(available[class_names.wnid])], "kind": "names"}
        for class_names in classes
    ]
    for class_names in classes:
        cases += [
            {"query": name, "relevant": [library.get(available[class_names.wnid])], "kind": "names in other languages"}
            for name in check.get(class_names.wnid, {}).values()
        ]
    return cases


def make_image_queries(library: Folder, photos: Path, queries: Path) -> list[dict[str, Any]]:
    """Return mirrored and cropped photos as queries for the originals."""
    cases = []
    for photo in sorted(photos.iterdir(), key=lambda path: hash_name(path.name))[:MAX_IMAGE_QUERIES]:
        target = queries / f"p{len(cases):03d}.jpg"
        with Image.open(photo) as image:
            changed = ImageOps.mirror(ImageOps.crop(image.convert("RGB"), min(image.size) // 8))
            changed.save(target, quality=85)
        cases.append({"image": f"queries/{target.name}", "relevant": [library.get(photo)], "kind": "images"})
    return cases


def make_speech_queries(library: Folder, speech: Path) -> list[dict[str, Any]]:
    """Return cases for recorded prompts, typed and spoken; each is answered by its recording."""
    cases: list[dict[str, Any]] = []
    for number, (path, words) in enumerate(texts.read_prompts(speech, "test")):
        answer = [library.get(path)]
        voice = f"queries/s{number:03d}.wav"
        shutil.copyfile(path, library.root.parent / voice)
        cases.append({"query": words, "relevant": answer, "kind": "speech, typed"})
        cases.append({"voice": voice, "relevant": answer, "kind": "speech, spoken"})
    return cases


def read_text(path: Path) -> str:
    """Return the words of a text file in lower case, separated by one space."""
    body = path.read_text(encoding="utf-8", errors="replace")
    return re.sub(r"\W+", " ", re.sub(r"<[^>]*>", "", body)).lower()


def write(path: Path, cases: Iterable[dict[str, Any]]) -> None:
    """Write a file of cases."""
    path.write_text("".join(json.dumps(case, ensure_ascii=False) + "\n" for case in cases), encoding="utf-8")


def make_cases(library: Folder, queries: Path, options: argparse.Namespace) -> list[dict[str, Any]]:
    """Return all queries with their answers, and write the images and recordings that are queries.

    Args:
        library: The files of the library under their new names.
        queries: The folder for images and recordings.
        options: The folders of the original files.
    """
    cases = make_name_queries(library, options.photos)
    captions = texts.read_captions(options.flickr, "test")
    cases += [{"query": text, "relevant": [library.get(path)], "kind": "captions"} for path, text in captions]
    cases += make_image_queries(library, options.photos, queries)
    cases += make_speech_queries(library, options.speech)
    for line in texts.read_document_queries("test"):
        answers = [library.get(texts.FOLDER / str(path)) for path in line["relevant"]]  # type: ignore[attr-defined]
        cases.append({"query": line["query"], "relevant": answers, "kind": f"documents, {line['style']}"})
    # A distractor may contain the words of a concept that no file of the library is about.
    distractor_text = " ".join(
        read_text(path) for folder in options.hay for path in folder.rglob("*") if path.is_file()
    )
    for text in texts.read_absent("test"):
        kind = "absent, but named in the hay" if text.lower() in distractor_text else "absent"
        cases.append({"query": text, "relevant": [], "kind": kind})
    cases += [{"query": text, "relevant": [], "kind": "absent, described"} for text in texts.describe_absent("test")]
    cases += [{"query": text, "relevant": [], "kind": "nonsense"} for text in texts.make_nonsense("test")]
    return cases


def main() -> None:
    """Create the folders and write the cases."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("photos", "flickr", "speech", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--hay", type=Path, action="append", default=[])
    options = parser.parse_args()
    library, queries = Folder(options.out / "library"), options.out / "queries"
    queries.mkdir(parents=True, exist_ok=True)
    library.add(options.photos.iterdir(), "pictures")
    dev = [options.flickr / "images" / name for name in (options.flickr / "dev.txt").read_text().split()]
    library.add(dev, "snapshots")
    library.add(options.speech.glob("*.wav"), "audio")
    library.add((texts.FOLDER / "documents").iterdir(), "documents")
    distractors = Folder(options.out / "hay")
    train = (options.flickr / "train.txt").read_text().split()
    distractors.add((options.flickr / "images" / name for name in train), "hay")
    for number, folder in enumerate(options.hay):
        distractors.add((path for path in folder.rglob("*") if path.is_file()), f"more{number}")
    (options.out / "names.json").write_text(json.dumps(library.describe(), indent=0), encoding="utf-8")
    cases = make_cases(library, queries, options)
    write(options.out / "cases.jsonl", cases)
    print(f"{len(cases)} queries in {options.out / 'cases.jsonl'}")


if __name__ == "__main__":
    main()
