"""/api/v1/sources: the indexed folders."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, jsonify
from pydantic import BaseModel, ConfigDict, Field

from search.errors import UsageError
from search.exclusion import MAX_PATTERNS, check_patterns
from search.forget import forget_paths
from search.open_home import OpenHome
from search.paths import find_access_problem, is_below
from search.records import Role, Source, Task
from search.serializers import serialize_job, serialize_source
from search.status import list_unavailable
from search.storage.sources import Sources
from web.access.caller import record_activity, restrict_library
from web.api.body import parse_body
from web.contract.operation import JSON, Operation
from web.schemas.library import SourceList, SourceWithJob, SourceWithOptionalJob


class SourceChange(BaseModel):
    """What can be set for a source; null keeps the current value.

    Attributes:
        watch: Index changes as they happen.
        exclude: Patterns of files and folders that are not indexed, as in .gitignore.
        hidden: Index hidden files and folders.
    """

    model_config = ConfigDict(extra="forbid")

    watch: bool | None = None
    exclude: list[str] | None = Field(default=None, max_length=MAX_PATTERNS)
    hidden: bool | None = None


class SourceRequest(SourceChange):
    """A folder or file to index.

    Attributes:
        path: Its absolute path on the server.
        retry_failed: Retry files that failed before.
    """

    retry_failed: bool = False
    path: str = Field(min_length=1, max_length=4096, json_schema_extra={"pattern": "^/"})


def make_blueprint(library: OpenHome) -> Blueprint:
    """Return the source routes."""
    api = Blueprint("sources", __name__, url_prefix="/api/v1/sources")
    sources = library.sources

    @api.get("")
    @Operation(SourceList)
    def list_sources() -> Response:
        """List the indexed folders."""
        readable = restrict_library(library)
        unavailable = list_unavailable(readable)
        return jsonify({"sources": [_describe(source, unavailable) for source in readable.sources.list_all()]})

    @api.post("")
    @Operation(SourceWithJob, 202, role=Role.ADMIN, creates=True, bodies={JSON: SourceRequest})
    def add_source() -> tuple[Response, int]:
        """Add a folder or file on the server, set whether it is watched, and queue a job.

        If the path is inside a source, that source is returned.
        """
        new = parse_body(SourceRequest)
        if not new.path.startswith("/") or "\0" in new.path:
            raise UsageError(f"path: must be an absolute path on the server, not {new.path!r}")
        path = Path(os.path.normpath(new.path))
        root = Path(library.home.root)
        problem = find_access_problem(str(path))
        above = sources.find_above(str(path))
        # A known source that is unavailable is reported by its job, which keeps everything on it.
        if problem is not None and (above is None or above.path != str(path)):
            raise UsageError(f"path: {path} {problem} on the server")
        if path == root or root in path.parents:
            raise UsageError(f"path: {path} is inside the data directory of the library")
        exclude = None if new.exclude is None else check_patterns(new.exclude)
        source_id = above.id if above is not None else sources.add(str(path))
        _change(sources, source_id, new, exclude)
        job = library.jobs.add(Task((str(path),), new.retry_failed))
        record_activity(library, "source-added", str(path))
        source = sources.get(source_id)
        return jsonify(serialize_source(source, {}) | {"job": serialize_job(job)}), 202

    @api.patch("/<int:source_id>")
    @Operation(
        SourceWithOptionalJob,
        role=Role.ADMIN,
        bodies={JSON: SourceChange},
        statuses={202: "A job that applies the change is queued"},
    )
    def change_source(source_id: int) -> tuple[Response, int]:
        """Change a source, and queue a job if other files are indexed now.

        Items that are left out now are `skipped`, and keep their embeddings.
        """
        change = parse_body(SourceChange)
        source = sources.get(source_id)
        exclude = None if change.exclude is None else check_patterns(change.exclude)
        _change(sources, source_id, change, exclude)
        document = _describe(sources.get(source_id), list_unavailable(library))
        if exclude is None and change.hidden is None:
            return jsonify(document | {"job": None}), 200
        return jsonify(document | {"job": serialize_job(library.jobs.add(Task((source.path,))))}), 202

    @api.delete("/<int:source_id>")
    @Operation(status=204, role=Role.ADMIN)
    def forget_source(source_id: int) -> tuple[str, int]:
        """Forget a source and all its items. No file is changed."""
        path = sources.get(source_id).path
        library.jobs.cancel_below(path)
        forget_paths(library, [path])
        record_activity(library, "source-forgotten", path)
        return "", 204

    return api


def _change(sources: Sources, source_id: int, change: SourceChange, exclude: tuple[str, ...] | None) -> None:
    """Store the changes of a source; `exclude` has its patterns, checked."""
    if change.watch is not None:
        sources.watch(source_id, change.watch)
    sources.set_rules(source_id, exclude, change.hidden)


def _describe(source: Source, unavailable: Mapping[str, str]) -> dict[str, Any]:
    return serialize_source(source, {path: why for path, why in unavailable.items() if is_below(path, source.path)})
