"""Visualizations of an item: the heatmap of an image, the moments and the loudness of a recording."""

import json

import numpy as np
from flask import Blueprint, Response, jsonify, request

from search.engine import Engine
from search.errors import UsageError
from search.media.recording.sound import measure_loudness
from search.paths import find_file, write_atomically
from search.records import ItemType
from search.retrieval.heatmap import compute_heatmap
from search.serializers import serialize_evidence
from web.api.search import read_address

MAX_POINTS = 2000
RECORDINGS = {ItemType.AUDIO, ItemType.VIDEO}


def make_blueprint(engine: Engine) -> Blueprint:
    """Return the routes."""
    api = Blueprint("visualizations", __name__, url_prefix="/api/v1/items")
    library = engine.library

    @api.get("/<int:item_id>/heatmap")
    def show_heatmap(item_id: int) -> Response:
        heatmap = compute_heatmap(engine.library, item_id, read_address().make_query())
        return jsonify({"heatmap": np.round(heatmap, 3).tolist()})

    @api.get("/<int:item_id>/moments")
    def show_moments(item_id: int) -> Response:
        moments = engine.find_moments(item_id, read_address().make_query())
        return jsonify({"moments": [serialize_evidence(moment) for moment in moments]})

    @api.get("/<int:item_id>/loudness")
    def show_loudness(item_id: int) -> Response:
        points = request.args.get("points", "400")
        is_short = points.isascii() and points.isdecimal() and len(points) <= len(str(MAX_POINTS))
        if not (is_short and 1 <= int(points) <= MAX_POINTS):
            raise UsageError(f"points must be a whole number from 1 to {MAX_POINTS}, not {points[:20]!r}")
        item = library.catalog.get_item(item_id)
        path = find_file(item, f"Item {item_id} is not a recording that can be read", RECORDINGS)
        cached = library.home.loudness(item_id, item.mtime_ns, int(points))
        if not cached.exists():
            peaks = np.round(measure_loudness(path, int(points)), 3).tolist()
            write_atomically(cached, json.dumps({"peaks": peaks}).encode())
        response = Response(cached.read_text(), mimetype="application/json")
        response.cache_control.max_age = 24 * 3600
        return response

    return api
