"""POST /api/v1/uploads: upload files to be indexed."""

import filecmp
import mimetypes
import os
import re
from pathlib import Path, PurePosixPath

from flask import Blueprint, Response, jsonify
from werkzeug.datastructures import FileStorage

from search.errors import HomeError, NameConflictError, NotAllowedError, UsageError
from search.open_home import OpenHome
from search.records import Role, Task
from search.serializers import serialize_job
from web.access.caller import get_principal, record_activity
from web.contract.operation import FORM, Operation
from web.schemas.files import UploadForm
from web.schemas.library import Uploads
from web.upload_request import receive_files

# Characters that some file systems do not allow.
INVALID_CHARACTERS = re.compile(r'[\x00-\x1f<>:"|?*\\]')
# What file systems allow.
MAX_NAME_BYTES, MAX_PATH_BYTES = 255, 3_000
MAX_FOLDERS = 20
# In place of a name that only consists of spaces, before its suffix.
UNNAMED = "_"


def make_blueprint(library: OpenHome) -> Blueprint:
    """Return the upload route."""
    api = Blueprint("uploads", __name__, url_prefix="/api/v1/uploads")
    area = library.home.uploads

    @api.post("")
    @Operation(
        Uploads,
        202,
        role=Role.EDIT,
        creates=True,
        stores_files=True,
        bodies={FORM: UploadForm},
        errors=(HomeError, NameConflictError),
    )
    def store_files() -> tuple[Response, int]:
        """Store files in the home and queue a job that indexes them.

        A file name may contain folders. Each account has its own folder: its files never meet those of others.
        """
        folder = library.home.upload_folder(get_principal().account_id)
        try:
            area.mkdir(parents=True, exist_ok=True, mode=0o700)
            _require_readable(library, area)
            with receive_files(area) as received:
                files = [part for part in received.getlist("file") if part.filename]
                if not files:
                    raise UsageError(
                        "Send at least one file, with its name, as a part named `file` of multipart/form-data"
                    )
                names = [clean_name(part.filename or "") for part in files]
                folder.mkdir(exist_ok=True, mode=0o700)
                paths = [_store(folder, name, part) for name, part in zip(names, files, strict=True)]
        except OSError as error:
            raise HomeError(
                f"Cannot store the upload: {error.strerror or error}. Check the permissions and the free space of "
                f"{area}."
            ) from error
        job = library.jobs.add(Task(tuple(str(path) for path in paths)))
        record_activity(library, "upload", f"{len(paths)} files, {paths[0]}")
        rows = [{"name": part.filename, "path": str(path)} for part, path in zip(files, paths, strict=True)]
        return jsonify({"files": rows, "job": serialize_job(job)}), 202

    return api


def _require_readable(library: OpenHome, area: Path) -> None:
    """Raise NotAllowedError if the caller may not read what they upload; this comes before it is received."""
    source_id = library.sources.add(str(area))
    readable = get_principal().rights.sources
    if readable is not None and source_id not in readable:
        raise NotAllowedError("Your account may not read the uploads. Ask an admin.")


def clean_name(name: str) -> PurePosixPath:
    """Return a relative path, of folders and a name, that is safe to store an uploaded file at.

    Raises:
        UsageError: The name is empty, too long or has too many folders.
    """
    parts = [_clean_part(part) for part in name.replace("\\", "/").split("/")]
    parts = [part for part in parts if part]
    if not parts or len(parts) > MAX_FOLDERS:
        raise UsageError(f"file: {name!r} is not a valid file name")
    sizes = [len(part.encode(errors="replace")) for part in parts]
    if max(sizes) > MAX_NAME_BYTES or sum(sizes) > MAX_PATH_BYTES:
        raise UsageError(
            f"file: {name[:60]!r}… is too long. A part may have {MAX_NAME_BYTES} bytes, all together {MAX_PATH_BYTES}"
        )
    return PurePosixPath(*parts)


def _clean_part(part: str) -> str:
    """Return the name of a file or folder without characters that are not allowed, and not hidden."""
    cleaned = INVALID_CHARACTERS.sub("_", part).strip(". ")
    # Nothing but the suffix is left of a name such as "  .jpg".
    is_suffix = f".{cleaned}" == part.strip() and (part[0] == " " or mimetypes.guess_type(f"a.{cleaned}")[0])
    return f"{UNNAMED}.{cleaned}" if cleaned and is_suffix else cleaned


def number_name(path: Path, number: int) -> Path:
    """Return a path with a number added to its name, which is shortened if it would become too long."""
    ending = f" ({number}){path.suffix}"
    space = max(MAX_NAME_BYTES - len(ending.encode()), 1)
    return path.with_name(path.stem.encode()[:space].decode(errors="ignore") + ending)


def _store(folder: Path, name: PurePosixPath, part: FileStorage) -> Path:
    """Store a received file under its name and return its path.

    A number is added to a name that a file with another content has.
    """
    target = folder / name
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    except (FileExistsError, NotADirectoryError) as error:
        taken = next(path for path in reversed(name.parents) if (folder / path).is_file())
        raise NameConflictError(
            f"file: {taken} is a file, so nothing can be stored inside it. Rename {name}."
        ) from error
    part.stream.flush()
    os.fsync(part.stream.fileno())
    received = Path(part.stream.name)
    for number in range(1, 10_000):
        path = target if number == 1 else number_name(target, number)
        try:
            os.link(received, path)  # unlike a rename, this never replaces another file
        except FileExistsError:
            if not (path.is_file() and filecmp.cmp(received, path, shallow=False)):
                continue
        return path
    raise UsageError(f"file: too many files are named {name}")
