"""Some of what a library holds, to measure and to train by."""

from collections.abc import Iterator
from pathlib import Path

from search.errors import UnreadableMediaError
from search.library import Library
from search.media.image.picture import USEFUL_SIDE, Picture, open_image
from search.records import ItemType

# So many times as many files are tried as are wanted: some may be gone.
TRIED = 4


def sample_images(library: Library, count: int) -> Iterator[Picture]:
    """Return some of the library's pictures, spread over it; fewer when there are not so many that can be read."""
    for item in library.catalog.list_some(ItemType.IMAGE, TRIED * count):
        if count == 0:
            return
        try:
            picture, _ = open_image(Path(item.path), USEFUL_SIDE)
        except (UnreadableMediaError, OSError):
            continue  # the next run of the indexer says what cannot be read; here any other will do
        count -= 1
        yield picture


def sample_passages(library: Library, count: int) -> list[str]:
    """Return some of the passages and spans of speech that the library holds, spread over it."""
    return library.catalog.list_texts(count)
