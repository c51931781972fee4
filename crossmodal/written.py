"""Files that are written for users: whole, or not at all."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from crossmodal.arguments import PathName, resolve_path
from search.errors import UsageError


@contextmanager
def replacing(path: PathName) -> Iterator[Path]:
    """Yield the path of a new file for a `with` block; it gets the given path if the block succeeds.

    Raises:
        UsageError: The file cannot be written.
    """
    target = Path(resolve_path(path))
    partial = target.with_name(f".{uuid.uuid4().hex}{target.suffix}")
    try:
        partial.touch()
        yield partial
        partial.replace(target)
    except OSError as error:
        raise UsageError(f"Cannot write {target}: {error.strerror}. Choose another file.") from error
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def writing(path: PathName) -> Iterator[IO[bytes]]:
    """Yield a new file for a `with` block; see `replacing`."""
    with replacing(path) as partial, partial.open("wb") as file:
        yield file
