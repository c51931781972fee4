"""Read the text in images: photos, scanned pages, video frames. Runs after the files are indexed.

The files can already be found when their text is read. The first run after an update reads the text in the images of
files that were indexed before. `look_for_text.py` chooses the photos that may have text; only these are decoded again.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from indexer.decode.content import Failed, Finished, Scope, TextImage
from indexer.decode.decode_pool import DecodePool
from indexer.decode.decoder import Decoder
from indexer.look_for_text import TextLook
from indexer.progress import Progress, TimeEstimate, assume_reading_costs
from indexer.summary import Profile
from indexer.text_blocks import join_frames, make_segments
from search.deadline import check_deadline
from search.encoders.ocr.engine import ImageTextReader, ReadLine
from search.errors import CrossmodalError
from search.open_home import OpenHome
from search.records import FileFacts, ItemType, Pixels, Retriever, Segment
from search.storable import clamp_integer
from search.storage.image_texts import ImageTexts, UnreadFile

if TYPE_CHECKING:
    from indexer.pipeline import Options

# A frame that differs at most this much (of 255) from the one before in every cell of a grid shows the same text.
MAX_SAME_CHANGE = 6
GRID = 64


@dataclass(frozen=True)
class FileTexts:
    """The last message of a file: the segments of its images, or that it cannot be read.

    Attributes:
        segments: The blocks of text.
        failure: Why the file could not be decoded; None if it could be.
        length: The length of a film in seconds; None if it is unknown.
    """

    segments: list[Segment] = field(default_factory=list)
    failure: Failed | None = None
    length: float | None = None


@dataclass(frozen=True)
class ReadFrame:
    """A message about a film of which a frame was read.

    Attributes:
        seconds: The time of the next frame, in seconds.
    """

    seconds: float


@dataclass(frozen=True)
class TextReading:
    """Reads the text in the images of one library.

    Attributes:
        library: The library.
        reader: Reads images.
        profile: The profile to add the time to.
    """

    library: OpenHome
    reader: ImageTextReader
    profile: Profile

    def run(self, roots: Sequence[str], options: "Options", progress: Progress, decoders: Sequence[Decoder]) -> None:
        """Read the text in all images that this reader has not read.

        Args:
            roots: The paths that are indexed.
            options: When to stop.
            progress: As in `run_index`.
            decoders: One for each file that is read at the same time.
        """
        texts = ImageTexts(self.library.database)
        unread = texts.list_unread(self.reader.fingerprint, roots)
        groups: dict[str, list[UnreadFile]] = {}
        for one in TextLook(self.library, self.reader, self.profile).choose(unread, options.check, progress):
            groups.setdefault(one.content_hash, []).append(one)
        files = {same[0].file.path: same for same in groups.values()}
        firsts = [same[0].file for same in files.values()]
        waiting, estimate = sum(map(len, files.values())), TimeEstimate(firsts, assume_reading_costs())
        with closing(DecodePool(self._read_file, firsts, decoders)) as pool:
            while not pool.is_over:
                options.check()
                for file, message in pool.take():
                    if isinstance(message, ReadFrame):
                        estimate.advance(file, message.seconds)
                        continue
                    self._save(texts, files[file.path], message)
                    pool.finish(file)
                    estimate.finish(file, message.length, message.failure is None)
                    waiting -= len(files[file.path])
                progress(len(unread) - waiting, len(unread), pool.oldest, estimate.seconds_left)

    def _read_file(self, decoder: Decoder, file: FileFacts) -> Iterator[FileTexts | ReadFrame]:
        """Yield what was read in the images of a file; called in the threads of the pool."""
        if not _is_unchanged(file):
            yield FileTexts(failure=Failed("the file changed since it was indexed", is_temporary=True))
            return
        segments: list[list[Segment]] = []
        failure: Failed | None = None
        length: float | None = None
        is_film = file.type is ItemType.VIDEO
        try:
            images = self._list_images(decoder.decode(file, Scope.TEXT))
            for message, lines in self._read_frames(images) if is_film else self._read_images(images):
                segments.append(make_segments(message, lines))
                if message.end is not None:
                    length = message.end
                    yield ReadFrame(length)
        except _DecodingError as error:
            failure = error.failure
        except CrossmodalError:
            raise
        except Exception:
            check_deadline()  # a run that is stopped closes its decoders
            logging.getLogger("crossmodal").exception("cannot read the text in %s", file.path)
        texts = join_frames(segments) if is_film else [one for part in segments for one in part]
        yield FileTexts(texts, failure, length)

    def _list_images(self, messages: Iterable[object]) -> Iterator[TextImage]:
        for message in messages:
            if isinstance(message, TextImage):
                yield message
            elif isinstance(message, Failed):
                raise _DecodingError(message)
            elif isinstance(message, Finished):
                return

    def _read_images(self, images: Iterable[TextImage]) -> Iterator[tuple[TextImage, list[ReadLine]]]:
        for image in images:
            with self.profile.measure("reading text"):
                yield image, self.reader.read(image.pixels)

    def _read_frames(self, images: Iterable[TextImage]) -> Iterator[tuple[TextImage, list[ReadLine]]]:
        """Yield the frames with their text. A frame that looks like the one before is not read again."""
        before: Pixels | None = None
        lines: list[ReadLine] = []
        for image in images:
            small = _shrink(image.pixels)
            if before is None or small.shape != before.shape or int(np.abs(small - before).max()) > MAX_SAME_CHANGE:
                with self.profile.measure("reading text"):
                    lines = self.reader.read(image.pixels) if self.reader.may_have_text(_preview(image.pixels)) else []
                before = small
            yield image, lines

    def _save(self, texts: ImageTexts, same: Sequence[UnreadFile], read: FileTexts) -> None:
        """Store the text of files with the same content. What is damaged is not decoded again by every run."""
        if read.failure is not None and read.failure.is_temporary:
            return
        passages = [segment.text or "" for segment in read.segments]
        encoder = self.library.models.text_encoder
        with self.profile.measure("texts", len(passages)):
            vectors = list(encoder.encode_passages(passages)) if passages else []
        space = self.library.indexes[Retriever.SEMANTIC].space_id
        texts.save(self.reader.fingerprint, [one.item_id for one in same], read.segments, vectors, space)


class _DecodingError(Exception):
    """A file cannot be decoded."""

    def __init__(self, failure: Failed) -> None:
        super().__init__(failure.reason)
        self.failure = failure


def _is_unchanged(file: FileFacts) -> bool:
    try:
        facts = Path(file.path).stat()
    except OSError:
        return False
    return (facts.st_size, clamp_integer(facts.st_mtime_ns)) == (file.size, file.mtime_ns)


def _preview(pixels: Pixels) -> Pixels:
    """Return about every second or third pixel of a frame: it is as large as a thumbnail then."""
    step = max(1, round(max(pixels.shape) / 512))
    return np.ascontiguousarray(pixels[::step, ::step])


def _shrink(pixels: Pixels) -> Pixels:
    """Return the mean brightness in the cells of a grid, as signed numbers."""
    height, width = (max(1, side // GRID) for side in pixels.shape[:2])
    rows, columns = pixels.shape[0] // height, pixels.shape[1] // width
    green = pixels[: rows * height, : columns * width, 1].reshape(rows, height, columns, width)
    means: Pixels = green.mean((1, 3)).astype(np.int16)
    return means
