"""From a file to what can be embedded: pictures, sound and passages of text, each with its place."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from indexer.decode.audio import decode_audio
from indexer.decode.content import FileSummary, Parts
from indexer.decode.document.document import decode_document
from indexer.decode.file_types import CONTAINERS, choose_kind
from indexer.decode.image import decode_image
from indexer.decode.video import decode_video
from search.media.container import probe
from search.records import ItemType

__all__ = ["decode_file"]


def _decode_text(path: Path, _sidecar: Path | None) -> Parts:
    return decode_document(path)


DECODERS: dict[ItemType, Callable[[Path, Path | None], Parts]] = {
    ItemType.IMAGE: decode_image,
    ItemType.AUDIO: decode_audio,
    ItemType.VIDEO: decode_video,
    ItemType.DOCUMENT: _decode_text,
}


def decode_file(path: Path, named: ItemType, sidecar: Path | None = None) -> Parts:
    """Return the parts of a file, its outline last. named: the type that its name says; its content may say another.

    Raises UnreadableMediaError with the reason, without naming the file, at any part.
    """
    kind = choose_kind(path, named)
    if kind in CONTAINERS:
        kind = ItemType.VIDEO if probe(path).has_video else ItemType.AUDIO
    for part in DECODERS[kind](path, sidecar):
        yield replace(part, kind=kind) if isinstance(part, FileSummary) else part
