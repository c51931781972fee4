"""Decode a file into the input of the models: pixels, sound and text, one message after another."""

from dataclasses import replace
from pathlib import Path

from indexer.decode.content import (
    AudioChunk,
    DecodedImage,
    Failed,
    FileSummary,
    Finished,
    Messages,
    Parts,
    PreparedImage,
)
from indexer.decode.families import decode_file
from search.errors import CrossmodalError
from search.media.image.pillow import compute_phash, encode_thumbnail, make_placeholder
from search.media.image.transform import ImageTransform
from search.media.metadata import clean_facts, clean_segment
from search.paths import is_read_error
from search.records import FileFacts, MediaFacts, Segment


def prepare_file(file: FileFacts, transform: ImageTransform, images_only: bool = False) -> Messages:
    """Decode a file and yield the input of the models.

    Args:
        file: The file to decode.
        transform: Turns an image into the pixels that the image encoder takes.
        images_only: Leave out sound and text, and everything after the first sound.

    Yields:
        Messages, the last of which is `Finished` or `Failed`.
    """
    try:
        if file.type is None:
            yield Failed("unknown file type")
            return
        parts = decode_file(Path(file.path), file.type, file.sidecar_path)
        for part in _stop_at_sound(parts) if images_only else parts:
            if isinstance(part, DecodedImage):
                yield _prepare(part, transform)
            elif isinstance(part, FileSummary):
                yield _finish(part)
            elif not images_only:
                yield clean_segment(part) if isinstance(part, Segment) else part
    except CrossmodalError as error:
        yield Failed(str(error))
    except MemoryError:
        yield Failed("decoding needs more memory than the limit for a decoder")
    except OSError as error:
        yield Failed(f"cannot be read: {error.strerror or error}", is_temporary=is_read_error(error))
    except Exception as error:  # a bug in a decoder fails this file only, and is recorded
        yield Failed(f"cannot be decoded: {type(error).__name__}: {error}")


def _prepare(part: DecodedImage, transform: ImageTransform) -> PreparedImage:
    segment = replace(clean_segment(part.segment), phash=compute_phash(part.image))
    return PreparedImage(segment, transform(part.image))


def _finish(summary: FileSummary) -> Finished:
    cover, facts = summary.thumbnail, clean_facts(summary.facts)
    if cover is None:
        return Finished(facts, None, summary.type)
    return Finished(replace(facts, placeholder=make_placeholder(cover)), encode_thumbnail(cover), summary.type)


def _stop_at_sound(parts: Parts) -> Parts:
    """Yield the parts before the first sound: all images come before it."""
    for part in parts:
        if isinstance(part, AudioChunk):
            yield FileSummary(MediaFacts())
            return
        yield part
