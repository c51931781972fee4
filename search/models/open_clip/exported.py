"""Both towers of a CLIP model, exported to ONNX."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from search.models.compact import normalize
from search.models.onnx import PICTURE_BATCH, open_session
from search.models.open_clip.towers import GPU_BATCH
from search.records import Ids, Pixels, Vectors

# Gives numbers of shape (n, context length), int64, for texts.
Tokenize = Callable[[Sequence[str]], Ids]


class ExportedTowers:
    """Runs what `export_towers` wrote."""

    def __init__(self, folder: Path, precision: str, tokenize: Tokenize, threads: int, device: str = "cpu") -> None:
        """folder: where the card lies; precision: of the picture tower; the text tower is always exact.

        Raises ModelError when it cannot run on the device.
        """
        self._picture = open_pictures(folder, precision, threads, device)
        self._text = open_session(text_file(folder), threads, device=device)
        self._batch = PICTURE_BATCH if device == "cpu" else GPU_BATCH
        self._tokenize = tokenize
        self._lock = threading.Lock()

    def encode_pixels(self, pixels: Pixels) -> Vectors:
        """Embed pictures (n, height, width, 3) uint8; shape (n, d), float32, unit length."""
        with self._lock:
            return run_pictures(self._picture, pixels, self._batch)

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Embed texts, cut at the model's context length; shape (n, d), float32, unit length."""
        return normalize(self._text.run(None, {"tokens": self._tokenize(texts)})[0])


def open_pictures(folder: Path, precision: str, threads: int, device: str) -> Any:
    """Open the picture tower in one of its precisions. Raises ModelError when it cannot run on the device."""
    return open_session(picture_file(folder, precision), threads, is_half=precision == "fp16", device=device)


def picture_file(folder: Path, precision: str) -> Path:
    """Give where the picture tower lies in the folder of its card."""
    return folder / f"picture-{precision}.onnx"


def text_file(folder: Path) -> Path:
    """Give where the text tower lies in the folder of its card."""
    return folder / "text-fp32.onnx"


def run_pictures(session: Any, pixels: Pixels, batch: int) -> Vectors:
    """Embed pictures (n, height, width, 3) uint8 by a picture tower, `batch` at a time."""
    parts = [pixels[start : start + batch] for start in range(0, len(pixels), batch)]
    return normalize(np.concatenate([session.run(None, {"pixels": part})[0] for part in parts]).astype(np.float32))
