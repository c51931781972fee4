"""Tesseract, where the system has it: reads Cyrillic, Korean, Arabic and Hebrew, which the packaged models do not."""

import csv
import io
import re
import shutil
import subprocess
import zlib
from functools import cached_property

import numpy as np

from search.encoders.ocr.engine import ReadLine
from search.records import Pixels

# The languages that are used, as Tesseract calls them, if they are installed.
LANGUAGES = ("rus", "ukr", "bul", "bel", "srp", "kor", "ara", "fas", "heb")
# What it reads in other scripts, the packaged models read better.
SCRIPTS = re.compile("[\u0400-\u052f\u0590-\u06ff\u0750-\u077f\u08a0-\u08ff\u1100-\u11ff\uac00-\ud7af]")
LETTER = re.compile(r"[^\W\d_]")
MIN_SCRIPT_SHARE = 0.5
# What it reads with less confidence, in percent, is mostly no text.
MIN_CONFIDENCE = 60.0
TIMEOUT_SECONDS = 60.0
# A word in the table that Tesseract writes; lines and blocks have lower levels.
WORD_LEVEL = "5"


def find_tesseract() -> "TesseractEngine | None":
    """Return the engine, None if the program is missing."""
    program = shutil.which("tesseract")
    return None if program is None else TesseractEngine(program)


class TesseractEngine:
    """Runs the program `tesseract` for each image, with a time limit."""

    def __init__(self, program: str) -> None:
        self._program = program

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """The installed languages among those that are used."""
        installed = set(self._run(["--list-langs"], b"").split())
        return tuple(language for language in LANGUAGES if language in installed)

    @cached_property
    def fingerprint(self) -> str:
        """The version of the program and its languages."""
        first = self._run(["--version"], b"").split("\n", 1)[0]
        return f"{first} {'+'.join(self.languages)}"

    def read(self, image: Pixels) -> list[ReadLine]:
        """Return the lines that are mostly in the scripts of this engine; none if it takes too long or fails."""
        if not self.languages:
            return []
        return parse_table(self._run(["-", "-", "-l", "+".join(self.languages), "tsv"], encode_png(image)))

    def _run(self, arguments: list[str], data: bytes) -> str:
        try:
            done = subprocess.run(
                [self._program, *arguments],
                input=data,
                capture_output=True,
                timeout=TIMEOUT_SECONDS,
                env={"OMP_THREAD_LIMIT": "1", "PATH": "/usr/local/bin:/usr/bin:/bin"},
                check=True,
            )
        except (OSError, subprocess.SubprocessError):
            return ""
        return done.stdout.decode("utf-8", "replace")


def parse_table(table: str) -> list[ReadLine]:
    """Return the lines in a table of words as Tesseract writes it."""
    words: dict[tuple[str, ...], list[dict[str, str]]] = {}
    for row in csv.DictReader(io.StringIO(table), delimiter="\t", quoting=csv.QUOTE_NONE):
        if row["level"] == WORD_LEVEL and (row["text"] or "").strip():
            words.setdefault((row["block_num"], row["par_num"], row["line_num"]), []).append(row)
    return [line for line in map(_join_words, words.values()) if line is not None]


def _join_words(words: list[dict[str, str]]) -> ReadLine | None:
    text = " ".join(word["text"].strip() for word in words)
    confidence = sum(float(word["conf"]) for word in words) / len(words)
    letters = len(LETTER.findall(text))
    if confidence < MIN_CONFIDENCE or len(SCRIPTS.findall(text)) < max(1, MIN_SCRIPT_SHARE * letters):
        return None
    boxes = np.array([[int(word[name]) for name in ("left", "top", "width", "height")] for word in words])
    left, top = boxes[:, :2].min(0).tolist()
    right, bottom = (boxes[:, :2] + boxes[:, 2:]).max(0).tolist()
    quad = np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.float32)
    return ReadLine(quad, text, confidence / 100)


def encode_png(image: Pixels) -> bytes:
    """Return an image as a PNG file, hardly compressed.

    Args:
        image: RGB, shape (height, width, 3), uint8.
    """
    height, width = image.shape[:2]
    rows = np.zeros((height, 1 + 3 * width), np.uint8)  # each row begins with the number of its filter, which is none
    rows[:, 1:] = image.reshape(height, -1)
    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, 2, 0, 0, 0])
    chunks = (("IHDR", header), ("IDAT", zlib.compress(rows.tobytes(), 1)), ("IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_make_chunk(name.encode(), body) for name, body in chunks)


def _make_chunk(name: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + name + body + zlib.crc32(name + body).to_bytes(4, "big")
