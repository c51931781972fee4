"""/api/v1/people: the names of the people with an account, to share albums with."""

from flask import Blueprint, Response, jsonify

from search.access.authentication import Authentication
from search.records import Role
from web.contract.operation import Operation
from web.schemas.people import PeopleList


def make_blueprint(authentication: Authentication) -> Blueprint:
    """Return the route."""
    api = Blueprint("people", __name__, url_prefix="/api/v1/people")

    @api.get("")
    @Operation(PeopleList, role=Role.EDIT)
    def list_people() -> Response:
        """List the names of the people with an account, to share albums with."""
        accounts = authentication.accounts.list_all()
        return jsonify({"people": [{"id": one.id, "name": one.name} for one in accounts if not one.is_disabled]})

    return api
