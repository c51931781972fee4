"""/api/v1/feedback: judgments of results, which `crossmodal models adapt` learns from."""

from typing import Annotated, Any

from flask import Blueprint, Response, jsonify
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from search.open_home import OpenHome
from search.records import Feedback
from search.storage.feedback import FeedbackStore
from web.api.body import parse_body


class FeedbackRequest(BaseModel):
    """A judgment of a result.

    Attributes:
        text: The text of the query.
        item: The id of the item.
        relevant: Whether the item is relevant to the text; null removes an earlier judgment.
    """

    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)]
    item: int = Field(ge=1, lt=2**63)
    relevant: bool | None


def make_blueprint(library: OpenHome) -> Blueprint:
    """Return the routes."""
    api = Blueprint("feedback", __name__, url_prefix="/api/v1/feedback")
    feedback = FeedbackStore(library.database)

    @api.post("")
    def store_feedback() -> tuple[str, int]:
        judgment = parse_body(FeedbackRequest)
        if judgment.relevant is None:
            feedback.remove(judgment.text, judgment.item)
        else:
            feedback.add(judgment.text, judgment.item, judgment.relevant)
        return "", 204

    @api.get("")
    def list_feedback() -> Response:
        return jsonify({"feedback": [_describe(judgment) for judgment in feedback.list_all()]})

    return api


def _describe(judgment: Feedback) -> dict[str, Any]:
    return {
        "text": judgment.text,
        "item": judgment.item_id,
        "relevant": judgment.is_relevant,
        "given_at": judgment.given_at,
    }
