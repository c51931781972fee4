"""A quick look at the photos whose text is still to be read: most show none, and need not be decoded again."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from indexer.decode.image import PAGED_SUFFIXES
from indexer.progress import Progress, TimeEstimate, assume_looking_costs, assume_reading_costs
from indexer.summary import Profile
from search.encoders.ocr.engine import ImageTextReader
from search.encoders.ocr.probe import DEFAULT_PRIOR, find_probe
from search.errors import CrossmodalError
from search.media.image.pillow import open_image
from search.open_home import OpenHome
from search.records import ItemType, Pixels, Retriever, Vectors
from search.storage.image_texts import ImageTexts, UnreadFile

# How many thumbnails are looked at before the result is stored.
LOOKED_AT_TOGETHER = 256
# Files named like this are screenshots, whose small print does not look like text in a thumbnail: they are read.
SCREEN_NAMES = ("screenshot", "bildschirmfoto", "截图", "截屏")
# So are PNG files that are drawn: at least this share of the pixels hardly differ from the one to their left.
DRAWN_SUFFIX = ".png"
MIN_FLAT_SHARE, MAX_FLAT_CHANGE = 0.6, 1


@dataclass(frozen=True)
class TextLook:
    """Decides which files of one library may have text in their images.

    Attributes:
        library: The library.
        reader: Reads images.
        profile: The profile to add the time to.
    """

    library: OpenHome
    reader: ImageTextReader
    profile: Profile

    def choose(self, unread: Sequence[UnreadFile], check: Callable[[], None], progress: Progress) -> list[UnreadFile]:
        """Return the files that may have text. The others are marked as read.

        Args:
            unread: The files whose text was not read, photos first.
            check: Raises an exception to end the run.
            progress: As in `run_index`.
        """
        photos = [one for one in unread if one.file.type is ItemType.IMAGE]
        others = [one for one in unread if one.file.type is not ItemType.IMAGE]
        texts, wanted = ImageTexts(self.library.database), list[UnreadFile]()
        estimate = TimeEstimate([one.file for one in photos], assume_looking_costs())
        with ThreadPoolExecutor(self.reader.streams, thread_name_prefix="look") as pool:
            for start in range(0, len(photos), LOOKED_AT_TOGETHER):
                check()
                block = photos[start : start + LOOKED_AT_TOGETHER]
                with self.profile.measure("looking for text", len(block)):
                    priors = self._read_priors(texts, block)
                    seen = list(pool.map(partial(self._may_have_text, priors), block))
                texts.mark_read(
                    self.reader.fingerprint,
                    [one.item_id for one, is_wanted in zip(block, seen, strict=True) if not is_wanted],
                )
                wanted += [one for one, is_wanted in zip(block, seen, strict=True) if is_wanted]
                for one in block:
                    estimate.finish(one.file, None)
                to_read = TimeEstimate([one.file for one in [*wanted, *others]], assume_reading_costs())
                done = len(photos) - estimate.file_count - len(wanted)
                progress(done, len(unread), block[-1].file.path, estimate.seconds_left + to_read.seconds_left)
        return [*wanted, *others]

    def _read_priors(self, texts: ImageTexts, photos: Sequence[UnreadFile]) -> dict[int, float]:
        """Return what the stored vectors of photos say about text in them, by item."""
        probe = find_probe(self.library.models.image_encoder.fingerprint)
        if probe is None:
            return {}
        space = self.library.indexes[Retriever.VISUAL].space_id
        vectors: Mapping[int, Vectors] = texts.read_vectors([one.item_id for one in photos], space)
        return {item: probe.measure(vector) for item, vector in vectors.items()}

    def _may_have_text(self, priors: Mapping[int, float], unread: UnreadFile) -> bool:
        path = Path(unread.file.path)
        if path.suffix.lower() in PAGED_SUFFIXES or any(name in path.stem.lower() for name in SCREEN_NAMES):
            return True
        try:
            thumbnail, _ = open_image(self.library.home.thumbnail(unread.item_id))
        except (OSError, CrossmodalError):
            return True  # there is none
        pixels = np.asarray(thumbnail, np.uint8)
        if path.suffix.lower() == DRAWN_SUFFIX and is_drawn(pixels):
            return True
        return self.reader.may_have_text(pixels, priors.get(unread.item_id, DEFAULT_PRIOR))


def is_drawn(image: Pixels) -> bool:
    """Return whether an image has large flat areas, as screenshots and diagrams have, and few photos.

    Args:
        image: RGB, shape (height, width, 3), uint8; about as large as a thumbnail.
    """
    changes = np.abs(np.diff(image[:, :, 1].astype(np.int16), axis=1))
    return bool(changes.size) and float((changes <= MAX_FLAT_CHANGE).mean()) >= MIN_FLAT_SHARE
