"""Recognize what drones and cameras write into subtitles: where they are, and how each picture was taken.

Nobody says these lines, and they show where people are.
"""

import re
from typing import BinaryIO

# The notations of DJI and Autel; each has a name and a number, so that no line of a film matches by chance.
_KEYS = r"latitude|longt?itude|(?:rel_|abs_)?alt(?:itude)?|iso|shutter|fnum|focal_len|dzoom(?:_ratio)?"
_TELEMETRY = re.compile(
    rf"\[\s*(?:{_KEYS})\s*:\s*[-+]?\d"
    r"|\b(?:GPS|HOME)\s*\(\s*(?:[NSEW]\s*:\s*)?[-+]?\d+\.\d"
    r"|\b(?:FrameCnt|SrtCnt)\s*:\s*\d|\bDiffTime\s*:\s*\d"
    r"|\bBAROMETER\s*:\s*[-+]?\d"
    r"|\bF/\d[\d.]*,\s*SS\s+\d"
    r"|\bISO\s*:\s*\d+\s+Shutter\s*:\s*\d",
    re.IGNORECASE,
)
# Files and tracks of text are not larger.
MAX_TEXT_BYTES = 16 * 2**20


def is_telemetry(text: str) -> bool:
    """Return whether a text contains telemetry."""
    return _TELEMETRY.search(text) is not None


def has_telemetry(body: bytes) -> bool:
    """Return whether the content of a subtitle file or of a text track contains telemetry, in any encoding."""
    return is_telemetry(body.replace(b"\0", b"").decode("latin-1"))


def may_have_telemetry(stream: BinaryIO) -> bool:
    """Return whether a subtitle file contains telemetry, or is too large to be read."""
    body = stream.read(MAX_TEXT_BYTES + 1)
    return len(body) > MAX_TEXT_BYTES or has_telemetry(body)
