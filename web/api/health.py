"""/healthz, /readyz and /api/v1/status."""

import uuid

from flask import Blueprint, Response, jsonify

from search.engine import Engine
from search.errors import HomeError
from search.home import Home
from search.paths import write_atomically
from search.records import Role
from search.status import read_status
from web.access.caller import restrict_library
from web.contract.operation import Operation
from web.schemas.library import Health, Status

# A file system stores smaller files where a full disk has space.
PROBE_BYTES = 8192


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
        """Report whether the catalog can be read, and the home written."""
        engine.library.catalog.read_revision()
        _check_space(engine.library.home)
        return jsonify({"status": "ready"})

    @api.get("/api/v1/status")
    @Operation(Status)
    def show_status() -> Response:
        """Return the number of items by type and state, the models, the spaces and the disk use."""
        return jsonify(read_status(restrict_library(engine.get_current_library())))

    return api


def _check_space(home: Home) -> None:
    """Write a file into the home and delete it. Raises HomeError when that fails."""
    probe = home.root / f".ready-{uuid.uuid4().hex}"
    try:
        write_atomically(probe, bytes(PROBE_BYTES))
        probe.unlink()
    except OSError as error:
        raise HomeError(
            f"Cannot write to {home.root}: {error.strerror}. Free some space, or check the permissions."
        ) from error
