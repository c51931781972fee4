"""/api/v1/feedback: judgments of results, which `crossmodal models adapt` learns from."""

from typing import Annotated, Any

from flask import Blueprint, Response, jsonify
from pydantic import BaseModel, ConfigDict, StringConstraints

from search.errors import NotFoundError, QueriesNotKeptError
from search.open_home import OpenHome
from search.query.filters import ItemId
from search.records import Feedback, Role
from search.storage.feedback import FeedbackStore
from web.access.caller import restrict_library
from web.api.body import parse_body
from web.contract.operation import JSON, Operation
from web.schemas.collections import FeedbackList


class FeedbackRequest(BaseModel):
    """A judgment of a result.

    Attributes:
        text: The text of the query.
        item: The id of the item.
        relevant: Whether the item is relevant to the text; null removes an earlier judgment.
    """

    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)]
    item: ItemId
    relevant: bool | None


def make_blueprint(library: OpenHome, keep_queries: bool) -> Blueprint:
    """Return the routes.

    Args:
        library: The library.
        keep_queries: Whether feedback, which has the text of a query, may be stored.
    """
    api = Blueprint("feedback", __name__, url_prefix="/api/v1/feedback")
    feedback = FeedbackStore(library.database)

    @api.post("")
    @Operation(
        status=204,
        role=Role.EDIT,
        bodies={JSON: FeedbackRequest},
        errors=(NotFoundError, QueriesNotKeptError),
        examples={"A relevant result": {"text": "a cat", "item": 1, "relevant": True}},
    )
    def store_feedback() -> tuple[str, int]:
        """Store whether an item is relevant to a text.

        `crossmodal models adapt` learns from feedback.
        """
        judgment = parse_body(FeedbackRequest)
        restrict_library(library).catalog.get_item(judgment.item)
        if judgment.relevant is None:
            feedback.remove(judgment.text, judgment.item)
        elif not keep_queries:
            raise QueriesNotKeptError("Feedback is not stored: this server keeps no queries. See `keep_queries`.")
        else:
            feedback.add(judgment.text, judgment.item, judgment.relevant)
        return "", 204

    @api.get("")
    @Operation(FeedbackList, role=Role.ADMIN)
    def list_feedback() -> Response:
        """List all feedback, newest first."""
        return jsonify({"feedback": [_describe(judgment) for judgment in feedback.list_all()]})

    return api


def _describe(judgment: Feedback) -> dict[str, Any]:
    return {
        "text": judgment.text,
        "item": judgment.item_id,
        "relevant": judgment.is_relevant,
        "given_at": judgment.given_at,
    }
