"""POST and GET /api/v1/search."""

from flask import Blueprint, Response, jsonify, request
from pydantic import Field

from search.engine import Engine
from search.errors import (
    BusyError,
    DeadlineError,
    MediaLimitError,
    ModelError,
    NoSpeechError,
    NotFoundError,
    StorageError,
    UnreadableMediaError,
    UsageError,
)
from search.query.limits import MAX_IMAGES, limited_by
from search.query.request import QueryText, SearchRequest, parse_request
from search.records import Query, Role
from search.serializers import serialize_answer
from web.access.caller import restrict_query
from web.api.body import collect_fields, parse_address, read_json
from web.contract.operation import FORM, JSON, Operation
from web.locations import get_disclosure
from web.schemas.files import File
from web.schemas.search import SearchAnswer

EXAMPLES = {
    "A text": {"text": "a dog in the snow", "limit": 5},
    "Filters": {"text": "a dog", "types": ["image", "video"], "after": "2023", "explain": True},
    "Items like another": {"like": [1], "all": True},
}


class AddressSearch(SearchRequest):
    """A search in an address.

    Attributes:
        q: The same as `text`.
    """

    q: QueryText | None = None


class SearchForm(SearchRequest):
    """A search with files. The other fields can be sent one by one, or as one JSON document.

    Attributes:
        request: The JSON body of a search, instead of the other fields.
        image: Images to search by; they become parts of weight 1 unless `parts` refers to them.
        voice: A recording of the query.
    """

    request: str | None = None
    image: list[File] = Field(
        default_factory=list,
        max_length=MAX_IMAGES,
        json_schema_extra=limited_by(**{"maxItems": "query_images", "x-max-pixels": "query_pixels"}),
    )
    voice: File | None = Field(None, json_schema_extra=limited_by(**{"x-max-seconds": "voice_seconds"}))


def make_blueprint(engine: Engine) -> Blueprint:
    """Return the search routes."""
    api = Blueprint("search", __name__, url_prefix="/api/v1/search")

    @api.post("")
    @Operation(
        SearchAnswer,
        role=Role.VIEW,
        bodies={JSON: SearchRequest, FORM: SearchForm},
        errors=(
            NotFoundError,
            UnreadableMediaError,
            MediaLimitError,
            NoSpeechError,
            BusyError,
            DeadlineError,
            ModelError,
            StorageError,
        ),
        examples=EXAMPLES,
    )
    def search_by_body() -> Response:
        """Search by text, images, voice and items, in any mix."""
        if request.mimetype == "multipart/form-data":
            return _answer(engine, _read_form())
        if request.mimetype == "application/json":
            return _answer(engine, parse_request(read_json(request.get_data())).make_query())
        raise UsageError("Send the search as application/json or multipart/form-data")

    @api.get("")
    @Operation(
        SearchAnswer,
        role=Role.VIEW,
        query=AddressSearch,
        errors=(NotFoundError, BusyError, DeadlineError, ModelError, StorageError),
        examples={"A text": "?q=a+dog+in+the+snow&limit=5", "Filters": "?q=a+dog&types=image&types=video"},
    )
    def search_by_address() -> Response:
        """Search by the fields in the address.

        The same as POST, without files.
        """
        return _answer(engine, read_address().make_query())

    return api


def read_address() -> SearchRequest:
    """Return the search in the address of the current request.

    Raises:
        UsageError: A field is not valid.
    """
    found = parse_address(AddressSearch)
    return found if found.q is None else found.model_copy(update={"text": found.q})


def _answer(engine: Engine, query: Query) -> Response:
    query = restrict_query(query)
    return jsonify(serialize_answer(query, engine.search(query), get_disclosure()))


def _read_form() -> Query:
    fields = collect_fields(SearchForm, request.form)
    parsed = parse_request(read_json(str(fields["request"])) if "request" in fields else fields)
    unknown = set(request.files) - {"image", "voice"}
    if unknown:
        raise UsageError(f"{min(unknown)}: unknown file; a search has the files `image` and `voice`")
    if len(request.files.getlist("image")) > MAX_IMAGES:
        raise UsageError(f"image: at most {MAX_IMAGES} images are allowed")
    images = tuple(part.read() for part in request.files.getlist("image"))
    voice = request.files["voice"].read() if "voice" in request.files else None
    if any(not image for image in images) or voice == b"":
        raise UnreadableMediaError("A file in the request is empty")
    return parsed.make_query(images, voice)
