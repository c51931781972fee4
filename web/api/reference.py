"""/openapi.json and /docs: the OpenAPI document, and a page that shows it."""

import json
from typing import Any

from flask import Blueprint, Response, current_app, render_template, request

from search import __version__
from search.records import Role
from web.contract.openapi import make_document
from web.contract.operation import JSON, Operation
from web.contract.outline import list_groups, list_schemas
from web.contract.problems import list_problem_types

# Where an application keeps its document.
EXTENSION = "crossmodal_openapi"


def make_blueprint() -> Blueprint:
    """Return the routes of the reference."""
    api = Blueprint("reference", __name__)

    @api.get("/openapi.json")
    @Operation(media=(JSON,), role=Role.NONE)
    def show_openapi() -> Response:
        """Return this document: OpenAPI 3.1."""
        document = _get_document() | {"servers": [{"url": request.script_root or "/"}]}
        return Response(json.dumps(document, ensure_ascii=False), mimetype=JSON)

    @api.get("/docs")
    @Operation(media=("text/html",), role=Role.NONE)
    def show_reference() -> str:
        """Show the reference of the REST API, with all problem types."""
        document = _get_document()
        return render_template(
            "reference.html",
            document=document,
            groups=list_groups(document),
            schemas=list_schemas(document),
            problems=list_problem_types(),
        )

    return api


def _get_document() -> dict[str, Any]:
    """Return the document of the current application, which is made once."""
    if EXTENSION not in current_app.extensions:
        current_app.extensions[EXTENSION] = make_document(current_app, __version__)
    document: dict[str, Any] = current_app.extensions[EXTENSION]
    return document
