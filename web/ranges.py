"""Send files and the byte ranges of them that clients request, as RFC 9110 says."""

import io
import os
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from flask import Response, current_app, request
from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.utils import send_file

from search.media.image.motion_photo import Span
from search.media.redaction.patches import Patch, PatchedFile
from search.paths import make_download_name

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# One range: the first and the last byte, or the number of bytes at the end.
RANGE = re.compile(r"bytes\s*=\s*,*\s*(\d{0,18})\s*-\s*(\d{0,18})\s*,*\s*", re.IGNORECASE)

BLOCK_BYTES = 256 * 1024
# The last moment that a date in a header can express, in seconds since 1970.
MAX_HTTP_DATE = 253_402_300_799.0


@dataclass(frozen=True)
class Content:
    """A file, or a part of one, that is sent.

    Attributes:
        facts: The size and the modification time of the file.
        size: The number of bytes that can be sent.
        mark: Distinguishes it from other parts and forms of the file.
        mime_type: The media type.
    """

    facts: os.stat_result
    size: int
    mark: str
    mime_type: str


def send_ranges(
    path: Path,
    mime_type: str,
    name: str | None = None,
    max_age: int | None = None,
    is_download: bool = False,
    patches: Sequence[Patch] = (),
) -> Response:
    """Return a response with a file, or with the range of it that was requested.

    Args:
        path: The file.
        mime_type: Its media type.
        name: The file name for a download, if it shall be sent.
        max_age: How long a client may keep the file without asking again, in seconds.
        is_download: Whether browsers store the file instead of showing it.
        patches: The parts of the file that are replaced.

    Raises:
        RequestedRangeNotSatisfiable: The range starts after the end of the file.
    """
    # A header cannot contain line ends, nor bytes of a name that are not valid in UTF-8.
    name = name and make_download_name(name.encode(errors="replace").decode())
    facts, mark = path.stat(), f"{zlib.crc32(os.fsencode(path)):x}{'-r' * bool(patches)}"
    body = _buffer(PatchedFile(path, patches)) if patches else path
    content = Content(facts, facts.st_size, mark, mime_type)
    return _respond(body, content, as_attachment=is_download, download_name=name, max_age=max_age)


def send_part(path: Path, span: Span, mime_type: str) -> Response:
    """Return a response with a part of a file, or with the range of the part that was requested.

    Args:
        path: The file.
        span: The part.
        mime_type: The media type of the part.

    Raises:
        RequestedRangeNotSatisfiable: The range starts after the end of the part.
    """
    return _respond(_buffer(FilePart(path, span)), Content(path.stat(), span.length, f"{span.start:x}", mime_type))


def _buffer(stream: io.RawIOBase) -> IO[bytes]:
    return cast(IO[bytes], io.BufferedReader(stream, BLOCK_BYTES))


def _respond(body: Path | IO[bytes], content: Content, **options: Any) -> Response:
    """Return a response with a file or a part of it, or with the requested range.

    Args:
        body: The file, or a stream of what is sent of it.
        content: What is sent.
        **options: Further arguments of Werkzeug's `send_file`.
    """
    facts, environ = content.facts, _make_environ(content.size)
    response = send_file(
        body,
        environ,
        content.mime_type,
        conditional=False,
        last_modified=max(0.0, min(facts.st_mtime, MAX_HTTP_DATE)),
        etag=f"{facts.st_mtime_ns:x}-{facts.st_size:x}-{content.mark}",
        response_class=current_app.response_class,
        **options,
    )
    response.content_length = content.size
    assert isinstance(response, Response)
    try:
        response.make_conditional(environ, accept_ranges=True, complete_length=content.size)
    except RequestedRangeNotSatisfiable:
        response.close()
        raise
    return response


class FilePart(io.RawIOBase):
    """A part of a file that is read like a whole one."""

    def __init__(self, path: Path, span: Span) -> None:
        """Open the file.

        Args:
            path: The file.
            span: The part.
        """
        self._file = path.open("rb")
        self._span = span
        self._position = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the position in the part."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a position in the part, and return it."""
        bases = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._span.length}
        self._position = max(0, bases[whence] + offset)
        return self._position

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Fill a buffer with the next bytes of the part, and return their number."""
        view = memoryview(buffer)
        count = max(0, min(len(view), self._span.length - self._position))
        self._file.seek(self._span.start + self._position)
        body = self._file.read(count)
        view[: len(body)] = body
        self._position += len(body)
        return len(body)

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()


def _make_environ(size: int) -> dict[str, Any]:
    """Return the environment of the current request, with the range to send if one is.

    Args:
        size: The number of bytes that can be sent.
    """
    environ = dict(request.environ)
    requested = environ.pop("HTTP_RANGE", None)
    # Ranges are only defined for GET.
    is_ranged = requested is not None and request.method == "GET"
    if is_ranged and (chosen := choose_range(requested, size)) is not None:
        environ["HTTP_RANGE"] = chosen
    return environ


def choose_range(requested: str, size: int) -> str | None:
    """Return the range to send, as the value of a header, or None to send the whole file.

    A server may ignore ranges. Several ranges, other units, and ranges that are not valid are ignored. A suffix that is
    longer than the file is the whole file.

    Args:
        requested: The value of the header `Range`.
        size: The size of the file in bytes.
    """
    match = RANGE.fullmatch(requested.strip())
    if match is None or not size or not (match[1] or match[2]):
        return None
    if not match[1]:
        return f"bytes=-{min(int(match[2]), size)}" if int(match[2]) else f"bytes={size}-"
    if match[2] and int(match[2]) < int(match[1]):
        return None
    return f"bytes={match[1]}-{match[2]}"
