"""GET /api/v1/facets: the values that filters can take, with the number of items of each."""

from flask import Blueprint, Response, jsonify

from search.open_home import OpenHome
from search.query.filters import join_filters
from search.query.grammar import parse_query
from search.storage.facets import read_facets
from web.api.search import AddressSearch, read_address
from web.contract.operation import Operation
from web.schemas.library import Facets


def make_blueprint(library: OpenHome) -> Blueprint:
    """Return the route."""
    api = Blueprint("facets", __name__, url_prefix="/api/v1/facets")

    @api.get("")
    @Operation(Facets, query=AddressSearch, examples={"Facets of images": "?types=image"})
    def show_facets() -> Response:
        """Count items by type, source, language, camera, artist, tag, month and duration.

        Only items that satisfy the filters are counted; the other fields of the search are ignored.
        """
        search = read_address()
        filters = join_filters(search.make_filters(), parse_query(search.text or "").filters)
        return jsonify(read_facets(library.catalog.database, filters))

    return api
