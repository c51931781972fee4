"""Pictures in terminals that understand sixel, such as xterm, foot, mlterm, Konsole and Windows Terminal."""

import os
import re
import select
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from search.media.image.palette import ReducedImage

# A question to which terminals list their abilities (DA1), and the number of sixel in the answer.
QUESTION, SIXEL_ABILITY = b"\x1b[c", b"4"
ANSWER = re.compile(rb"\x1b\[\?([\d;]+)c")
# A terminal on the same machine answers within milliseconds; over a slow line, a picture would take long as well.
TIMEOUT_SECONDS = 0.3
# How high a line is in pixels, where the terminal does not say it.
DEFAULT_LINE_HEIGHT = 20
# Rows of pixels in one band of characters, and the character of a band without pixels.
BAND, EMPTY = 6, 63
# Shorter runs of a character are written out.
MIN_REPEATED = 4


def has_sixel() -> bool:
    """Return whether the terminal says that it understands sixel; False without a terminal."""
    with _open_terminal() as terminal:
        return terminal is not None and SIXEL_ABILITY in ask_abilities(terminal)


def find_line_height() -> int:
    """Return the height of a line of the terminal in pixels."""
    with suppress(ImportError, OSError):
        import fcntl
        import struct
        import termios

        rows, _, _, height = struct.unpack("4H", fcntl.ioctl(sys.stdout.fileno(), termios.TIOCGWINSZ, b"\0" * 8))
        return (height // rows if rows else 0) or DEFAULT_LINE_HEIGHT
    return DEFAULT_LINE_HEIGHT


def ask_abilities(terminal: int, timeout: float = TIMEOUT_SECONDS) -> list[bytes]:
    """Return the numbers of the abilities that a terminal lists; empty if it does not answer in time.

    Args:
        terminal: The file descriptor of the terminal.
        timeout: How long to wait, in seconds.
    """
    import termios
    import tty

    before = termios.tcgetattr(terminal)
    reply, end = b"", time.monotonic() + timeout
    try:
        tty.setcbreak(terminal, termios.TCSANOW)
        os.write(terminal, QUESTION)
        while not ANSWER.search(reply):
            if not select.select([terminal], [], [], max(0.0, end - time.monotonic()))[0]:
                return []
            reply += os.read(terminal, 256)
    except OSError:
        return []
    finally:
        termios.tcsetattr(terminal, termios.TCSANOW, before)
    found = ANSWER.search(reply)
    return found[1].split(b";") if found else []


@contextmanager
def _open_terminal() -> Iterator[int | None]:
    """Open the terminal of this process; None if there is none, or if this process may not read from it."""
    try:
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
    except OSError:
        yield None
        return
    try:
        # The system would stop a process in the background.
        yield terminal if os.tcgetpgrp(terminal) == os.getpgrp() else None
    finally:
        os.close(terminal)


def write_sixel(image: "ReducedImage") -> str:
    """Return the control sequence that shows an image. The format is that of the DEC VT340."""
    height, width = image.numbers.shape
    colors = "".join(
        f"#{number};2;" + ";".join(str(round(value * 100 / 255)) for value in color)
        for number, color in enumerate(image.palette)
    )
    bands = "-".join(_write_band(image.numbers[top : top + BAND].tolist()) for top in range(0, height, BAND))
    return f'\x1bP0;1;0q"1;1;{width};{height}{colors}{bands}\x1b\\'


def _write_band(rows: list[list[int]]) -> str:
    """Return the characters of a band: for each of its colors, which of the pixels in each column have it."""
    lines: dict[int, list[int]] = {}
    for bit, row in enumerate(rows):
        for column, number in enumerate(row):
            lines.setdefault(number, [EMPTY] * len(row))[column] += 1 << bit
    return "$".join(f"#{number}{_repeat(line)}" for number, line in sorted(lines.items()))


def _repeat(line: list[int]) -> str:
    """Return the characters of a line, runs of the same one as their number."""
    parts = []
    for code, run in groupby(line):
        count = len(list(run))
        parts.append(chr(code) * count if count < MIN_REPEATED else f"!{count}{chr(code)}")
    return "".join(parts)
