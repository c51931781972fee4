"""Samples of a library for measurements and training."""

from collections.abc import Iterator
from pathlib import Path

from search.errors import UnreadableMediaError
from search.media.image.pillow import USEFUL_SIDE, PilImage, open_image
from search.open_home import OpenHome
from search.records import ItemType

# Files to try for each image, since some may be missing or unreadable.
CANDIDATES_PER_IMAGE = 4


def sample_images(library: OpenHome, count: int) -> Iterator[PilImage]:
    """Yield up to `count` images from all over the library; fewer if not enough files can be read."""
    for item in library.catalog.list_some(ItemType.IMAGE, CANDIDATES_PER_IMAGE * count):
        if count == 0:
            return
        try:
            image, _ = open_image(Path(item.path), USEFUL_SIDE)
        except (UnreadableMediaError, OSError):
            continue  # the next run of the indexer reports the error; another image is used instead
        count -= 1
        yield image


def sample_passages(library: OpenHome, count: int) -> list[str]:
    """Return up to `count` passages and spans of speech from all over the library."""
    return library.catalog.list_texts(count)
