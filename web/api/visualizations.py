"""Visualizations of an item: the heatmap of an image, the moments and the loudness of a recording."""

import json
from contextlib import suppress

import numpy as np
from flask import Blueprint, Response, jsonify
from pydantic import BaseModel, ConfigDict, Field

from search.admission import Admission
from search.engine import Engine
from search.errors import BusyError, StorageError, UnreadableMediaError
from search.media.recording.loudness import measure_loudness
from search.paths import find_file, write_atomically
from search.records import ItemType, Role
from search.retrieval.heatmap import compute_heatmap
from search.serializers import serialize_evidence
from web.access.caller import restrict_library, restrict_query
from web.api.body import parse_address
from web.api.search import AddressSearch, read_address
from web.contract.operation import Operation
from web.locations import get_disclosure
from web.schemas.items import Heatmap, Loudness, Moments

MAX_POINTS = 2000
# Requests that wait while the loudness of a recording, which can last hours, is measured.
MAX_WAITING = 4
RECORDINGS = {ItemType.AUDIO, ItemType.VIDEO}


class LoudnessFields(BaseModel):
    """The resolution of the loudness.

    Attributes:
        points: The number of parts.
    """

    model_config = ConfigDict(extra="forbid")

    points: int = Field(400, ge=1, le=MAX_POINTS)


def make_blueprint(engine: Engine) -> Blueprint:
    """Return the routes."""
    api = Blueprint("visualizations", __name__, url_prefix="/api/v1/items")
    library = engine.library
    measuring = Admission("recordings", 1, MAX_WAITING)

    @api.get("/<int:item_id>/heatmap")
    @Operation(Heatmap, role=Role.VIEW, query=AddressSearch, errors=(UnreadableMediaError, StorageError))
    def show_heatmap(item_id: int) -> Response:
        """Return where an image matches a query, as 6 rows of 6 regions.

        Only the text and the parts of the search are used.
        """
        heatmap = compute_heatmap(restrict_library(engine.library), item_id, read_address().make_query())
        return jsonify({"heatmap": np.round(heatmap, 3).tolist()})

    @api.get("/<int:item_id>/moments")
    @Operation(Moments, role=Role.VIEW, query=AddressSearch, examples={"Moments of a text": "?q=train"})
    def show_moments(item_id: int) -> Response:
        """Return every moment, page or passage of an item that is relevant to a query, in order."""
        moments = engine.find_moments(item_id, restrict_query(read_address().make_query()))
        item = restrict_library(library).catalog.get_item(item_id)
        disclosure = get_disclosure().narrow(item.source)
        return jsonify({"moments": [serialize_evidence(moment, disclosure) for moment in moments]})

    @api.get("/<int:item_id>/loudness")
    @Operation(Loudness, role=Role.VIEW, query=LoudnessFields, errors=(UnreadableMediaError, BusyError, StorageError))
    def show_loudness(item_id: int) -> Response:
        """Return the peaks of a recording in equal parts, for drawing its wave; none for a film without sound."""
        points = parse_address(LoudnessFields).points
        item = restrict_library(library).catalog.get_item(item_id)
        path = find_file(item, RECORDINGS)
        cached = library.home.loudness(item_id, item.mtime_ns, points)
        if cached.exists():
            body = cached.read_bytes()
        else:
            with measuring.enter():
                peaks = library.media.call(measure_loudness, path, points)
            body = json.dumps({"peaks": np.round(peaks, 3).tolist()}).encode()
            with suppress(OSError):  # the disk is full
                write_atomically(cached, body)
        response = Response(body, mimetype="application/json")
        response.cache_control.max_age = 24 * 3600
        return response

    return api
