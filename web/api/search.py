"""POST and GET /api/v1/search."""

from typing import Any

from flask import Blueprint, Response, jsonify, request

from search.engine import Engine
from search.errors import UnreadableMediaError, UsageError
from search.query.request import SearchRequest, parse_request
from search.records import FILTERS, Query
from search.serializers import serialize_answer
from web.api.body import read_json

# The fields that can be repeated in a form or an address.
LIST_FIELDS = {"not", "like", *(name for name, declared in FILTERS.items() if declared.kind.is_list)}


def make_blueprint(engine: Engine) -> Blueprint:
    """Return the search routes."""
    api = Blueprint("search", __name__, url_prefix="/api/v1/search")

    @api.post("")
    def search_by_body() -> Response:
        if request.mimetype == "multipart/form-data":
            return _answer(engine, _read_form())
        if request.mimetype == "application/json":
            return _answer(engine, parse_request(read_json(request.get_data())).make_query())
        raise UsageError("Send the search as application/json or multipart/form-data")

    @api.get("")
    def search_by_address() -> Response:
        return _answer(engine, read_address().make_query())

    return api


def read_address() -> SearchRequest:
    """Return the search in the address of the current request.

    Raises:
        UsageError: A field is not valid.
    """
    fields = collect_fields(request.args)
    if "q" in fields:
        fields["text"] = fields.pop("q")
    return parse_request(fields)


def _answer(engine: Engine, query: Query) -> Response:
    return jsonify(serialize_answer(query, engine.search(query)))


def _read_form() -> Query:
    fields = collect_fields(request.form)
    parsed = parse_request(read_json(fields["request"]) if "request" in fields else fields)
    unknown = set(request.files) - {"image", "voice"}
    if unknown:
        raise UsageError(f"{min(unknown)}: unknown file; a search has the files `image` and `voice`")
    images = tuple(part.read() for part in request.files.getlist("image"))
    voice = request.files["voice"].read() if "voice" in request.files else None
    if any(not image for image in images) or voice == b"":
        raise UnreadableMediaError("A file in the request is empty")
    return parsed.make_query(images, voice)


def collect_fields(values: Any) -> dict[str, Any]:
    """Convert the fields of a form or an address to the fields of a JSON body."""
    fields: dict[str, Any] = {}
    for name in values:
        given = [value for value in values.getlist(name) if value != ""]
        if name in LIST_FIELDS:
            fields[name] = given
        elif name in {"weights", "parts"} and given:
            fields[name] = read_json(given[-1])
        elif given:
            fields[name] = given[-1]
    return fields
