"""The resizing and cropping of images for a model. Transforms can be pickled.

Every encoder has a transform, and a text query uses none, so Pillow is imported when an image is transformed.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from search.records import Pixels

if TYPE_CHECKING:
    from search.media.image.pillow import PilImage


class ImageTransform(Protocol):
    """Resizes and crops an image. Thread-safe."""

    def __call__(self, image: "PilImage") -> Pixels:
        """Return pixels of shape (..., height, width, 3), uint8."""


@dataclass(frozen=True)
class TwoViews:
    """The whole image resized to a square, and a closer crop of its center, as in `cut_views`.

    Attributes:
        side: The height and width of both views in pixels.
        zoom: The side of the crop as a share of the shorter side of the image.
    """

    side: int
    zoom: float

    def __call__(self, image: "PilImage") -> Pixels:
        """Return pixels of shape (2, side, side, 3), uint8."""
        from search.media.image.pillow import cut_views

        return cut_views(image, self.side, self.zoom)


@dataclass(frozen=True)
class ResizeCrop:
    """One view of an image, resized and cropped exactly as by torchvision and open_clip.

    Attributes:
        height: The height of the view in pixels.
        width: The width of the view in pixels.
        mode: `shortest` scales the shorter side and crops the center, `squash` resizes the whole image, `longest`
            scales the longer side and pads the rest.
        bilinear: Use bilinear instead of bicubic interpolation.
        fill: The gray value of the padding, 0 to 255.
    """

    height: int
    width: int
    mode: str = "shortest"
    bilinear: bool = False
    fill: int = 0

    def __call__(self, image: "PilImage") -> Pixels:
        """Return pixels of shape (height, width, 3), uint8."""
        from PIL import Image

        size = self._scale(image.width, image.height)
        filter_ = Image.Resampling.BILINEAR if self.bilinear else Image.Resampling.BICUBIC
        scaled = image if size == image.size else image.resize(size, filter_)
        if scaled.width < self.width or scaled.height < self.height:
            scaled = self._pad(scaled)
        left = round((scaled.width - self.width) / 2)
        top = round((scaled.height - self.height) / 2)
        return np.asarray(scaled.crop((left, top, left + self.width, top + self.height)), np.uint8)

    def _pad(self, image: "PilImage") -> "PilImage":
        from PIL import Image

        size = max(image.width, self.width), max(image.height, self.height)
        background = Image.new("RGB", size, (self.fill,) * 3)
        background.paste(image, ((size[0] - image.width) // 2, (size[1] - image.height) // 2))
        return background

    def _scale(self, width: int, height: int) -> tuple[int, int]:
        """Return the width and height to resize an image to."""
        if self.mode == "squash":
            return self.width, self.height
        if self.mode == "longest" or self.height != self.width:
            choose = max if self.mode == "longest" else min
            factor = choose(height / self.height, width / self.width)
            return round(width / factor), round(height / factor)
        if width <= height:
            return self.width, int(self.width * height / width)
        return int(self.height * width / height), self.height
