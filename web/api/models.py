"""GET /api/v1/models: the models in use, other models, and the progress of a model change."""

from flask import Blueprint, Response, jsonify

from search.engine import Engine
from search.records import Role
from search.records.json_names import serialize_record
from search.status import list_models
from web.contract.operation import Operation
from web.schemas.library import ModelList


def make_blueprint(engine: Engine) -> Blueprint:
    """Return the route. To switch to another model, clients queue a job."""
    api = Blueprint("models", __name__, url_prefix="/api/v1/models")

    @api.get("")
    @Operation(ModelList, role=Role.ADMIN)
    def show_models() -> Response:
        """Return the models in use, and the others that can be used.

        To switch to another model, queue a job.
        """
        library = engine.get_current_library()
        spaces, presets = list_models(library)
        models = [serialize_record(preset) for preset in presets]
        return jsonify({"spaces": spaces, "speech": library.models.transcriber.name, "models": models})

    return api
