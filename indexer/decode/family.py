"""The records by which families of file formats, and formats of documents, are declared."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from indexer.decode.content import Parts
from search.records import ItemType


@dataclass(frozen=True)
class Signature:
    """Bytes at a fixed offset by which files of a family are recognized.

    Attributes:
        offset: The position in bytes from the start of the file.
        values: The possible byte strings at this position.
    """

    offset: int
    values: tuple[bytes, ...]


@dataclass(frozen=True)
class Format:
    """A file format as `docs/formats.md` lists it.

    Attributes:
        name: The name that users know.
        suffixes: Suffixes of file names, in lower case, with the dot.
        reads: What is indexed of a file.
        omits: What is not.
    """

    name: str
    suffixes: tuple[str, ...]
    reads: str
    omits: str = ""


@dataclass(frozen=True)
class Family:
    """File formats that are recognized and decoded in the same way.

    Attributes:
        type: The item type of the files.
        formats: The formats, each with its suffixes.
        decode: Yields the parts of a file, given its path and its subtitle files.
        signatures: Bytes by which the files are recognized.
        detect: A further check, given the path and the first bytes of a file.
        sidecars: Suffixes of files that belong to a file of this family with the same name.
    """

    type: ItemType
    formats: tuple[Format, ...]
    decode: Callable[[Path, Sequence[Path]], Parts]
    signatures: tuple[Signature, ...] = ()
    detect: Callable[[Path, bytes], bool] = lambda _path, _head: False
    sidecars: tuple[str, ...] = ()

    @property
    def suffixes(self) -> tuple[str, ...]:
        """The suffixes of all formats."""
        return tuple(suffix for entry in self.formats for suffix in entry.suffixes)


def split_suffixes(names: str) -> tuple[str, ...]:
    """Return the suffixes in a list of names that are separated by spaces."""
    return tuple(f".{name}" for name in names.split())


@dataclass(frozen=True)
class DocumentFormat:
    """How one format in the family of documents is recognized and decoded.

    Attributes:
        format: The format as the documentation lists it.
        decode: Yields the parts of a document, given the content of its file.
        signature: The first bytes of the files; empty if the format has no signature.
        mimetype: For a format in a ZIP archive, the content of its member `mimetype`.
        archive_folder: For a format in a ZIP archive, a folder that only this format has.
        detect: Whether the first bytes of a file whose name says nothing are of this format.
    """

    format: Format
    decode: Callable[[bytes], Parts]
    signature: bytes = b""
    mimetype: str = ""
    archive_folder: str = ""
    detect: Callable[[bytes], bool] = lambda _head: False
