"""The values that filters can take and the folders, with the number of results of a query in each."""

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, Literal

from flask import Blueprint, Response, jsonify
from pydantic import Field

from search.engine import Engine
from search.errors import BusyError, DeadlineError, ModelError, NotFoundError, StorageError
from search.facets import FACET_NAMES, Facets
from search.places.names import name_counts
from search.query.request import QueryText, SearchRequest
from search.records import Query, Role
from web.access.caller import restrict_query
from web.api.body import parse_address, parse_lenient_body
from web.contract.operation import JSON, Operation
from web.locations import get_disclosure
from web.schemas.facets import FacetCounts, FolderList

if TYPE_CHECKING:
    FacetName = str
else:
    FacetName = Literal[FACET_NAMES]
ERRORS = (NotFoundError, BusyError, DeadlineError, ModelError, StorageError)


class FacetRequest(SearchRequest):
    """A search whose results are counted.

    Attributes:
        facets: Only these facets; all if it is empty.
    """

    facets: list[FacetName] = Field(default_factory=list, max_length=len(FACET_NAMES))


class AddressFacets(FacetRequest):
    """A search in an address whose results are counted.

    Attributes:
        q: The same as `text`.
    """

    q: QueryText | None = None


def make_blueprint(engine: Engine) -> Blueprint:
    """Return the routes."""
    api = Blueprint("facets", __name__, url_prefix="/api/v1")

    @api.get("/facets")
    @Operation(
        FacetCounts,
        role=Role.VIEW,
        query=AddressFacets,
        errors=ERRORS,
        examples={"Facets of images": "?types=image", "Facets of a search": "?q=a+dog&facets=types&facets=folders"},
    )
    def show_facets() -> Response:
        """Count the relevant results of a search by the values of filters; without a text, all items that satisfy them.

        Each facet is counted without its own filter, so that its other values stay visible; tags are not, since further
        tags narrow the results. If nothing is relevant, the possible results are counted. Of an estimated total, the
        best results are counted, and the numbers are in proportion to it. Folders that the caller may not see are
        left out.
        """
        return _count(engine, _read_address())

    @api.post("/facets")
    @Operation(
        FacetCounts,
        role=Role.VIEW,
        bodies={JSON: FacetRequest},
        errors=ERRORS,
        examples={"Facets of a search": {"text": "a dog", "facets": ["types", "cameras"]}},
    )
    def show_facets_of_body() -> Response:
        """Count the results of a search by the values of filters: the same as GET, with the body of a search."""
        return _count(engine, parse_lenient_body(FacetRequest))

    @api.get("/folders")
    @Operation(
        FolderList,
        role=Role.VIEW,
        query=AddressFacets,
        errors=ERRORS,
        examples={"The sources with images": "?types=image", "Those with results": "?q=a+dog"},
    )
    def list_folders() -> Response:
        """Return the folders directly in the folder `path`, or the sources without it, with the number of results.

        The other fields are those of a search, and its results are counted as facets are. At most 1,000 folders are
        returned. Folders that the caller may not see are left out.
        """
        return _list_folders(engine, _read_address())

    @api.post("/folders")
    @Operation(
        FolderList,
        role=Role.VIEW,
        bodies={JSON: FacetRequest},
        errors=ERRORS,
        examples={"The sources with results": {"text": "a dog"}},
    )
    def list_folders_of_body() -> Response:
        """Return the folders directly in a folder: the same as GET, with the body of a search."""
        return _list_folders(engine, parse_lenient_body(FacetRequest))

    return api


def _read_address() -> FacetRequest:
    found = parse_address(AddressFacets)
    return found if found.q is None else found.model_copy(update={"text": found.q})


def _make_query(request: FacetRequest) -> Query:
    return restrict_query(request.make_query())


def _count(engine: Engine, request: FacetRequest) -> Response:
    counts = Facets(engine, _make_query(request)).read(request.facets or FACET_NAMES)
    disclosure = get_disclosure()
    if "sources" in counts:
        counts["sources"] = [one for one in counts["sources"] if disclosure.narrow(one["value"]).shows_folders]
    if "places" in counts:
        counts["places"] = name_counts(counts["places"], disclosure.language)
    if "folders" in counts:
        counts["folders"] = list(map(asdict, counts["folders"]))
    return jsonify(counts)


def _list_folders(engine: Engine, request: FacetRequest) -> Response:
    query = _make_query(request)
    path, query = query.filters.path, replace(query, filters=replace(query.filters, path=None))
    found: dict[str, Any] = asdict(Facets(engine, query).list_folders(path))
    return jsonify(found)
