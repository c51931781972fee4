"""Fits the two constants of each lane's curve from similarity to probability of relevance.

    python benchmarks/calibration.py --home HOME --photos DIR --speech DIR

Picture lane: a class name and its own photo are relevant; the nearest photo to a name of a class that the
library lacks, or to a nonsense string, is not. Pictures as queries: a mirrored, cropped copy of a photo is
relevant to it; the nearest other photo is not. Meaning lane: the second half of a spoken prompt and its own
recording are relevant; the nearest recording to a photo's class name is not. Prints the constants for
`search/ranking/calibration.py`, and which share falls on which side of the cut.
"""

import argparse
from pathlib import Path

import numpy as np
from first_light import make_nonsense
from PIL import ImageOps

from search.library import Library, open_library
from search.media.picture import Picture, open_picture
from search.models.compact.training.data import read_classes
from search.ranking.calibration import PICTURE_CURVE, TEXT_CURVES, Curve, measure_background
from search.records import Lane, Vectors
from search.settings import read_settings


class Shelf:
    """The vectors of one space in memory, with the file each belongs to."""

    def __init__(self, library: Library, lane: Lane) -> None:
        space = library.spaces[lane]
        self.snapshot = space.refresh(library.catalogue.read_revision())
        ids = np.array(sorted(space.read_live_ids()), np.int64)
        self.rows = space.read_vectors(ids)
        owners = space.read_segments(ids)
        items = library.catalogue.read_items({item for _, item in owners.values()})
        self.names = np.array([Path(items[owners[one][1]].path).name for one in ids.tolist()])

    def measure(self, vector: Vectors, curve: Curve, own: str | None) -> float:
        """Give the standard score of a file's best segment, or of the best of all others when own is None."""
        background = measure_background(vector, self.snapshot.sample, curve)
        scores = self.rows @ vector
        chosen = scores if own is None else scores[self.names == own]
        return float((chosen.max() - background.median) / background.deviation) if len(chosen) else float("nan")

    def measure_others(self, vector: Vectors, curve: Curve, own: str) -> float:
        """Give the standard score of the best segment of any other file."""
        background = measure_background(vector, self.snapshot.sample, curve)
        return float(((self.rows @ vector)[self.names != own].max() - background.median) / background.deviation)


def fit(name: str, positive: list[float], negative: list[float]) -> None:
    """Fit and print a logistic curve, positives and negatives weighing the same."""
    yes = np.array([one for one in positive if np.isfinite(one)])
    no = np.array([one for one in negative if np.isfinite(one)])
    z = np.concatenate([yes, no])
    label = np.concatenate([np.ones(len(yes)), np.zeros(len(no))])
    weight = np.concatenate([np.full(len(yes), 0.5 / len(yes)), np.full(len(no), 0.5 / len(no))])
    slope, middle = 1.0, float(np.median(z))
    for _ in range(20_000):
        p = 1 / (1 + np.exp(-slope * (z - middle)))
        gradient = weight * (p - label)
        slope, middle = slope - 0.5 * (gradient * (z - middle)).sum(), middle + 0.5 * (gradient * slope).sum()
    print(
        f"{name:22} slope={slope:.2f}, middle={middle:.2f}; relevant kept {(yes > middle).mean():.1%} of {len(yes)}, "
        f"irrelevant shown {(no > middle).mean():.1%} of {len(no)}; "
        f"percentiles {np.percentile(yes, [3, 10, 50]).round(2)} against {np.percentile(no, [50, 90, 97]).round(2)}"
    )


def _cut_middle(picture: Picture) -> Picture:
    return ImageOps.crop(picture, min(picture.size) // 10)


def main() -> None:
    """Fit all curves."""
    parser = argparse.ArgumentParser()
    for name in ("home", "photos", "speech"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    options = parser.parse_args()
    library = open_library(read_settings(home=options.home))
    pictures, passages = Shelf(library, Lane.PICTURE), Shelf(library, Lane.MEANING)
    photos = {path.name.split("_")[0]: path for path in sorted(options.photos.iterdir())}
    classes = read_classes()
    encode = library.models.picture.encode_texts
    curve = TEXT_CURVES[Lane.PICTURE]
    for title, phrase in (("picture, English", "en"), ("picture, Chinese", "zh"), ("picture, German", "de")):
        present = [
            pictures.measure(encode([one.names[phrase][0]])[0], curve, photos[one.wnid].name)
            for one in classes
            if one.wnid in photos
        ]
        absent = [
            pictures.measure(encode([one.names[phrase][0]])[0], curve, None)
            for one in classes
            if one.wnid not in photos
        ]
        nonsense = [pictures.measure(encode([text])[0], curve, None) for text in make_nonsense(100)]
        fit(title, present, absent)
        fit(f"{title}, nonsense", present, nonsense)
    fit("picture by picture", *measure_copies(library, pictures, list(photos.values())[:200]))
    ask = library.models.meaning.encode_queries
    curve = TEXT_CURVES[Lane.MEANING]
    prompts = [line.split("\t") for line in (options.speech / "transcripts.tsv").read_text().splitlines()]
    halves = [(name, " ".join(words.split()[len(words.split()) // 2 :])) for name, _, words in prompts]
    halves = [(name, half) for name, half in halves if len(half.split()) >= 3]
    own = [passages.measure(ask([half])[0], curve, name) for name, half in halves]
    other = [passages.measure(ask([one.names["en"][0]])[0], curve, None) for one in classes[::5]]
    fit("meaning", own, other)
    fit("meaning, nonsense", own, [passages.measure(ask([text])[0], curve, None) for text in make_nonsense(100)])


def measure_copies(library: Library, shelf: Shelf, photos: list[Path]) -> tuple[list[float], list[float]]:
    """Give the scores of photos against their own mirrored middle, and of the nearest others."""
    encoder = library.models.picture
    positive, negative = [], []
    for path in photos:
        picture = ImageOps.mirror(_cut_middle(open_picture(path)[0]))
        vector = encoder.encode_pictures([encoder.prepare(picture)])[0]
        positive.append(shelf.measure(vector, PICTURE_CURVE, path.name))
        negative.append(shelf.measure_others(vector, PICTURE_CURVE, path.name))
    return positive, negative


if __name__ == "__main__":
    main()
