"""/api/v1/feedback: what people say of hits, for the library to learn from."""

from typing import Annotated, Any

from flask import Blueprint, Response, jsonify
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from search.library import Library
from search.records import Feedback
from search.storage.feedback import FeedbackStore
from web.api.body import parse_body


class FeedbackRequest(BaseModel):
    """What is said of a hit. relevant: whether the item fits the text; null takes back what was said."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)]
    item: int = Field(ge=1, lt=2**63)
    relevant: bool | None


def make_blueprint(library: Library) -> Blueprint:
    """Return the routes."""
    api = Blueprint("feedback", __name__, url_prefix="/api/v1/feedback")

    feedback = FeedbackStore(library.database)

    @api.post("")
    def take_feedback() -> tuple[str, int]:
        said = parse_body(FeedbackRequest)
        if said.relevant is None:
            feedback.take_back(said.text, said.item)
        else:
            feedback.give(said.text, said.item, said.relevant)
        return "", 204

    @api.get("")
    def list_feedback() -> Response:
        return jsonify({"feedback": [_describe(one) for one in feedback.list_all()]})

    return api


def _describe(one: Feedback) -> dict[str, Any]:
    return {"text": one.text, "item": one.item_id, "relevant": one.is_relevant, "given_at": one.given_at}
