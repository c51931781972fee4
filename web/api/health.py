"""/healthz, /readyz and /api/v1/status."""

from flask import Blueprint, Response, jsonify

from search.engine import Engine
from search.status import read_status


def make_blueprint(engine: Engine) -> Blueprint:
    """Return the routes for monitoring."""
    api = Blueprint("health", __name__)

    @api.get("/healthz")
    def show_health() -> Response:
        return jsonify({"status": "ok"})

    @api.get("/readyz")
    def show_readiness() -> Response:
        engine.library.catalog.read_revision()
        return jsonify({"status": "ready"})

    @api.get("/api/v1/status")
    def show_status() -> Response:
        return jsonify(read_status(engine.get_current_library()))

    return api
