"""/openapi.json and /docs: the OpenAPI document, and a page that shows it."""

import json
from functools import cache
from typing import Any

from flask import Blueprint, Flask, Response, current_app, render_template

from search import __version__
from web.contract.openapi import make_document
from web.contract.operation import JSON, Operation
from web.contract.outline import list_groups, list_schemas
from web.contract.problems import list_problem_types


def make_blueprint() -> Blueprint:
    """Return the routes of the reference."""
    api = Blueprint("reference", __name__)

    @api.get("/openapi.json")
    @Operation(media=(JSON,))
    def show_openapi() -> Response:
        """Return this document: OpenAPI 3.1."""
        return Response(json.dumps(_make(_get_app()), ensure_ascii=False), mimetype=JSON)

    @api.get("/docs")
    @Operation(media=("text/html",))
    def show_reference() -> str:
        """Show the reference of the REST API, with all problem types."""
        document = _make(_get_app())
        return render_template(
            "reference.html",
            document=document,
            groups=list_groups(document),
            schemas=list_schemas(document),
            problems=list_problem_types(),
        )

    return api


@cache
def _make(app: Flask) -> dict[str, Any]:
    return make_document(app, __version__)


def _get_app() -> Flask:
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return app
