"""Thumbnails in terminals that can show pictures: the protocols of kitty and of iTerm2, and sixel."""

import base64
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from crossmodal.cli.sixel import find_line_height, has_sixel, write_sixel
from search.errors import UnreadableMediaError
from search.home import Home

# The height of a thumbnail in lines of the terminal.
LINES = 6
# The largest piece of a picture in one control sequence of kitty.
PIECE_CHARACTERS = 4096
ITERM_PROGRAMS = {"iTerm.app", "WezTerm", "mintty", "vscode"}


def find_protocol(environment: Mapping[str, str]) -> str | None:
    """Return the protocol of the terminal, `kitty`, `iterm` or `sixel`; None if it shows no pictures, or for a pipe.

    The variables of the terminal state the first two; for the third, the terminal is asked.
    """
    if not sys.stdout.isatty():
        return None
    if "KITTY_WINDOW_ID" in environment or environment.get("TERM") in {"xterm-kitty", "xterm-ghostty"}:
        return "kitty"
    if environment.get("TERM_PROGRAM") in ITERM_PROGRAMS or "ITERM_SESSION_ID" in environment:
        return "iterm"
    return "sixel" if has_sixel() else None


def make_thumbnails(home: Path, hits: list[Mapping[str, Any]], protocol: str) -> list[str]:
    """Return the control sequences that show the thumbnail of each result; empty for those without one.

    Args:
        home: The data directory.
        hits: The results.
        protocol: As `find_protocol` returns it.
    """
    return [_make_thumbnail(Home(home).thumbnail(hit["item"]["id"]), protocol) for hit in hits]


def _make_thumbnail(path: Path, protocol: str) -> str:
    from search.media.image.palette import reduce_colors
    from search.media.image.pillow import convert_to_png

    try:
        body = path.read_bytes()
        if protocol == "sixel":
            return write_sixel(reduce_colors(body, LINES * find_line_height()))
        return write_iterm(body) if protocol == "iterm" else write_kitty(convert_to_png(body))
    except (OSError, UnreadableMediaError):
        return ""


def write_iterm(body: bytes) -> str:
    """Return the control sequence of iTerm2 that shows an image file."""
    options = f"inline=1;size={len(body)};height={LINES};preserveAspectRatio=1"
    return f"\x1b]1337;File={options}:{base64.b64encode(body).decode()}\x07"


def write_kitty(png: bytes) -> str:
    """Return the control sequences of kitty that show a PNG file."""
    body = base64.b64encode(png).decode()
    pieces = [body[start : start + PIECE_CHARACTERS] for start in range(0, len(body), PIECE_CHARACTERS)]
    last = len(pieces) - 1
    heads = [f"a=T,f=100,q=2,r={LINES}," if not number else "" for number in range(len(pieces))]
    return "".join(
        f"\x1b_G{head}m={int(number < last)};{piece}\x1b\\"
        for number, (head, piece) in enumerate(zip(heads, pieces, strict=True))
    )


def read_environment() -> Mapping[str, str]:
    """Return the variables that name the terminal."""
    names = ("KITTY_WINDOW_ID", "TERM", "TERM_PROGRAM", "ITERM_SESSION_ID")
    return {name: os.environ[name] for name in names if name in os.environ}
