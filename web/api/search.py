"""POST and GET /api/v1/search."""

import json
from typing import Annotated, Any

from flask import Blueprint, Response, jsonify, request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from search.engine import MAX_LIMIT, Engine
from search.errors import UnreadableMediaError, UsageError
from search.records import Filters, ItemType, Lane, Query
from search.wire import describe_answer

LISTS = ("not", "like", "types", "sources")


class SearchRequest(BaseModel):
    """The body of a search; the multipart form has the same fields."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    text: str | None = Field(None, max_length=20_000)
    exclude: list[str] = Field(default_factory=list, alias="not", max_length=20)
    like: list[Annotated[int, Field(ge=1, lt=2**63)]] = Field(default_factory=list, max_length=20)
    weights: dict[Lane, Annotated[float, Field(ge=0, le=10)]] = Field(default_factory=dict)
    types: list[ItemType] = Field(default_factory=list)
    sources: list[str] = Field(default_factory=list)
    path: str | None = None
    after: str | None = None
    before: str | None = None
    limit: int = Field(20, ge=1, le=MAX_LIMIT)
    cursor: str | None = None
    include_all: bool = Field(False, alias="all")
    explain: bool = False

    def make_query(self, images: tuple[bytes, ...] = (), voice: bytes | None = None) -> Query:
        """Give the engine's query."""
        filters = Filters(tuple(self.types), tuple(self.sources), self.path, self.after, self.before)
        return Query(
            text=self.text,
            images=images,
            voice=voice,
            exclude=tuple(self.exclude),
            like=tuple(self.like),
            weights=self.weights,
            filters=filters,
            limit=self.limit,
            cursor=self.cursor,
            include_all=self.include_all,
            explain=self.explain,
        )


def make_blueprint(engine: Engine) -> Blueprint:
    """Give the search routes."""
    api = Blueprint("search", __name__, url_prefix="/api/v1/search")

    @api.post("")
    def search_by_body() -> Response:
        if request.mimetype == "multipart/form-data":
            return _answer(engine, _read_form())
        if request.mimetype == "application/json":
            return _answer(engine, parse_request(_read_json(request.get_data())).make_query())
        raise UsageError("send the search as application/json or as multipart/form-data")

    @api.get("")
    def search_by_address() -> Response:
        fields = _collect(request.args)
        if "q" in fields:
            fields["text"] = fields.pop("q")
        return _answer(engine, parse_request(fields).make_query())

    return api


def parse_request(fields: object) -> SearchRequest:
    """Check the fields of a search. Raises UsageError that names the first wrong one."""
    try:
        return SearchRequest.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"]) or "body"
        raise UsageError(f"{name}: {first['msg']}") from error


def _answer(engine: Engine, query: Query) -> Response:
    return jsonify(describe_answer(query, engine.search(query)))


def _read_json(body: bytes | str) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"the body is not JSON: {error}") from error


def _read_form() -> Query:
    fields = _collect(request.form)
    parsed = parse_request(_read_json(fields["request"]) if "request" in fields else fields)
    unknown = set(request.files) - {"image", "voice"}
    if unknown:
        raise UsageError(f"{min(unknown)}: not a part of a search; files are `image` and `voice`")
    images = tuple(part.read() for part in request.files.getlist("image"))
    voice = request.files["voice"].read() if "voice" in request.files else None
    if any(not image for image in images) or voice == b"":
        raise UnreadableMediaError("a file of the request is empty")
    return parsed.make_query(images, voice)


def _collect(values: Any) -> dict[str, Any]:
    """Turn form or address fields into the shape of the JSON body."""
    fields: dict[str, Any] = {}
    for name in values:
        given = [value for value in values.getlist(name) if value != ""]
        if name in LISTS:
            fields[name] = given
        elif name == "weights" and given:
            fields[name] = _read_json(given[-1])
        elif given:
            fields[name] = given[-1]
    return fields
