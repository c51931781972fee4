"""From a file to what can be embedded: pictures, sound and passages of text, each with its place."""

from collections.abc import Callable
from pathlib import Path

from indexer.decoders.audio import decode_audio
from indexer.decoders.content import Parts
from indexer.decoders.document import decode_document
from indexer.decoders.image import decode_image
from indexer.decoders.video import decode_video
from search.records import ItemType

__all__ = ["decode_file"]

DECODERS: dict[ItemType, Callable[[Path], Parts]] = {
    ItemType.IMAGE: decode_image,
    ItemType.AUDIO: decode_audio,
    ItemType.VIDEO: decode_video,
    ItemType.DOCUMENT: decode_document,
}


def decode_file(path: Path, kind: ItemType) -> Parts:
    """Give the parts of a file of a type, its outline last.

    Raises UnreadableMediaError with the reason, without naming the file, at any part.
    """
    return DECODERS[kind](path)
