"""GET /api/v1/models: what the home uses, what it could, and how far a change is."""

from dataclasses import asdict

from flask import Blueprint, Response, jsonify

from search.engine import Engine
from search.status import list_models


def make_blueprint(engine: Engine) -> Blueprint:
    """Return the route of models; one is chosen by asking for a job."""
    api = Blueprint("models", __name__, url_prefix="/api/v1/models")

    @api.get("")
    def show_models() -> Response:
        library = engine.follow()
        spaces, presets = list_models(library)
        models = [asdict(one) for one in presets]
        return jsonify({"spaces": spaces, "speech": library.models.transcriber.name, "models": models})

    return api
