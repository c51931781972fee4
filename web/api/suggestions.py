"""What the search box offers: completions, and searches to begin with."""

from dataclasses import asdict
from typing import ClassVar

from flask import Blueprint, Response, jsonify
from pydantic import BaseModel, ConfigDict, Field

from search.open_home import OpenHome
from search.records import Role
from search.storage.examples import list_examples
from search.storage.suggestions import suggest
from web.access.caller import get_principal
from web.api.body import parse_address
from web.caching import keyed_by_revision
from web.contract.operation import Operation
from web.schemas.facets import Examples, Suggestions

MAX_SUGGESTIONS = 20
# Longer texts are no beginning of a name.
MAX_TYPED = 200


class SuggestionFields(BaseModel):
    """What to complete.

    Attributes:
        text: What is typed so far.
        limit: The number of suggestions.
    """

    model_config = ConfigDict(extra="forbid")
    old_names: ClassVar = {"q": "text"}

    text: str = Field("", max_length=MAX_TYPED)
    limit: int = Field(10, ge=1, le=MAX_SUGGESTIONS)


def make_blueprint(library: OpenHome) -> Blueprint:
    """Return the routes."""
    api = Blueprint("suggestions", __name__, url_prefix="/api/v1")

    @api.get("/suggestions")
    @Operation(
        Suggestions,
        role=Role.VIEW,
        query=SuggestionFields,
        examples={"A camera": "?text=can", "The last word": "?text=dog+on+the+bea"},
    )
    def list_suggestions() -> Response:
        """Complete a text, or its last word: tags, cameras, artists, albums, folders and names of files.

        Only values of items that the caller may read are suggested, and no folders that they may not see.
        """
        fields = parse_address(SuggestionFields)
        found = suggest(library.database, fields.text, get_principal().rights, fields.limit)
        return jsonify({"suggestions": [asdict(one) for one in found]})

    @api.get("/examples")
    @Operation(Examples, role=Role.VIEW)
    @keyed_by_revision(library)
    def show_examples() -> Response:
        """Return searches to begin with, made from the items that the caller may read."""
        return jsonify({"examples": [asdict(one) for one in list_examples(library.database, get_principal().rights)]})

    return api
