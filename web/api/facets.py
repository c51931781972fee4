"""GET /api/v1/facets: what the library can be narrowed by."""

from flask import Blueprint, Response, jsonify

from search.library import Library
from search.query.filters import join_filters
from search.query.grammar import parse_query
from search.storage.facets import read_facets
from web.api.search import read_address


def make_blueprint(library: Library) -> Blueprint:
    """Return the route."""
    api = Blueprint("facets", __name__, url_prefix="/api/v1/facets")

    @api.get("")
    def show_facets() -> Response:
        asked = read_address()
        filters = join_filters(asked.make_filters(), parse_query(asked.text or "").filters)
        return jsonify(read_facets(library.catalog.database, filters))

    return api
