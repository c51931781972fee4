"""POST /api/v1/forget: remove items from the library by path, or those that are missing."""

import os

from flask import Blueprint, Response, jsonify
from pydantic import BaseModel, ConfigDict, Field

from search.errors import NotFoundError, UsageError
from search.forget import forget_missing, forget_paths
from search.open_home import OpenHome
from search.records import Role
from web.access.caller import record_activity, restrict_library
from web.api.body import parse_body
from web.contract.operation import JSON, Operation
from web.schemas.library import Forgotten


class ForgetRequest(BaseModel):
    """What is removed from the library.

    Attributes:
        paths: Absolute paths of files and folders on the server. A source among them is removed with all its items.
        missing_for: Items whose file has been missing for this number of days are removed as well.
    """

    model_config = ConfigDict(extra="forbid")

    paths: list[str] = Field(default_factory=list, max_length=1000)
    missing_for: float | None = Field(None, ge=0, allow_inf_nan=False)


def make_blueprint(library: OpenHome) -> Blueprint:
    """Return the route."""
    api = Blueprint("forget", __name__, url_prefix="/api/v1/forget")

    @api.post("")
    @Operation(Forgotten, role=Role.ADMIN, creates=True, bodies={JSON: ForgetRequest}, errors=(NotFoundError,))
    def forget_files() -> Response:
        """Remove files and folders from the library, and items that are missing. Only uploaded files are deleted.

        If a path is not in the library, nothing is removed.
        """
        request = parse_body(ForgetRequest)
        if not request.paths and request.missing_for is None:
            raise UsageError("paths: name files or folders to forget, or set `missing_for`")
        readable = restrict_library(library)
        paths = [os.path.normpath(path) for path in request.paths]
        roots = {source.path for source in readable.sources.list_all()}.intersection(paths)
        count = forget_paths(readable, paths)
        for path in paths:
            record_activity(library, "source-forgotten" if path in roots else "files-forgotten", path)
        if request.missing_for is not None:
            count += forget_missing(readable, request.missing_for)
            record_activity(library, "missing-forgotten")
        return jsonify({"forgotten": count})

    return api
