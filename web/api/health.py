"""/healthz, /readyz and /api/v1/status."""

from flask import Blueprint, Response, jsonify

from search.inspection import read_status
from search.library import Library


def make_blueprint(library: Library) -> Blueprint:
    """Give the routes by which a server is watched."""
    api = Blueprint("health", __name__)

    @api.get("/healthz")
    def show_health() -> Response:
        return jsonify({"status": "ok"})

    @api.get("/readyz")
    def show_readiness() -> Response:
        library.catalogue.read_revision()
        return jsonify({"status": "ready"})

    @api.get("/api/v1/status")
    def show_status() -> Response:
        return jsonify(read_status(library))

    return api
