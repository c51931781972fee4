"""The features of every view of every photo, computed once by the backbone and stored in files."""

import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageEnhance

from search.media.image.pillow import PilImage, crop_square, cut_views, open_image
from search.records import Ids, Pixels
from training.compact.network import SIDE, ZOOM

# The random seeds of the crop views; views with odd seeds are also recolored.
CROPS = (0, 1, 3, 4, 5)
BATCH = 64
# Returns a view of an image, shape (260, 260, 3), uint8. The number of the photo is a random seed.
View = Callable[[PilImage, int], Pixels]


@dataclass(frozen=True)
class Features:
    """The outputs of the backbone, float16.

    Attributes:
        pooled: The pooled features, shape (n, 1280).
        logits: The ImageNet logits, shape (n, 1000).
        middle: The pooled features of intermediate stages, shape (n, 536).
    """

    pooled: Any
    logits: Any
    middle: Any

    def select(self, rows: Ids) -> "Features":
        """Return the features of the photos with the indexes `rows`."""
        return Features(self.pooled[rows], self.logits[rows], self.middle[rows])


def list_views() -> dict[str, View]:
    """Return the views for the training: random crops (some recolored), the mirrored center, and the two test views."""
    views = {f"crop{number}": _make_crop_view(number) for number in CROPS}
    views["mirrored"] = lambda image, _number: crop_square(image.transpose(Image.Transpose.FLIP_LEFT_RIGHT), SIDE)
    return views | {f"view{number}": _make_test_view(number) for number in range(2)}


def read_test_features(session: Any, name: str, photos: Sequence[Path], cache: Path) -> list[Features]:
    """Compute or read the features of the two views that are averaged outside of the training.

    Args:
        session: The ONNX session of the backbone.
        name: The prefix of the cache files.
        photos: The photos.
        cache: The folder of the cache files.
    """
    views = [_make_test_view(number) for number in range(2)]
    return [read_features(session, f"{name}-view{at}", photos, view, cache) for at, view in enumerate(views)]


def read_features(session: Any, name: str, photos: Sequence[Path], view: View, cache: Path) -> Features:
    """Compute the features of a view of all photos, or read them from the cache of an earlier run.

    Args:
        session: The ONNX session of the backbone.
        name: The name of the cache file.
        photos: The photos.
        view: The view.
        cache: The folder of the cache file.
    """
    path = cache / f"{name}.npz"
    if not path.exists():
        parts = list(_compute(session, photos, view))
        arrays = [np.concatenate(part).astype(np.float16) for part in zip(*parts, strict=True)]
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, pooled=arrays[0], logits=arrays[1], middle=arrays[2])
    with np.load(path) as stored:
        return Features(stored["pooled"], stored["logits"], stored["middle"])


def _compute(session: Any, photos: Sequence[Path], view: View) -> Any:
    def load(number: int) -> Pixels:
        return view(open_image(photos[number])[0], number)

    with ThreadPoolExecutor(2) as pool:
        for start in range(0, len(photos), BATCH):
            numbers = range(start, min(len(photos), start + BATCH))
            yield session.run(None, {"pixels": np.stack(list(pool.map(load, numbers)))})


def _make_test_view(number: int) -> View:
    return lambda image, _number: cut_views(image, SIDE, ZOOM)[number]


def _make_crop_view(seed: int) -> View:
    min_area = 0.4 if seed < 3 else 0.3

    def crop(image: PilImage, number: int) -> Pixels:
        rng = random.Random(seed * 100_000 + number)
        box = _choose_box(image, rng, min_area)
        cropped = image.resize((SIDE, SIDE), Image.Resampling.BICUBIC, box=box)
        if rng.random() < 0.5:
            cropped = cropped.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        if seed % 2:
            for enhance in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
                cropped = enhance(cropped).enhance(rng.uniform(0.7, 1.3))
        return np.asarray(cropped, np.uint8)

    return crop


def _choose_box(image: PilImage, rng: random.Random, min_area: float) -> tuple[int, int, int, int]:
    """Choose a random box (left, top, right, bottom) with a side ratio between 3:4 and 4:3.

    Args:
        image: The image.
        rng: The random generator.
        min_area: The minimum area as a share of the image.
    """
    width, height = image.size
    for _ in range(10):
        area = rng.uniform(min_area, 1) * width * height
        ratio = float(np.exp(rng.uniform(np.log(3 / 4), np.log(4 / 3))))
        box_width, box_height = round((area * ratio) ** 0.5), round((area / ratio) ** 0.5)
        if box_width <= width and box_height <= height:
            left, top = rng.randint(0, width - box_width), rng.randint(0, height - box_height)
            return left, top, left + box_width, top + box_height
    return 0, 0, width, height
