"""GET /api/v1/facets: the values that filters can take, with the number of items of each."""

from dataclasses import replace

from flask import Blueprint, Response, jsonify

from search.open_home import OpenHome
from search.places.names import name_counts
from search.query.filters import join_filters
from search.query.grammar import parse_query
from search.records import Role
from search.storage.facets import read_facets
from search.storage.place_counts import count_places
from web.access.caller import get_principal
from web.api.search import AddressSearch, read_address
from web.contract.operation import Operation
from web.locations import get_disclosure
from web.schemas.library import Facets


def make_blueprint(library: OpenHome) -> Blueprint:
    """Return the route."""
    api = Blueprint("facets", __name__, url_prefix="/api/v1/facets")

    @api.get("")
    @Operation(Facets, role=Role.VIEW, query=AddressSearch, examples={"Facets of images": "?types=image"})
    def show_facets() -> Response:
        """Count items by type, source, place, language, camera, artist, tag, rating, month and duration.

        Only items that satisfy the filters are counted; the other fields of the search are ignored. Sources of which
        the caller sees only items in a shared album are left out.
        """
        search = read_address()
        filters = join_filters(search.make_filters(), parse_query(search.text or "").filters)
        filters = replace(filters, rights=get_principal().rights)
        facets = read_facets(library.catalog.database, filters)
        disclosure = get_disclosure()
        shown = [one for one in facets["sources"] if disclosure.narrow(one["value"]).shows_folders]
        places = count_places(library.database, filters)
        return jsonify(facets | {"sources": shown, "places": name_counts(places, disclosure.language)})

    return api
