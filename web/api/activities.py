"""/api/v1/activities: who did what, for admins."""

from dataclasses import asdict

from flask import Blueprint, Response, jsonify
from pydantic import BaseModel, ConfigDict, Field

from search.open_home import OpenHome
from search.records import Role
from search.storage.activities import Activities
from web.api.body import parse_address
from web.contract.operation import Operation
from web.schemas.access import ActivityList


class ActivityFields(BaseModel):
    """Which activities are listed.

    Attributes:
        limit: The number of activities on a page.
        cursor: The `next` of the page before.
    """

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(100, ge=1, le=1000)
    cursor: int | None = Field(None, ge=1, lt=2**63)


def make_blueprint(library: OpenHome) -> Blueprint:
    """Return the route."""
    api = Blueprint("activities", __name__, url_prefix="/api/v1/activities")

    @api.get("")
    @Operation(ActivityList, role=Role.ADMIN, query=ActivityFields)
    def list_activities() -> Response:
        """List who did what, newest first."""
        fields = parse_address(ActivityFields)
        rows = Activities(library.database).list_page(fields.cursor, fields.limit + 1)
        page = rows[: fields.limit]
        next_cursor = page[-1].id if len(rows) > fields.limit else None
        return jsonify({"activities": [asdict(row) for row in page], "next": next_cursor})

    return api
