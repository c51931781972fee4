"""/api/v1/sources: the indexed folders."""

import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, jsonify
from pydantic import BaseModel, ConfigDict, Field

from search.errors import NotAllowedError, UsageError
from search.exclusion import MAX_PATTERNS, check_patterns
from search.forget import forget_paths
from search.open_home import OpenHome
from search.paths import find_access_problem, is_below
from search.protected import explain_protected
from search.records import Role, Source, Task
from search.serializers import serialize_job, serialize_source
from search.settings import SETTINGS_FILE
from search.status import list_unavailable
from search.storage.sources import Sources
from web.access.caller import record_activity, restrict_library
from web.api.body import parse_body
from web.contract.operation import JSON, Operation
from web.schemas.library import SourceList, SourceWithJob, SourceWithOptionalJob


class SourceChange(BaseModel):
    """What can be set for a source; null keeps the current value.

    Attributes:
        watched: Index changes as they happen.
        exclude: Patterns of files and folders that are not indexed, as in .gitignore.
        hidden: Index hidden files and folders.
    """

    model_config = ConfigDict(extra="forbid")

    watched: bool | None = None
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


def make_blueprint(library: OpenHome, allowed_roots: Sequence[Path]) -> Blueprint:
    """Return the source routes.

    Args:
        library: The library.
        allowed_roots: Folders that may be added, with all that is below.
    """
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

        It must be in a folder of the setting `allowed_roots`, or inside a source, which is returned then.
        The job makes sources below the folder a part of it; if accounts or keys have rights for one, this is refused.
        """
        new = parse_body(SourceRequest)
        above = sources.find_above(os.path.normpath(new.path))
        path = _check_path(new.path, library, allowed_roots, above)
        exclude = None if new.exclude is None else check_patterns(new.exclude)
        sources.require_mergeable(str(path), str(library.home.uploads))
        source_id = above.id if above is not None else sources.add(str(path))
        _change(sources, source_id, new, exclude)
        job = library.jobs.add(Task((str(path),), new.retry_failed))
        if above is None:
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
        forget_paths(library, [path])
        record_activity(library, "source-forgotten", path)
        return "", 204

    return api


def _check_path(text: str, library: OpenHome, allowed_roots: Sequence[Path], above: Source | None) -> Path:
    """Return the path of a new source.

    Args:
        text: The path as it was sent.
        library: The library.
        allowed_roots: The folders that may be added.
        above: The source that contains the path, if there is one.

    Raises:
        UsageError: It is not an absolute path, cannot be accessed, or is in the home.
        NotAllowedError: It may not be added.
    """
    if not text.startswith("/") or "\0" in text:
        raise UsageError(f"path: must be an absolute path on the server, not {text!r}")
    path, home = Path(os.path.normpath(text)), Path(library.home.root)
    if above is None:
        _require_allowed(path, allowed_roots, home)
    problem = find_access_problem(str(path))
    # A known source that is unavailable is reported by its job, which keeps everything on it.
    if problem is not None and (above is None or above.path != str(path)):
        raise UsageError(f"path: {path} {problem} on the server")
    if above is None:
        _require_safe(path, allowed_roots)
    if path == home or home in path.parents:
        raise UsageError(f"path: {path} is inside the data directory of the library")
    return path


def _require_allowed(path: Path, allowed_roots: Sequence[Path], home: Path) -> None:
    """Raise NotAllowedError unless a path is in a folder that may be added over REST.

    This comes before any access to the path, so that clients cannot probe which paths exist.
    """
    if not any(is_below(str(path), str(root)) for root in allowed_roots):
        command = f"crossmodal index {shlex.quote(str(path))}"
        raise NotAllowedError(
            f"path: {path} is not in a folder that may be added over REST. On the machine of the server, run "
            f'`{command}`, or add the line allowed_roots = ["{path}"] to {home / SETTINGS_FILE} and restart the server.'
        )


def _require_safe(path: Path, allowed_roots: Sequence[Path]) -> None:
    """Raise NotAllowedError if a path is protected, or leads out of the allowed folders by a symbolic link."""
    if (reason := explain_protected(str(path))) is not None:
        raise NotAllowedError(f"path: {path} is a {reason}. Choose another folder.")
    real = os.path.realpath(path)
    if not any(is_below(real, os.path.realpath(root)) for root in allowed_roots):
        raise NotAllowedError(f"path: {path} leads out of the allowed folders by a link. Choose another folder.")


def _change(sources: Sources, source_id: int, change: SourceChange, exclude: tuple[str, ...] | None) -> None:
    """Store the changes of a source; `exclude` has its patterns, checked."""
    if change.watched is not None:
        sources.watch(source_id, change.watched)
    sources.set_rules(source_id, exclude, change.hidden)


def _describe(source: Source, unavailable: Mapping[str, str]) -> dict[str, Any]:
    return serialize_source(source, {path: why for path, why in unavailable.items() if is_below(path, source.path)})
