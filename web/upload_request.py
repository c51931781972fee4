"""Requests whose files are written to the folder that they stay in, so that they need their size on disk only once."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Any, cast

from flask import Request, request
from werkzeug.datastructures import FileStorage, ImmutableMultiDict

from search.home import RECEIVED_PREFIX, RECEIVED_SUFFIX


class UploadRequest(Request):
    """A request that can write the files of its form to a folder instead of to that for temporary files."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Create the request, as Flask does."""
        super().__init__(*args, **kwargs)
        self.folder: Path | None = None
        self.received: list[IO[bytes]] = []

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        """Return the file that the form parser writes a part to."""
        if self.folder is None:
            return super()._get_file_stream(total_content_length, content_type, filename, content_length)
        prefix, suffix = RECEIVED_PREFIX, RECEIVED_SUFFIX
        file = NamedTemporaryFile(prefix=prefix, suffix=suffix, dir=self.folder)  # noqa: SIM115 - closed later
        self.received.append(cast(IO[bytes], file))
        return self.received[-1]


@contextmanager
def receive_files(folder: Path) -> Iterator[ImmutableMultiDict[str, FileStorage]]:
    """Receive the files of the current request in a folder; they are removed after the `with` block.

    A file is kept by another link to it.

    Raises:
        OSError: A file cannot be written.
    """
    receiving = cast(UploadRequest, request)
    receiving.folder = folder
    try:
        yield receiving.files
    finally:
        for file in receiving.received:
            with suppress(FileNotFoundError):
                file.close()
