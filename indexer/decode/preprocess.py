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
    Scope,
    SpeechSample,
)
from indexer.decode.families import decode_file
from indexer.decode.speech import decode_speech
from indexer.decode.text_images import decode_text_images
from search.errors import CrossmodalError
from search.media.folder_dates import guess_from_names
from search.media.image.pillow import compute_phash, encode_thumbnail, make_placeholder
from search.media.image.transform import ImageTransform
from search.media.metadata import clean_facts, clean_segment
from search.paths import explain_read_error, is_read_error
from search.records import FileFacts, ItemType, MediaFacts, Segment


def prepare_file(file: FileFacts, transform: ImageTransform, scope: Scope = Scope.ALL) -> Messages:
    """Decode a file and yield the input of the models.

    Args:
        file: The file to decode.
        transform: Turns an image into the pixels that the image encoder takes.
        scope: What is decoded.

    Yields:
        Messages, the last of which is `Finished` or `Failed`.
    """
    try:
        if file.type is None:
            yield Failed("unknown file type")
            return
        if scope is Scope.TEXT:
            yield from decode_text_images(Path(file.path), file.type)
            yield Finished(MediaFacts(), None)
            return
        for part in _choose_parts(file, file.type, scope):
            if isinstance(part, DecodedImage):
                yield _prepare(part, transform)
            elif isinstance(part, FileSummary):
                yield _finish(part)
            else:
                yield clean_segment(part) if isinstance(part, Segment) else part
    except CrossmodalError as error:
        yield Failed(str(error))
    except MemoryError:
        yield Failed("decoding needs more memory than the limit for a decoder")
    except OSError as error:
        yield Failed(explain_read_error(error), is_temporary=is_read_error(error))
    except Exception as error:  # a bug in a decoder fails this file only, and is recorded
        yield Failed(f"cannot be decoded: {type(error).__name__}: {error}")


def _choose_parts(file: FileFacts, expected: ItemType, scope: Scope) -> Parts:
    """Return the parts of a file that are wanted."""
    if scope is Scope.SOUND:
        return decode_speech(Path(file.path))
    parts = _decode(file, expected)
    return _keep_images(parts) if scope is Scope.IMAGES else parts


def _decode(file: FileFacts, expected: ItemType) -> Parts:
    """Yield the parts of a file, with the date that its name or its folder adds to it."""
    path = Path(file.path)
    for part in decode_file(path, expected, file.sidecar_paths):
        if isinstance(part, FileSummary):
            yield replace(part, facts=add_guessed_date(part.facts, path, part.type or expected))
        else:
            yield part


def add_guessed_date(facts: MediaFacts, path: Path, item_type: ItemType) -> MediaFacts:
    """Return metadata with the date in the names of a path if the file itself has no date. Documents are excluded.

    Args:
        facts: The metadata of the file.
        path: The path of the file. A date that was guessed from another path is replaced.
        item_type: The type of the file.
    """
    if item_type is ItemType.DOCUMENT or (facts.captured_at and not facts.is_date_guessed):
        return facts
    captured_at, precision = guess_from_names(path) or (None, None)
    is_guessed = captured_at is not None
    return replace(facts, captured_at=captured_at, is_date_guessed=is_guessed, date_precision=precision)


def _prepare(part: DecodedImage, transform: ImageTransform) -> PreparedImage:
    segment = replace(clean_segment(part.segment), phash=compute_phash(part.image))
    return PreparedImage(segment, transform(part.image))


def _finish(summary: FileSummary) -> Finished:
    cover, facts = summary.thumbnail, clean_facts(summary.facts)
    if cover is None:
        return Finished(facts, None, summary.type, remark=summary.remark)
    facts = replace(facts, placeholder=make_placeholder(cover))
    return Finished(facts, encode_thumbnail(cover), summary.type, remark=summary.remark)


def _keep_images(parts: Parts) -> Parts:
    """Yield the images. Nothing is decoded after the first sound: all images come before it."""
    for part in parts:
        if isinstance(part, AudioChunk | SpeechSample):
            yield FileSummary(MediaFacts())
            return
        if isinstance(part, DecodedImage | FileSummary):
            yield part
