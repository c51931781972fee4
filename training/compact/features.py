"""The tower's outputs for every view of every photo, computed once and kept on disk."""

import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageEnhance

from search.media.image.picture import Picture, crop_square, cut_views, open_image
from search.records import Pixels
from training.compact.network import SIDE, ZOOM

# Each stands for other random crops; the odd ones are recolored.
CROPS = (0, 1, 3, 4, 5)
BATCH = 64
View = Callable[[Picture, int], Pixels]


@dataclass(frozen=True)
class Features:
    """The tower's outputs, float16: pooled (n, 1280), logits (n, 1000), middle (n, 536)."""

    pooled: Any
    logits: Any
    middle: Any


def list_views() -> dict[str, View]:
    """Return the views trained on: random crops, some of them recolored, mirrored, and the two of a search."""
    views = {f"crop{number}": _make_crop_view(number) for number in CROPS}
    views["mirrored"] = lambda image, _number: crop_square(image.transpose(Image.Transpose.FLIP_LEFT_RIGHT), SIDE)
    return views | {f"view{number}": _make_test_view(number) for number in range(2)}


def read_test_features(session: Any, name: str, photos: Sequence[Path], cache: Path) -> list[Features]:
    """Compute or read the features of the two views that are averaged outside training."""
    views = [_make_test_view(number) for number in range(2)]
    return [read_features(session, f"{name}-view{at}", photos, view, cache) for at, view in enumerate(views)]


def read_features(session: Any, name: str, photos: Sequence[Path], view: View, cache: Path) -> Features:
    """Compute a view's features, or read them where an earlier run left them."""
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


def _make_crop_view(view: int) -> View:
    smallest = 0.4 if view < 3 else 0.3

    def crop(image: Picture, number: int) -> Pixels:
        chance = random.Random(view * 100_000 + number)
        box = _choose_box(image, chance, smallest)
        cut = image.resize((SIDE, SIDE), Image.Resampling.BICUBIC, box=box)
        if chance.random() < 0.5:
            cut = cut.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        if view % 2:
            for enhance in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
                cut = enhance(cut).enhance(chance.uniform(0.7, 1.3))
        return np.asarray(cut, np.uint8)

    return crop


def _choose_box(image: Picture, chance: random.Random, smallest: float) -> tuple[int, int, int, int]:
    """Choose a box of a random share of the area and a side ratio between 3:4 and 4:3."""
    width, height = image.size
    for _ in range(10):
        area = chance.uniform(smallest, 1) * width * height
        ratio = float(np.exp(chance.uniform(np.log(3 / 4), np.log(4 / 3))))
        wide, high = round((area * ratio) ** 0.5), round((area / ratio) ** 0.5)
        if wide <= width and high <= height:
            left, top = chance.randint(0, width - wide), chance.randint(0, height - high)
            return left, top, left + wide, top + high
    return 0, 0, width, height
