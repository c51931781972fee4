"""The boxes of MP4 and QuickTime files (ISO/IEC 14496-12)."""

import io
from pathlib import Path
from typing import BinaryIO

MAX_BOXES = 10_000


def is_unfinished(source: Path | bytes) -> bool:
    """Return whether an MP4 or QuickTime file has no index: its recording or its copy was interrupted."""
    try:
        with io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as stream:
            names = _list_boxes(stream)
    except OSError:
        return False
    return bool(names) and names[0] in {b"ftyp", b"wide", b"mdat"} and b"moov" not in names


def _list_boxes(stream: BinaryIO) -> list[bytes]:
    """Return the types of the boxes at the top level."""
    names: list[bytes] = []
    while len(names) < MAX_BOXES:
        header = stream.read(16)
        size, name = int.from_bytes(header[:4]), header[4:8]
        if len(name) < 4:
            break
        names.append(name)
        length = len(header)
        if size == 1:
            size = int.from_bytes(header[8:16])
        if size < 8:  # 0: the box ends with the file
            break
        stream.seek(size - length, io.SEEK_CUR)
    return names
