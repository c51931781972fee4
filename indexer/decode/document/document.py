"""The family of documents: passages of text with their pages, and images of pages without text."""

import zipfile
from collections.abc import Sequence
from pathlib import Path

from indexer.decode.content import Parts
from indexer.decode.document.epub import EPUB
from indexer.decode.document.mail import MAIL
from indexer.decode.document.office import OFFICE_FORMATS
from indexer.decode.document.pdf import PDF
from indexer.decode.document.rtf import RTF
from indexer.decode.document.subtitles import SUBTITLES
from indexer.decode.document.text import HTML, MARKDOWN, PLAIN
from indexer.decode.family import DocumentFormat, Family
from search.errors import UnreadableMediaError
from search.records import ItemType

FORMATS: tuple[DocumentFormat, ...] = (PLAIN, MARKDOWN, HTML, SUBTITLES, PDF, EPUB, RTF, MAIL, *OFFICE_FORMATS)
BY_SUFFIX = {suffix: entry for entry in FORMATS for suffix in entry.format.suffixes}
MAX_DOCUMENT_BYTES = 512 * 1024 * 1024
MAX_MIMETYPE_BYTES = 100
ZIP_SIGNATURE = b"PK\x03\x04"


def decode_document(path: Path, _subtitles: Sequence[Path]) -> Parts:
    """Yield the passages of a document; those of subtitles keep their times.

    Raises:
        UnreadableMediaError: The document is empty, too large or damaged.
    """
    if path.stat().st_size > MAX_DOCUMENT_BYTES:
        raise UnreadableMediaError(f"the document is larger than the limit of {MAX_DOCUMENT_BYTES // 2**20} MiB")
    body = path.read_bytes()
    if not body.strip():
        raise UnreadableMediaError("the document is empty")
    # A wrong suffix is common: the content decides where it can.
    document_format = _recognize_format(path, body) or BY_SUFFIX.get(path.suffix.lower(), PLAIN)
    yield from document_format.decode(body)


def _is_document(path: Path, head: bytes) -> bool:
    return _recognize_format(path, head) is not None


def _recognize_format(path: Path, head: bytes) -> DocumentFormat | None:
    """Return the format of a document by its content, None if the content does not decide."""
    if head.startswith(ZIP_SIGNATURE):
        return _recognize_archive(path)
    if path.suffix.lower() not in BY_SUFFIX and (entry := next((one for one in FORMATS if one.detect(head)), None)):
        return entry
    return next((entry for entry in FORMATS if entry.signature and head.startswith(entry.signature)), None)


def _recognize_archive(path: Path) -> DocumentFormat | None:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if "mimetype" in names:
                mimetype = archive.read("mimetype")[:MAX_MIMETYPE_BYTES].decode("ascii", "replace").strip()
                return next((entry for entry in FORMATS if entry.mimetype and entry.mimetype == mimetype), None)
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError, ValueError):
        return None
    folders = [entry for entry in FORMATS if entry.archive_folder]
    keys = [name.replace("\\", "/").lower() for name in names]
    return next((entry for entry in folders if any(key.startswith(entry.archive_folder) for key in keys)), None)


DOCUMENT = Family(
    type=ItemType.DOCUMENT,
    formats=tuple(entry.format for entry in FORMATS),
    decode=decode_document,
    detect=_is_document,
)
