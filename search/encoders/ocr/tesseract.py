"""Tesseract, where the system has it: reads Cyrillic, Korean, Arabic and Hebrew, which the packaged models do not."""

import csv
import io
import re
import shutil
import subprocess
import zlib
from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from search.encoders.ocr.engine import ReadText
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
# Each image is one line: otherwise Tesseract searches for columns, and does not find turned lines.
ONE_LINE = ("--psm", "7")
# The maximum number of lines per run of the program; they take a few seconds.
LINES_PER_RUN = 32
# Marks of the direction of writing, which are no part of the text.
MARKS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
HANGUL = re.compile("[\u1100-\u11ff\uac00-\ud7af]")
# Between Korean words there is at least this share of the height of the highest one.
MIN_SPACE = 0.35


def find_tesseract() -> "TesseractEngine | None":
    """Return the engine, None if the program is missing."""
    program = shutil.which("tesseract")
    return None if program is None else TesseractEngine(program)


class TesseractEngine:
    """Runs the program `tesseract` for the lines of an image, with a time limit."""

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

    def read_lines(self, lines: Sequence[Pixels]) -> list[ReadText | None]:
        """Return the text of each line that is mostly in the scripts of this engine. See `LineEngine`."""
        found: list[ReadText | None] = []
        for start in range(0, len(lines), LINES_PER_RUN):
            block = lines[start : start + LINES_PER_RUN]
            table = self._read_block(block) if self.languages else {}
            found += [table.get(number) for number in range(1, len(block) + 1)]
        return found

    def _read_block(self, lines: Sequence[Pixels]) -> dict[int, ReadText]:
        """Return the legible texts by the number of their line, from 1; none if it takes too long or fails."""
        with TemporaryDirectory(prefix="crossmodal-") as folder:
            files = [Path(folder) / f"{number}.png" for number in range(len(lines))]
            for file, pixels in zip(files, lines, strict=True):
                file.write_bytes(encode_png(pixels))
            names = "".join(f"{file}\n" for file in files)
            return parse_table(self._run(["-", "-", "-l", "+".join(self.languages), *ONE_LINE, "tsv"], names.encode()))

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


def parse_table(table: str) -> dict[int, ReadText]:
    """Return the legible texts in a table of words as Tesseract writes it, by the number of their page, from 1."""
    words: dict[int, list[dict[str, str]]] = {}
    for row in csv.DictReader(io.StringIO(table), delimiter="\t", quoting=csv.QUOTE_NONE):
        if row["level"] == WORD_LEVEL and MARKS.sub("", row["text"] or "").strip():
            words.setdefault(int(row["page_num"]), []).append(row)
    texts = {page: _join_words(found) for page, found in words.items()}
    return {page: text for page, text in texts.items() if text is not None}


def _join_words(words: list[dict[str, str]]) -> ReadText | None:
    space = MIN_SPACE * max(int(word["height"]) for word in words)
    text = MARKS.sub("", words[0]["text"]).strip()
    for before, word in pairwise(words):
        text += ("" if _are_joined(before, word, space) else " ") + MARKS.sub("", word["text"]).strip()
    confidence = sum(float(word["conf"]) for word in words) / len(words)
    letters = len(LETTER.findall(text))
    if confidence < MIN_CONFIDENCE or len(SCRIPTS.findall(text)) < max(1, MIN_SCRIPT_SHARE * letters):
        return None
    return ReadText(text, confidence / 100)


def _are_joined(first: dict[str, str], second: dict[str, str], space: float) -> bool:
    """Return whether two parts are one word: Tesseract returns the syllables of Korean words one by one."""
    gap = int(second["left"]) - int(first["left"]) - int(first["width"])
    return bool(HANGUL.match(first["text"][-1:]) and HANGUL.match(second["text"])) and gap < space


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
