"""The samples of a track of an MP4 or QuickTime file: where they are in the file."""

import struct
from collections.abc import Mapping, Sequence

from search.media.redaction.patches import NotRedactableError, Patch

# More than a track of metadata has: eight hours with the rate of a film.
MAX_SAMPLES = 1_000_000
# The boxes that say where the samples are.
TABLES = {b"stsz", b"stsc", b"stco", b"co64"}


def find_sample_patches(tables: Mapping[bytes, bytes], file_size: int) -> list[Patch]:
    """Return patches that overwrite all samples of a track.

    Args:
        tables: The content of the boxes in `stbl`, by name.
        file_size: The size of the file in bytes.

    Raises:
        NotRedactableError: A table is missing or not valid.
    """
    try:
        sizes, offsets, runs = _read_sizes(tables[b"stsz"]), _read_offsets(tables), _read_runs(tables[b"stsc"])
    except (KeyError, struct.error) as error:
        raise NotRedactableError("the table of samples cannot be read") from error
    patches, sample, run = [], 0, -1
    for chunk, offset in enumerate(offsets, 1):
        while run + 1 < len(runs) and runs[run + 1][0] <= chunk:
            run += 1
        count = runs[run][1] if run >= 0 else 0
        size = sum(sizes[sample : sample + count])
        sample += count
        if offset + size > file_size:
            raise NotRedactableError("a sample is outside the file")
        patches.append(Patch(offset, offset + size))
    if sample < len(sizes):
        raise NotRedactableError("a sample is in no chunk")
    return patches


def _read_sizes(table: bytes) -> Sequence[int]:
    size, count = struct.unpack_from(">4xII", table)
    return _read_numbers(table, 12, count, "I") if not size else [size] * _require_few(count)


def _read_offsets(tables: Mapping[bytes, bytes]) -> Sequence[int]:
    table, kind = (tables[b"stco"], "I") if b"stco" in tables else (tables[b"co64"], "Q")
    (count,) = struct.unpack_from(">4xI", table)
    return _read_numbers(table, 8, count, kind)


def _read_runs(table: bytes) -> list[tuple[int, int]]:
    """Return the first chunk, from 1, and the number of samples in each chunk of each run of chunks."""
    (count,) = struct.unpack_from(">4xI", table)
    values = _read_numbers(table, 8, count * 3, "I")
    return list(zip(values[::3], values[1::3], strict=True))


def _read_numbers(table: bytes, start: int, count: int, kind: str) -> Sequence[int]:
    return struct.unpack_from(f">{_require_few(count)}{kind}", table, start)


def _require_few(count: int) -> int:
    """Return a number of entries of a table.

    Raises:
        NotRedactableError: It is not plausible.
    """
    if count > MAX_SAMPLES:
        raise NotRedactableError("a table of samples is too long")
    return count
