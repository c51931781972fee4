"""The files of a generation: synced when they are written, checked and mapped when they are read."""

import hashlib
import mmap
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from search.deadline import check_deadline
from search.records import Vectors

# Bytes of a file that are hashed before it is checked again whether this thread is to stop.
HASHED_TOGETHER = 16 * 1024 * 1024
# Files of a generation with more bytes than this together are not hashed before they are searched, if their sizes and
# times are as when they were written, but afterwards, by a thread that works this share of the time.
MAX_HASHED_BYTES = 64 * 1024 * 1024
HASHING_SHARE = 0.25


@dataclass(frozen=True)
class MappedFiles:
    """Files that are mapped into memory. The system ends a process that reads beyond the end of such a file.

    Attributes:
        maps: One map of each file.
    """

    maps: Sequence[mmap.mmap] = ()

    @property
    def are_complete(self) -> bool:
        """Whether each file is still as long as when it was mapped."""
        return all(mapped.size() >= len(mapped) for mapped in self.maps)


def map_files(paths: Sequence[Path]) -> MappedFiles:
    """Map files, to notice when they are cut. Empty files cannot be mapped and are left out."""
    maps = []
    for path in paths:
        with path.open("rb") as stream:
            if os.fstat(stream.fileno()).st_size:
                maps.append(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ))
    return MappedFiles(maps)


def map_array(path: Path) -> np.typing.NDArray[Any]:
    """Map an array that `np.save` has written. Rows of a plain array are read faster than rows of a `memmap`."""
    return np.asarray(np.load(path, mmap_mode="r"))


def map_vectors(path: Path, count: int, dimension: int) -> Vectors:
    """Map vectors that are stored row by row, shape (count, dimension), float16."""
    if not count:
        return np.zeros((0, dimension), "<f2")
    return np.asarray(np.memmap(path, "<f2", "r", shape=(count, dimension)))


def sync_file(path: Path) -> str:
    """Sync a file to disk and return its SHA-256. Raises CancelledError if this thread is to stop."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        os.fsync(stream.fileno())
        while block := stream.read(HASHED_TOGETHER):
            check_deadline()
            digest.update(block)
    return digest.hexdigest()


def _hash_file(path: Path, share: float) -> str:
    """Return the SHA-256 of a file. The thread works this share of the time, and sleeps during the rest."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        began = time.monotonic()
        while block := stream.read(HASHED_TOGETHER):
            digest.update(block)
            if share < 1:
                time.sleep((time.monotonic() - began) * (1 / share - 1))
                began = time.monotonic()
    return digest.hexdigest()


def read_stamp(path: Path) -> list[int]:
    """Return the size of a file in bytes and the time when it was changed, in nanoseconds."""
    found = path.stat()
    return [found.st_size, found.st_mtime_ns]


def are_as_written(folder: Path, stamps: Mapping[str, list[int]] | None) -> bool:
    """Return whether files are so large that they are hashed later, and have their sizes and times.

    Raises:
        FileNotFoundError: A file is missing.
    """
    if not stamps or sum(size for size, _ in stamps.values()) <= MAX_HASHED_BYTES:
        return False
    return all(read_stamp(folder / name) == stamp for name, stamp in stamps.items())


def are_intact(folder: Path, digests: Mapping[str, str], share: float = 1.0) -> bool:
    """Return whether every file has its SHA-256.

    Args:
        folder: The folder of the files.
        digests: The SHA-256 of each file by name, in hexadecimal.
        share: The share of the time that this thread works.
    """
    try:
        return all(_hash_file(folder / name, share) == digest for name, digest in digests.items())
    except FileNotFoundError:
        return False


def sync_folder(path: Path) -> None:
    """Sync the names of the files in a folder to disk."""
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
