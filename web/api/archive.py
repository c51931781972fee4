"""GET /api/v1/archive: the files of several items as one ZIP. Home of zipstream."""

from pathlib import Path, PurePath

from flask import Blueprint, Response, request

from search.errors import NotFoundError, UsageError
from search.library import Library
from search.records import State

MAX_ITEMS = 10_000


def make_blueprint(library: Library) -> Blueprint:
    """Return the route."""
    api = Blueprint("archive", __name__, url_prefix="/api/v1/archive")

    @api.get("")
    def send_archive() -> Response:
        from zipstream import ZipStream

        items = library.catalog.read_items(_read_ids())
        paths = [Path(item.path) for item in items.values() if item.state is State.INDEXED]
        paths = [path for path in paths if path.is_file()]
        if not paths:
            raise NotFoundError("none of these items has a file that is there")
        # Stored as they are: media does not shrink. Nothing is ever held as a whole.
        archive = ZipStream(sized=True)
        for path, name in zip(paths, _name_apart(paths), strict=True):
            archive.add_path(str(path), name)
        response = Response(iter(archive), mimetype="application/zip")
        response.content_length = len(archive)
        response.headers["Content-Disposition"] = 'attachment; filename="crossmodal.zip"'
        return response

    return api


def _read_ids() -> list[int]:
    given = request.args.get("ids", "").split(",")
    if not all(one.isascii() and one.isdecimal() and len(one) < 19 for one in given):
        raise UsageError("ids must be numbers of items with commas between them")
    if len(given) > MAX_ITEMS:
        raise UsageError(f"ids: at most {MAX_ITEMS} at once, not {len(given)}")
    return [int(one) for one in given]


def _name_apart(paths: list[Path]) -> list[str]:
    """Return each file its name, with a number where another has it already."""
    names: list[str] = []
    taken: set[str] = set()
    for path in paths:
        name, number = path.name, 1
        while name.casefold() in taken:
            number += 1
            name = f"{PurePath(path.name).stem} ({number}){path.suffix}"
        taken.add(name.casefold())
        names.append(name)
    return names
