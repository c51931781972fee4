"""A file made ready for the models: pixels, sound and text, one message after another."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from indexer.decode.content import AudioChunk, DecodedImage, FileSummary, Parts
from indexer.decode.decode import decode_file
from search.errors import CrossmodalError
from search.media.image.picture import compute_phash, encode_thumbnail, make_placeholder
from search.media.image.transform import ImageTransform
from search.records import FileFacts, ItemType, MediaFacts, Pixels, Segment


@dataclass(frozen=True)
class PreparedImage:
    """A picture as the model wants it, and the segment it is."""

    segment: Segment
    pixels: Pixels


@dataclass(frozen=True)
class Finished:
    """The file was decoded to its end. kind: the type that it turned out to be."""

    facts: MediaFacts
    thumbnail: bytes | None
    kind: ItemType | None = None


@dataclass(frozen=True)
class Failed:
    """The file could not be decoded, and why."""

    reason: str


Message = PreparedImage | AudioChunk | Segment | Finished | Failed
Messages = Iterator[Message]


def _finish(outline: FileSummary) -> Finished:
    cover = outline.thumbnail
    if cover is None:
        return Finished(outline.facts, None, outline.kind)
    return Finished(replace(outline.facts, placeholder=make_placeholder(cover)), encode_thumbnail(cover), outline.kind)


def _stop_at_sound(parts: Parts) -> Parts:
    """Return the parts of a file up to its sound, which comes behind all that is seen."""
    for part in parts:
        if isinstance(part, AudioChunk):
            yield FileSummary(MediaFacts())
            return
        yield part


def prepare_file(file: FileFacts, prepare: ImageTransform, images_only: bool = False) -> Messages:
    """Decode a file and give what the models need of it; the last message is `Finished` or `Failed`.

    images_only: leave out sound and text, and all of the file that comes behind its first sound.
    """
    try:
        if file.type is None:
            yield Failed("unknown file type")
            return
        parts = decode_file(Path(file.path), file.type, file.sidecar_path)
        for part in _stop_at_sound(parts) if images_only else parts:
            if isinstance(part, DecodedImage):
                segment = replace(part.segment, phash=compute_phash(part.picture))
                yield PreparedImage(segment, prepare(part.picture))
            elif isinstance(part, FileSummary):
                yield _finish(part)
            elif not images_only:
                yield part
    except CrossmodalError as error:
        yield Failed(str(error))
    except MemoryError:
        yield Failed("takes more memory to decode than a decoder may use")
    except OSError as error:
        yield Failed(f"cannot be read: {error.strerror or error}")
    except Exception as error:  # a decoder's own bug must cost one file, and be on record
        yield Failed(f"cannot be decoded: {type(error).__name__}: {error}")
