"""/api/v1/sources: the indexed folders."""

import os
from pathlib import Path

from flask import Blueprint, Response, jsonify
from pydantic import BaseModel, ConfigDict, Field

from search.errors import UsageError
from search.forget import forget_paths
from search.open_home import OpenHome
from search.records import Task
from search.serializers import serialize_job, serialize_source
from web.api.body import parse_body
from web.contract.operation import JSON, Operation
from web.schemas.library import SourceList, SourceWithJob


class SourceRequest(BaseModel):
    """A folder or file to index.

    Attributes:
        path: Its absolute path on the server.
        watch: Index changes as they happen; null keeps the current value.
    """

    model_config = ConfigDict(extra="forbid")

    path: str = Field(min_length=1, max_length=4096, json_schema_extra={"pattern": "^/"})
    watch: bool | None = None


def _exists(path: Path) -> bool:
    """Return whether a path exists and may be read; False also for names that no file system can have."""
    try:
        return path.exists()
    except OSError:
        return False


def make_blueprint(library: OpenHome) -> Blueprint:
    """Return the source routes."""
    api = Blueprint("sources", __name__, url_prefix="/api/v1/sources")
    sources = library.sources

    @api.get("")
    @Operation(SourceList)
    def list_sources() -> Response:
        """List the indexed folders."""
        rows = [serialize_source(source, Path(source.path).exists()) for source in sources.list_all()]
        return jsonify({"sources": rows})

    @api.post("")
    @Operation(SourceWithJob, 202, creates=True, bodies={JSON: SourceRequest})
    def add_source() -> tuple[Response, int]:
        """Add a folder or file on the server, set whether it is watched, and queue a job.

        If the path is inside a source, that source is returned.
        """
        new = parse_body(SourceRequest)
        if not new.path.startswith("/") or "\0" in new.path:
            raise UsageError(f"path: must be an absolute path on the server, not {new.path!r}")
        path = Path(os.path.normpath(new.path))
        root = Path(library.home.root)
        if not _exists(path):
            raise UsageError(f"path: {path} does not exist on the server")
        if path == root or root in path.parents:
            raise UsageError(f"path: {path} is inside the data directory of the library")
        above = sources.find_above(str(path))
        source_id = above.id if above is not None else sources.add(str(path))
        if new.watch is not None:
            sources.watch(source_id, new.watch)
        job = library.jobs.add(Task((str(path),)))
        source = sources.get(source_id)
        return jsonify(serialize_source(source, True) | {"job": serialize_job(job)}), 202

    @api.delete("/<int:source_id>")
    @Operation(status=204)
    def forget_source(source_id: int) -> tuple[str, int]:
        """Forget a source and all its items. No file is changed."""
        path = sources.get(source_id).path
        library.jobs.cancel_below(path)
        forget_paths(library, [path])
        return "", 204

    return api
