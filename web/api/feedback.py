"""/api/v1/feedback: judgments of results, which `crossmodal models adapt` learns from."""

from dataclasses import asdict
from typing import Annotated, Any, ClassVar

from flask import Blueprint, Response, jsonify
from pydantic import BaseModel, ConfigDict, StringConstraints

from search.errors import NotAllowedError, NotFoundError, QueriesNotKeptError
from search.open_home import OpenHome
from search.query.filters import ItemId
from search.records import Feedback, Role
from search.storage.accounts import Accounts
from search.storage.feedback import FeedbackStore
from web.access.caller import get_principal, record_activity, refuse_limited_keys, restrict_library
from web.api.body import parse_address, parse_body
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


class DeletionFields(BaseModel):
    """What is deleted.

    Attributes:
        account_id: The id of another account, for admins.
    """

    model_config = ConfigDict(extra="forbid")
    old_names: ClassVar = {"account": "account_id"}

    account_id: ItemId | None = None


def make_blueprint(library: OpenHome, keep_queries: bool) -> Blueprint:
    """Return the routes.

    Args:
        library: The library.
        keep_queries: Whether feedback, which has the text of a query, may be stored.
    """
    api = Blueprint("feedback", __name__, url_prefix="/api/v1/feedback")

    def open_store() -> FeedbackStore:
        return FeedbackStore(library.database, get_principal())

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

        It changes no ranking, until an admin has `crossmodal models adapt` learn from the feedback of all accounts.
        """
        judgment = parse_body(FeedbackRequest)
        restrict_library(library).catalog.get_item(judgment.item)
        if judgment.relevant is None:
            open_store().remove(judgment.text, judgment.item)
        elif not keep_queries:
            raise QueriesNotKeptError("Feedback is not stored: this server keeps no queries. See `keep_queries`.")
        else:
            open_store().add(judgment.text, judgment.item, judgment.relevant)
        return "", 204

    @api.get("")
    @Operation(FeedbackList)
    def list_feedback() -> Response:
        """List the feedback of the account, newest first. Admins also see how much each account has given."""
        store, is_admin = open_store(), get_principal().role is Role.ADMIN
        counts = [asdict(count) for count in store.count_by_account()] if is_admin else []
        return jsonify({"feedback": [_describe(judgment) for judgment in store.list_all()], "counts": counts})

    @api.delete("")
    @Operation(status=204, query=DeletionFields, errors=(NotFoundError,))
    def delete_feedback() -> tuple[str, int]:
        """Delete all feedback of the account; admins can name another account."""
        account_id = parse_address(DeletionFields).account_id
        refuse_limited_keys()
        if account_id is not None and get_principal().role is not Role.ADMIN:
            raise NotAllowedError("Only admins can delete the feedback of others. Leave out `account_id` for your own.")
        if account_id is not None:
            account = Accounts(library.database).get(account_id)
            record_activity(library, "feedback-deleted", account.name)
        open_store().drop_all(account_id)
        return "", 204

    return api


def _describe(judgment: Feedback) -> dict[str, Any]:
    return {
        "text": judgment.text,
        "item": judgment.item_id,
        "relevant": judgment.is_relevant,
        "given_at": judgment.given_at,
    }
