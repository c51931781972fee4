"""/healthz, /readyz and /api/v1/status."""

from flask import Blueprint, Response, jsonify

from search.engine import Engine
from search.errors import HomeError
from search.records import Role
from search.status import read_status
from web.access.caller import restrict_library
from web.contract.operation import Operation
from web.schemas.library import Health, Status


def make_blueprint(engine: Engine) -> Blueprint:
    """Return the routes for monitoring."""
    api = Blueprint("health", __name__)

    @api.get("/healthz")
    @Operation(Health, role=Role.NONE)
    def show_health() -> Response:
        """Report that the process runs."""
        return jsonify({"status": "ok"})

    @api.get("/readyz")
    @Operation(Health, role=Role.NONE, errors=(HomeError,))
    def show_readiness() -> Response:
        """Report whether the catalog can be read."""
        engine.library.catalog.read_revision()
        return jsonify({"status": "ready"})

    @api.get("/api/v1/status")
    @Operation(Status)
    def show_status() -> Response:
        """Return the number of items by type and state, the models, the spaces and the disk use."""
        return jsonify(read_status(restrict_library(engine.get_current_library())))

    return api
