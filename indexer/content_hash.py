"""Hash the content of files, by which copies and renamed files are recognized."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from search.deadline import check_deadline
from search.disk_guard import DISKS
from search.records import FileFacts

BUFFER_BYTES = 256 * 1024
# How much is read before it is checked again whether the disk responds.
PART_BYTES = 64 * 1024 * 1024


def hash_content(file: FileFacts, volume: str = "") -> str:
    """Return the BLAKE2b hash (128 bits, hexadecimal) of the contents of a file and its sidecars.

    Args:
        file: The file.
        volume: The folder at which its storage begins, if it is known.

    Raises:
        OSError: The file or a sidecar cannot be read, or their disk does not respond.
        CancelledError: This thread is to stop.
    """
    digest = hashlib.blake2b(digest_size=16)
    for _ in DISKS.iterate(volume or file.path, _hash_parts(file, digest)):
        check_deadline()
    return digest.hexdigest()


def _hash_parts(file: FileFacts, digest: hashlib.blake2b) -> Iterator[None]:
    """Add the contents of a file and its sidecars to a hash; yield after every 64 MiB."""
    buffer = memoryview(bytearray(BUFFER_BYTES))
    for path in (Path(file.path), *file.sidecar_paths):
        with path.open("rb", buffering=0) as stream:
            done = 0
            while size := stream.readinto(buffer):
                digest.update(buffer[:size])
                done += size
                if done >= PART_BYTES:
                    yield
                    done = 0
