"""GET /api/v1/machine-tags: the vocabulary of the tags that the machine gives."""

from flask import Blueprint, Response, jsonify

from search.engine import Engine
from search.errors import UsageError
from search.records import Role
from search.storage.machine_tags import MachineTags
from search.tagging.vocabulary_report import list_tags
from web.access.caller import get_principal
from web.contract.operation import Operation
from web.schemas.machine_tags import MachineTagList


def make_blueprint(engine: Engine) -> Blueprint:
    """Return the route."""
    api = Blueprint("machine_tags", __name__, url_prefix="/api/v1/machine-tags")

    @api.get("")
    @Operation(MachineTagList, role=Role.VIEW, errors=(UsageError,))
    def list_machine_tags() -> Response:
        """List the tags that the machine can give, with their names, their measured precision and their items."""
        library = engine.library
        counts = MachineTags(library.database).count(get_principal().rights)
        return jsonify({"tags": list_tags(library.home, library.models.image_encoder.name, counts)})

    return api
