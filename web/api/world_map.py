"""GET /api/v1/map: where items were captured, as clusters of a map."""

from dataclasses import replace
from itertools import chain
from typing import Annotated, Any

from flask import Blueprint, Response, jsonify
from pydantic import Field

from search.engine import Engine
from search.errors import BusyError, DeadlineError, ModelError, NotFoundError, StorageError, UsageError
from search.places.names import list_levels
from search.query.filters import join_filters
from search.query.grammar import parse_query
from search.query.request import MAX_LIMIT
from search.records import Item, Query, Role
from search.serializers import serialize_places
from search.storage.map_points import Cluster, list_clusters
from web.access.caller import restrict_query
from web.api.body import parse_address
from web.api.search import AddressSearch
from web.contract.operation import Operation
from web.locations import get_disclosure
from web.schemas.world_map import MapDocument

# The largest number of clusters in a response, and of items of a cluster whose places are compared.
MAX_CLUSTERS = 500
MAX_COMPARED = 100
_Latitude = Annotated[float, Field(ge=-90, le=90)]
_Longitude = Annotated[float, Field(ge=-180, le=180)]


class MapSearch(AddressSearch):
    """A search in an address, and the part of the map.

    Attributes:
        west: The west end of the part, in degrees.
        south: The south end of the part, in degrees.
        east: The east end of the part, in degrees.
        north: The north end of the part, in degrees.
        columns: In how many columns the part is divided. The items in a cell are one cluster.
    """

    west: _Longitude = -180
    south: _Latitude = -90
    east: _Longitude = 180
    north: _Latitude = 90
    columns: Annotated[int, Field(ge=1, le=64)] = 24


def make_blueprint(engine: Engine) -> Blueprint:
    """Return the route."""
    api = Blueprint("map", __name__, url_prefix="/api/v1/map")

    @api.get("")
    @Operation(
        MapDocument,
        role=Role.VIEW,
        query=MapSearch,
        errors=(NotFoundError, BusyError, DeadlineError, ModelError, StorageError),
        examples={"Photos in Europe": "?types=image&west=-12&south=35&east=30&north=60"},
    )
    def show_map() -> Response:
        """Return where the results of a search were captured, as clusters of a map.

        With a text, the first 1,000 relevant results count; without one, all items that satisfy the filters. There are
        at most 500 clusters, the largest ones. Those who see rounded locations get clusters of rounded locations, and
        those who see none get no clusters.
        """
        search = parse_address(MapSearch)
        if search.east <= search.west or search.north <= search.south:
            raise UsageError("east must be larger than west, and north larger than south")
        text = search.q if search.q is not None else search.text
        query = restrict_query(search.model_copy(update={"text": text}).make_query())
        clusters = _list_clusters(engine, query, search)
        return jsonify(_serialize(engine, query, clusters))

    return api


def _list_clusters(engine: Engine, query: Query, search: MapSearch) -> list[Cluster]:
    parsed = parse_query(query.text or "")
    filters = replace(join_filters(query.filters, parsed.filters), rights=query.filters.rights)
    only = None
    if parsed.text or parsed.added or query.parts:
        hits = engine.search(replace(query, limit=MAX_LIMIT, cursor=None, explain=False)).hits
        only = list(chain.from_iterable((hit.item.id, *hit.stacked) for hit in hits))
    view = (search.west, search.south, search.east, search.north), search.columns
    return list_clusters(engine.library.database, filters, view, only)


def _serialize(engine: Engine, query: Query, clusters: list[Cluster]) -> dict[str, Any]:
    shown = clusters[:MAX_CLUSTERS]
    catalog = engine.library.restrict(query.filters.rights).catalog
    items = catalog.read_items(chain.from_iterable(one.item_ids[-MAX_COMPARED:].tolist() for one in shown))
    return {
        "total": sum(len(one.item_ids) for one in clusters),
        "clusters": [_serialize_cluster(one, items) for one in shown],
    }


def _serialize_cluster(cluster: Cluster, items: dict[int, Item]) -> dict[str, Any]:
    west, south, east, north = cluster.bounds
    compared = [items[one] for one in cluster.item_ids[-MAX_COMPARED:].tolist() if one in items]
    return {
        "latitude": cluster.latitude,
        "longitude": cluster.longitude,
        "count": len(cluster.item_ids),
        "item": int(cluster.item_ids[-1]),
        "west": west,
        "south": south,
        "east": east,
        "north": north,
        "places": _find_common_places(compared),
    }


def _find_common_places(items: list[Item]) -> list[dict[str, str]]:
    """Return the places that all items were captured in, from the city to the country."""
    disclosure = get_disclosure()
    levels = [set(list_levels(item.place, disclosure.precision)) for item in items]
    common = set.intersection(*levels) if levels else set()
    place = items[0].place if items else None
    named = zip(list_levels(place, disclosure.precision), serialize_places(place, disclosure), strict=True)
    return [document for level, document in named if level in common]
