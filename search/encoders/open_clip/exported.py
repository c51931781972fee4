"""Both towers of a CLIP model, exported to ONNX."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from search.encoders.compact.files import normalize
from search.encoders.lazy import Lazy
from search.encoders.onnx import IMAGE_BATCH, StreamedGraph, open_session
from search.encoders.open_clip.towers import GPU_BATCH
from search.records import Ids, Pixels, Vectors

# Returns token ids of shape (n, context length), int64.
Tokenize = Callable[[Sequence[str]], Ids]


class ExportedTowers:
    """Runs what `export_towers` wrote."""

    def __init__(self, folder: Path, precision: str, tokenize: Tokenize, threads: int, device: str = "cpu") -> None:
        """folder: the folder of the manifest; precision: of the image tower; the text tower is always exact.

        Raises ModelError when it cannot run on the device.
        """
        self._image = open_image_model(get_image_path(folder, precision), precision, threads, device)
        self._text = ExportedTexts(get_text_path(folder), threads, device)
        self._tokenize = tokenize

    def encode_pixels(self, pixels: Pixels) -> Vectors:
        """Embed images (n, height, width, 3) uint8; shape (n, d), float32, unit length."""
        return self._image.encode(pixels)

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Embed texts, cut at the model's context length; shape (n, d), float32, unit length."""
        return self._text.encode(self._tokenize(texts))


class ExportedTexts:
    """A text tower."""

    def __init__(self, path: Path, threads: int, device: str = "cpu") -> None:
        """Open it. Raises ModelError when it cannot run on the device."""
        self._session = open_session(path, threads, device=device)

    def encode(self, tokens: Ids) -> Vectors:
        """Embed numbers of texts (n, context length); shape (n, d), float32, unit length."""
        return normalize(self._session.run(None, {"tokens": tokens})[0])


class CpuImageModel:
    """An image encoder on a CPU. Several images run concurrently; a single image uses all threads."""

    def __init__(self, path: Path, precision: str, threads: int) -> None:
        """Open nothing yet: who indexes never needs the one, and who only searches never the other."""
        is_half = precision == "fp16"
        self._many = Lazy(lambda: StreamedGraph(path, threads, is_half), 0)
        self._single = Lazy(lambda: open_session(path, threads, is_half=is_half), 0)

    def encode(self, pixels: Pixels) -> Vectors:
        """Embed images (n, height, width, 3) uint8; shape (n, d), float32, unit length."""
        if len(pixels) == 1:
            with self._single.use() as session:
                return normalize(session.run(None, {"pixels": pixels})[0].astype(np.float32))
        with self._many.use() as graph:
            return normalize(graph.run(pixels, IMAGE_BATCH).astype(np.float32))


class GpuImageModel:
    """An image tower on a GPU."""

    def __init__(self, path: Path, precision: str, threads: int, device: str) -> None:
        """Open it."""
        self._session = open_session(path, threads, is_half=precision == "fp16", device=device)
        self._lock = threading.Lock()

    def encode(self, pixels: Pixels) -> Vectors:
        """Embed images (n, height, width, 3) uint8; shape (n, d), float32, unit length."""
        parts = [pixels[start : start + GPU_BATCH] for start in range(0, len(pixels), GPU_BATCH)]
        with self._lock:
            rows = [self._session.run(None, {"pixels": part})[0] for part in parts]
        return normalize(np.concatenate(rows).astype(np.float32))


def open_image_model(path: Path, precision: str, threads: int, device: str) -> CpuImageModel | GpuImageModel:
    """Open an image tower. Raises ModelError when it cannot run on the device."""
    return (
        CpuImageModel(path, precision, threads) if device == "cpu" else GpuImageModel(path, precision, threads, device)
    )


def get_image_path(folder: Path, precision: str) -> Path:
    """Return the path of the image encoder in the folder of its manifest."""
    return folder / f"picture-{precision}.onnx"


def get_text_path(folder: Path) -> Path:
    """Return the path of the text encoder in the folder of its manifest."""
    return folder / "text-fp32.onnx"
