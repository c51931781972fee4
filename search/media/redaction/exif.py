"""EXIF data that only says which side of an image is up."""

import struct

ORIENTATION_TAG, SHORT = 0x0112, 3


def make_exif(orientation: int) -> bytes:
    """Return a TIFF header with a directory that has an orientation, 1 to 8, and nothing else."""
    return b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, ORIENTATION_TAG, SHORT, 1, orientation, 0, 0)
