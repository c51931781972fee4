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
from indexer.decode.image import MAX_SIDECAR_BYTES, XMP_SUFFIX
from search.errors import CrossmodalError
from search.media.dates import guess_date
from search.media.image.pillow import compute_phash, encode_thumbnail, make_placeholder
from search.media.image.transform import ImageTransform
from search.media.metadata import add_later_facts, clean_facts, clean_segment
from search.media.takeout import TAKEOUT_SUFFIX, read_takeout
from search.media.xmp import read_xmp
from search.paths import explain_read_error, is_read_error
from search.records import FileFacts, ItemType, MediaFacts, Segment, SegmentKind


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
        parts = _decode(file, file.type)
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
        yield Failed(explain_read_error(error), is_temporary=is_read_error(error))
    except Exception as error:  # a bug in a decoder fails this file only, and is recorded
        yield Failed(f"cannot be decoded: {type(error).__name__}: {error}")


def _decode(file: FileFacts, expected: ItemType) -> Parts:
    """Yield the parts of a file, with the metadata that a sidecar or the file name add to it."""
    sidecar, path = file.sidecar_path, Path(file.path)
    later = _read_metadata(sidecar, expected) if sidecar else None
    for part in decode_file(path, expected, sidecar if later is None else None):
        if not isinstance(part, FileSummary):
            yield part
            continue
        facts, later = part.facts, later or MediaFacts()
        if later.description and later.description != facts.description:
            yield Segment(SegmentKind.PASSAGE, later.description)
        facts = add_later_facts(facts, later)
        yield replace(part, facts=add_guessed_date(facts, path.name, part.type or expected))


def _read_metadata(sidecar: Path, expected: ItemType) -> MediaFacts | None:
    """Return the metadata in a sidecar; None if it is for the decoder: subtitles, and the XMP file of an image."""
    suffix = sidecar.suffix.lower()
    if suffix != TAKEOUT_SUFFIX and (suffix != XMP_SUFFIX or expected is ItemType.IMAGE):
        return None
    if sidecar.stat().st_size > MAX_SIDECAR_BYTES:
        return MediaFacts()
    body = sidecar.read_bytes()
    return read_takeout(body) if suffix == TAKEOUT_SUFFIX else read_xmp(body)


def add_guessed_date(facts: MediaFacts, name: str, item_type: ItemType) -> MediaFacts:
    """Return metadata with the date in the file name if the file itself has no date. Documents are excluded.

    Args:
        facts: The metadata of the file.
        name: The name of the file. A date that was guessed from another name is replaced.
        item_type: The type of the file.
    """
    if item_type is ItemType.DOCUMENT or (facts.captured_at and not facts.is_date_guessed):
        return facts
    guessed = guess_date(name)
    return replace(facts, captured_at=guessed, is_date_guessed=guessed is not None)


def _prepare(part: DecodedImage, transform: ImageTransform) -> PreparedImage:
    segment = replace(clean_segment(part.segment), phash=compute_phash(part.image))
    return PreparedImage(segment, transform(part.image))


def _finish(summary: FileSummary) -> Finished:
    cover, facts = summary.thumbnail, clean_facts(summary.facts)
    if cover is None:
        return Finished(facts, None, summary.type, remark=summary.remark)
    facts = replace(facts, placeholder=make_placeholder(cover))
    return Finished(facts, encode_thumbnail(cover), summary.type, remark=summary.remark)


def _stop_at_sound(parts: Parts) -> Parts:
    """Yield the parts before the first sound: all images come before it."""
    for part in parts:
        if isinstance(part, AudioChunk):
            yield FileSummary(MediaFacts())
            return
        yield part
