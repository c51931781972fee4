"""POST /api/v1/uploads: files sent to be indexed."""

import hashlib
import os
import re
import tempfile
from pathlib import Path, PurePosixPath

from flask import Blueprint, Response, jsonify, request
from werkzeug.datastructures import FileStorage

from search.errors import HomeError, UsageError
from search.library import Library
from search.records import Task
from search.serializers import serialize_job

# What no file system takes, and what would hide a file.
UNFIT = re.compile(r'[\x00-\x1f<>:"|?*\\]')
LONGEST = 200
MAX_FOLDERS = 20


def make_blueprint(library: Library, limit: int) -> Blueprint:
    """Return the upload route. limit: largest request in bytes."""
    api = Blueprint("uploads", __name__, url_prefix="/api/v1/uploads")
    folder = library.home.uploads

    @api.post("")
    def take_files() -> tuple[Response, int]:
        request.max_content_length = limit
        files = [part for part in request.files.getlist("file") if part.filename]
        if not files:
            raise UsageError("send at least one file as a part named `file` of multipart/form-data, with its name")
        names = [clean_name(part.filename or "") for part in files]
        try:
            folder.mkdir(parents=True, exist_ok=True)
            paths = [_keep(folder, name, part) for name, part in zip(names, files, strict=True)]
        except OSError as error:
            raise HomeError(f"the upload cannot be kept: {error.strerror or error}") from error
        library.sources.add(str(folder))
        job = library.jobs.add(Task(tuple(str(path) for path in paths)))
        kept = [{"name": part.filename, "path": str(path)} for part, path in zip(files, paths, strict=True)]
        return jsonify({"files": kept, "job": serialize_job(job)}), 202

    return api


def clean_name(name: str) -> PurePosixPath:
    """Return a name, or folders and a name, as which an uploaded file can be kept. Raises UsageError."""
    parts = [UNFIT.sub("_", part).strip(". ") for part in name.replace("\\", "/").split("/")]
    parts = [part for part in parts if part]
    if not parts or len(parts) > MAX_FOLDERS:
        raise UsageError(f"file: {name!r} is no usable name for a file")
    if any(len(part.encode()) > LONGEST for part in parts):
        raise UsageError(f"file: a part of {name[:60]!r}… is longer than {LONGEST} bytes")
    return PurePosixPath(*parts)


def _keep(folder: Path, name: PurePosixPath, part: FileStorage) -> Path:
    """Write a file under its name, or under a numbered one where another file has it already; give its path."""
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=".", suffix=".part", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as out:
            part.save(out)
            out.flush()
            os.fsync(out.fileno())
        digest = _hash(Path(temporary))
        for number in range(1, 10_000):
            path = target if number == 1 else target.with_name(f"{target.stem} ({number}){target.suffix}")
            if path.exists() and _hash(path) == digest:
                return path
            try:
                os.link(temporary, path)  # unlike a renaming, never in place of another file
            except FileExistsError:
                continue
            path.chmod(0o644)
            return path
        raise UsageError(f"file: too many files are named {name}")
    finally:
        Path(temporary).unlink(missing_ok=True)


def _hash(path: Path) -> bytes:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "blake2b").digest()
