"""How an image is scaled and cut to what a model sees: plain values, which can be sent to another process."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from PIL import Image

from search.media.image.picture import Picture, cut_views
from search.records import Pixels


class ImageTransform(Protocol):
    """Scales and cuts an image; safe to call from many threads."""

    def __call__(self, image: Picture) -> Pixels:
        """Return pixels of shape (..., height, width, 3) uint8."""


@dataclass(frozen=True)
class TwoViews:
    """The whole image pressed into a square, and its center closer up. zoom: as in `cut_views`."""

    side: int
    zoom: float

    def __call__(self, image: Picture) -> Pixels:
        """Return pixels of shape (2, side, side, 3)."""
        return cut_views(image, self.side, self.zoom)


@dataclass(frozen=True)
class ResizeCrop:
    """One view, byte for byte as torchvision and open_clip cut it.

    mode: `shortest` scales the shorter side and cuts the center, `squash` presses the whole image in, `longest`
    scales the longer side and fills what is left with `fill`; bilinear: instead of bicubic.
    """

    height: int
    width: int
    mode: str = "shortest"
    bilinear: bool = False
    fill: int = 0

    def __call__(self, image: Picture) -> Pixels:
        """Return pixels of shape (height, width, 3)."""
        size = self._scale(image.width, image.height)
        filter_ = Image.Resampling.BILINEAR if self.bilinear else Image.Resampling.BICUBIC
        scaled = image if size == image.size else image.resize(size, filter_)
        if scaled.width < self.width or scaled.height < self.height:
            scaled = self._pad(scaled)
        left = round((scaled.width - self.width) / 2)
        top = round((scaled.height - self.height) / 2)
        return np.asarray(scaled.crop((left, top, left + self.width, top + self.height)), np.uint8)

    def _pad(self, image: Picture) -> Picture:
        size = max(image.width, self.width), max(image.height, self.height)
        ground = Image.new("RGB", size, (self.fill,) * 3)
        ground.paste(image, ((size[0] - image.width) // 2, (size[1] - image.height) // 2))
        return ground

    def _scale(self, width: int, height: int) -> tuple[int, int]:
        if self.mode == "squash":
            return self.width, self.height
        if self.mode == "longest" or self.height != self.width:
            choose = max if self.mode == "longest" else min
            share = choose(height / self.height, width / self.width)
            return round(width / share), round(height / share)
        if width <= height:
            return self.width, int(self.width * height / width)
        return int(self.height * width / height), self.height
