"""The registry of file formats: find out what a file is, and decode it.

Each family declares its suffixes, signatures and decoder in its own module. To add a format, extend its family; to
add a family, list it in `FAMILIES`.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from indexer.decode.audio import AUDIO
from indexer.decode.content import FileSummary, Parts
from indexer.decode.document.document import DOCUMENT
from indexer.decode.document.subtitles import SUBTITLE_SUFFIXES
from indexer.decode.family import Family
from indexer.decode.image import IMAGE
from indexer.decode.sidecar_metadata import add_metadata, list_descriptions, read_metadata
from indexer.decode.video import VIDEO
from search.media.recording.tracks import probe
from search.records import ItemType

# Signatures are compared in this order: those of videos also match some audio files.
FAMILIES = (IMAGE, AUDIO, VIDEO, DOCUMENT)
BY_TYPE = {family.type: family for family in FAMILIES}
TYPES = {suffix: family.type for family in FAMILIES for suffix in family.suffixes}
# Suffixes that both a video format and a text format use.
AMBIGUOUS_SUFFIXES = {".ts"}
# Both use the same containers. Only opening a file shows whether it has video.
CONTAINER_TYPES = {ItemType.AUDIO, ItemType.VIDEO}
HEAD_BYTES = 4096


def recognize_content(path: Path) -> ItemType | None:
    """Return the type of a file by its content.

    Plain text counts as a document only if the file name has no suffix: under an unknown suffix it could be anything.

    Raises:
        OSError: The file cannot be read.
    """
    head = _read_head(path)
    recognized = next((family.type for family in FAMILIES if _has_content(family, path, head)), None)
    if recognized is not ItemType.DOCUMENT and is_text(head):  # a text can start with the signature of another format
        return None if path.suffix else ItemType.DOCUMENT
    return recognized


def choose_type(path: Path, expected: ItemType) -> ItemType:
    """Return the type of a file by its content, or the expected type if its content is ambiguous.

    Args:
        path: The file.
        expected: The type by the file's name.

    Raises:
        OSError: The file cannot be read.
    """
    if path.suffix.lower() in AMBIGUOUS_SUFFIXES:
        return ItemType.DOCUMENT if is_text(_read_head(path)) else expected
    recognized = recognize_content(path)
    return expected if recognized is None or {recognized, expected} == CONTAINER_TYPES else recognized


def decode_file(path: Path, expected: ItemType, sidecars: Sequence[Path] = ()) -> Parts:
    """Yield the parts of a file, its summary last, with the metadata in its sidecars.

    Args:
        path: The file.
        expected: The type by the file's name; the content can be of another type.
        sidecars: Files that belong to this one, such as its subtitles, the most important one first.

    Raises:
        UnreadableMediaError: The file cannot be decoded. Can be raised after any part. The message does not name the
            file.
    """
    item_type = choose_type(path, expected)
    if item_type in CONTAINER_TYPES:
        item_type = ItemType.VIDEO if probe(path).has_video else ItemType.AUDIO
    subtitles = [sidecar for sidecar in sidecars if sidecar.suffix.lower() in SUBTITLE_SUFFIXES]
    metadata = read_metadata(sidecars)
    for part in BY_TYPE[item_type].decode(path, subtitles):
        if isinstance(part, FileSummary):
            yield from list_descriptions(part.facts, metadata)
            yield replace(part, type=item_type, facts=add_metadata(part.facts, metadata))
        else:
            yield part


def is_text(head: bytes) -> bool:
    """Return whether bytes are the beginning of a text in UTF-8."""
    try:
        text = head.decode()
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4:  # the end may be in the middle of a character
            return False
        text = head[: error.start].decode()
    return bool(text) and all(character.isprintable() or character in "\n\r\t\f" for character in text)


def _has_content(family: Family, path: Path, head: bytes) -> bool:
    """Return whether a file belongs to a family by its content."""
    if any(head[signature.offset :].startswith(signature.values) for signature in family.signatures):
        return True
    return family.detect(path, head)


def _read_head(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(HEAD_BYTES)
