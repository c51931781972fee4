"""RapidOCR with the PP-OCR models in its package: Latin, Chinese and Japanese. Home of rapidocr."""

from collections.abc import Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from search.encoders.lazy import LazyModel
from search.encoders.ocr.engine import Quad, ReadLine, is_line_shaped, measure_sides
from search.encoders.onnx import open_session
from search.encoders.runtime import Machine
from search.records import Pixels

# Lines are searched in an image whose longer side has at most this many pixels: a page of small print is legible.
DETECTION_SIDE = 1_600
# The classifier turns a line that it is this sure is upside down.
MIN_TURN_CONFIDENCE = 0.9
# A line that is this many times as high as wide is read from top to bottom.
TALL_RATIO = 1.5
MODELS = {"Det": "*_det_*.onnx", "Cls": "*_cls_*.onnx", "Rec": "*_rec_*.onnx"}


def is_installed() -> bool:
    """Return whether the extra `ocr` is installed."""
    return find_spec("rapidocr") is not None


class RapidEngine:
    """Reads with RapidOCR. The models are loaded at the first use, from the package and never from elsewhere."""

    def __init__(self, machine: Machine) -> None:
        self._engine: LazyModel[Any] = LazyModel(_load, machine.idle)

    @property
    def fingerprint(self) -> str:
        """The version of the package, which contains the models."""
        return f"rapidocr {version('rapidocr')}"

    def read(self, image: Pixels) -> list[ReadLine]:
        """Return the lines in any order, also those that are not legible. See `TextEngine`."""
        with self._engine.use() as engine:
            bgr = _widen(np.ascontiguousarray(image[:, :, ::-1]))
            quads = _detect(engine, bgr, DETECTION_SIDE)
            if not len(quads):
                return []
            crops = engine.crop_text_regions(bgr, quads)
            turned = engine.cls_and_rotate(crops)
            texts = engine.recognize_txt(turned[0])
            flips = [label == "180" and score > MIN_TURN_CONFIDENCE for label, score in turned[1].cls_res]
        lines = zip(quads, texts.txts, texts.scores, flips, strict=True)
        return [
            ReadLine(_start_at_text(quad, is_flipped), text.strip(), float(score))
            for quad, text, score, is_flipped in lines
        ]

    def cut(self, image: Pixels, quads: Sequence[Quad]) -> list[Pixels]:
        """Return an upright image of each line. See `TextEngine`."""
        with self._engine.use() as engine:
            crops: list[Pixels] = engine.crop_text_regions(image, np.stack(quads)) if len(quads) else []
        return crops

    def has_line(self, image: Pixels) -> bool:
        """Return whether a small image shows anything that has the shape of a line of text."""
        bgr = _widen(np.ascontiguousarray(image[:, :, ::-1]))
        with self._engine.use() as engine:
            quads = _detect(engine, bgr, DETECTION_SIDE)
        return any(map(is_line_shaped, quads))


def _load() -> Any:
    import cv2
    import rapidocr
    from omegaconf import flag_override

    cv2.setNumThreads(1)  # several images are read at the same time
    engine: Any = rapidocr.RapidOCR(params={"Global.log_level": "error"})
    folder = Path(rapidocr.__file__).parent / "models"
    for part, pattern in MODELS.items():
        session = open_session(next(folder.glob(pattern)), threads=1)
        # With an open session, the package does not look for a model, which it might download.
        with flag_override(engine.cfg, "allow_objects", True):
            engine.cfg[part].session = session
    engine._load_det_model()
    engine._load_cls_model()
    engine._load_rec_model()
    return engine


def _detect(engine: Any, bgr: Pixels, side: int) -> Any:
    """Return the boxes of lines in the pixels of an image, shape (n, 4, 2); the longer side is at most `side`."""
    from rapidocr.ch_ppocr_det.utils import DetPreProcess

    detector = engine.text_det
    # Not by calling the detector, which stores the size of the last image and is shared between threads.
    prepared = DetPreProcess(side, "max", detector.mean, detector.std)(bgr)
    if prepared is None:
        return np.zeros((0, 4, 2), np.float32)
    boxes, _ = detector.postprocess_op(detector.session(prepared), bgr.shape[:2])
    return np.asarray(boxes, np.float32).reshape(-1, 4, 2)


def _widen(bgr: Pixels) -> Pixels:
    """Return an image of which each side is long enough for the detector."""
    height, width = bgr.shape[:2]
    if min(height, width) >= 32:
        return bgr
    return np.pad(bgr, ((0, max(0, 32 - height)), (0, max(0, 32 - width)), (0, 0)), mode="edge")


def _start_at_text(quad: Quad, is_flipped: bool) -> Quad:
    """Return the corners clockwise from where the text begins.

    A tall box was turned to the left before it was read: its text begins at the top right.
    """
    width, height = measure_sides(quad)
    first = (1 if height >= TALL_RATIO * width else 0) + (2 if is_flipped else 0)
    return np.roll(quad, -first, axis=0)
