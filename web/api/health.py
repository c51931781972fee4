"""/healthz, /readyz and /api/v1/status."""

import os
import threading
import time
from pathlib import Path
from tempfile import TemporaryFile

from flask import Blueprint, Response, jsonify

from search.disk_guard import DISKS
from search.engine import Engine
from search.errors import HomeError, LoadingError
from search.records import Role
from search.status import read_status
from web.access.caller import restrict_library
from web.contract.operation import Operation
from web.schemas.library import Health, Status

# A file system stores smaller files where a full disk has space.
PROBE_BYTES = 8192
VALID_SECONDS = 5.0


def make_blueprint(engine: Engine) -> Blueprint:
    """Return the routes for monitoring."""
    api = Blueprint("health", __name__)
    space = SpaceCheck(engine.library.home.root)

    @api.get("/healthz")
    @Operation(Health, role=Role.NONE)
    def show_health() -> Response:
        """Report that the process runs."""
        return jsonify({"status": "ok"})

    @api.get("/readyz")
    @Operation(Health, role=Role.NONE, errors=(HomeError, LoadingError))
    def show_readiness() -> Response:
        """Report whether the catalog can be read, the home written, and all is loaded that a search needs."""
        engine.library.catalog.read_revision()
        space.require()
        missing = ", ".join(engine.warming.missing)
        if engine.warming.failure:
            raise HomeError(f"Cannot load {missing}: {engine.warming.failure} Then restart the server.")
        if missing:
            raise LoadingError(f"Loading {missing}. A search that is sent now waits for that, and is answered then.")
        return jsonify({"status": "ready"})

    @api.get("/api/v1/status")
    @Operation(Status)
    def show_status() -> Response:
        """Return the number of items by type and state, the models, the spaces and the disk use."""
        return jsonify(read_status(restrict_library(engine.get_current_library())))

    return api


class SpaceCheck:
    """Checks that the home can be written to. Thread-safe.

    Anyone may ask as often as they want, so the answer is kept for some seconds.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._valid_until = 0.0
        self._problem: str | None = None

    def require(self) -> None:
        """Raise HomeError if the home cannot be written to."""
        with self._lock:
            if time.monotonic() >= self._valid_until:
                self._problem = self._find_problem()
                self._valid_until = time.monotonic() + VALID_SECONDS
            problem = self._problem
        if problem is not None:
            raise HomeError(f"Cannot write to {self._folder}: {problem}. Free some space, or check the permissions.")

    def _find_problem(self) -> str | None:
        """Return why no file can be written; None if one can."""
        try:
            DISKS.call(str(self._folder), self._write)
        except OSError as error:
            return error.strerror or str(error)
        return None

    def _write(self) -> None:
        with TemporaryFile(dir=self._folder) as file:
            file.write(bytes(PROBE_BYTES))
            file.flush()
            os.fsync(file.fileno())
