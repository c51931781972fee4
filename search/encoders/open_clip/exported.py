"""Run a CLIP model that was exported to ONNX, without torch."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from search.encoders.compact.files import normalize
from search.encoders.lazy import LazyModel
from search.encoders.onnx import IMAGE_BATCH, StreamedGraph, open_session
from search.encoders.open_clip.towers import GPU_BATCH
from search.records import Ids, Pixels, Vectors

# Returns token ids of shape (n, context length), int64.
Tokenize = Callable[[Sequence[str]], Ids]


class ExportedTowers:
    """A CLIP model written by `export_towers`. Thread-safe."""

    def __init__(self, folder: Path, precision: str, tokenize: Tokenize, threads: int, device: str = "cpu") -> None:
        """Open the exports.

        Args:
            folder: The folder of the manifest.
            precision: The precision of the image encoder; the text encoder is always in float32.
            tokenize: Tokenizes texts.
            threads: The number of CPU threads.
            device: `cpu`, `cuda` or `cuda:1`.

        Raises:
            ModelError: The installed ONNX Runtime does not support the device.
        """
        self._image = open_image_model(get_image_path(folder, precision), precision, threads, device)
        self._text = ExportedTexts(get_text_path(folder), threads, device)
        self._tokenize = tokenize

    def encode_pixels(self, pixels: Pixels) -> Vectors:
        """Embed images (n, height, width, 3) uint8; shape (n, d), float32, unit length."""
        return self._image.encode(pixels)

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Embed texts, truncated to the context length; shape (n, d), float32, unit length."""
        return self._text.encode(self._tokenize(texts))


class ExportedTexts:
    """An exported text encoder."""

    def __init__(self, path: Path, threads: int, device: str = "cpu") -> None:
        """Open the file. Raise ModelError if the installed ONNX Runtime does not support the device."""
        self._session = open_session(path, threads, device=device)

    def encode(self, tokens: Ids) -> Vectors:
        """Embed token ids, shape (n, context length), int64; return (n, d), float32, unit length."""
        return normalize(self._session.run(None, {"tokens": tokens})[0])


class CpuImageModel:
    """An image encoder on a CPU. Several images run concurrently; a single image uses all threads."""

    def __init__(self, path: Path, precision: str, threads: int) -> None:
        """Create a model without opening the file. Indexing and searching each need one of the two sessions only."""
        is_half = precision == "fp16"
        self._many = LazyModel(lambda: StreamedGraph(path, threads, is_half), 0)
        self._single = LazyModel(lambda: open_session(path, threads, is_half=is_half), 0)

    def encode(self, pixels: Pixels) -> Vectors:
        """Embed images (n, height, width, 3) uint8; shape (n, d), float32, unit length."""
        if len(pixels) == 1:
            with self._single.use() as session:
                return normalize(session.run(None, {"pixels": pixels})[0].astype(np.float32))
        with self._many.use() as graph:
            return normalize(graph.run(pixels, IMAGE_BATCH).astype(np.float32))


class GpuImageModel:
    """An image encoder on a GPU."""

    def __init__(self, path: Path, precision: str, threads: int, device: str) -> None:
        """Open the file. Raise ModelError if the installed ONNX Runtime does not support CUDA."""
        self._session = open_session(path, threads, is_half=precision == "fp16", device=device)
        self._lock = threading.Lock()

    def encode(self, pixels: Pixels) -> Vectors:
        """Embed images (n, height, width, 3) uint8; shape (n, d), float32, unit length."""
        parts = [pixels[start : start + GPU_BATCH] for start in range(0, len(pixels), GPU_BATCH)]
        with self._lock:
            rows = [self._session.run(None, {"pixels": part})[0] for part in parts]
        return normalize(np.concatenate(rows).astype(np.float32))


def open_image_model(path: Path, precision: str, threads: int, device: str) -> CpuImageModel | GpuImageModel:
    """Open an exported image encoder. Raise ModelError if the installed ONNX Runtime does not support the device."""
    if device == "cpu":
        return CpuImageModel(path, precision, threads)
    return GpuImageModel(path, precision, threads, device)


def get_image_path(folder: Path, precision: str) -> Path:
    """Return the path of the image encoder in the folder of its manifest."""
    return folder / f"picture-{precision}.onnx"


def get_text_path(folder: Path) -> Path:
    """Return the path of the text encoder in the folder of its manifest."""
    return folder / "text-fp32.onnx"
