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
from search.records import FileFacts, MediaFacts


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
                yield PreparedImage(replace(part.segment, phash=compute_phash(part.image)), transform(part.image))
            elif isinstance(part, FileSummary):
                yield _finish(part)
            elif not images_only:
                yield part
    except CrossmodalError as error:
        yield Failed(str(error))
    except MemoryError:
        yield Failed("decoding needs more memory than the limit for a decoder")
    except OSError as error:
        yield Failed(f"cannot be read: {error.strerror or error}")
    except Exception as error:  # a bug in a decoder fails this file only, and is recorded
        yield Failed(f"cannot be decoded: {type(error).__name__}: {error}")


def _finish(summary: FileSummary) -> Finished:
    cover = summary.thumbnail
    if cover is None:
        return Finished(summary.facts, None, summary.type, remark=summary.remark)
    facts = replace(summary.facts, placeholder=make_placeholder(cover))
    return Finished(facts, encode_thumbnail(cover), summary.type, remark=summary.remark)


def _stop_at_sound(parts: Parts) -> Parts:
    """Yield the parts before the first sound: all images come before it."""
    for part in parts:
        if isinstance(part, AudioChunk):
            yield FileSummary(MediaFacts())
            return
        yield part
