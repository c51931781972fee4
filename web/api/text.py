"""The text of an item: its transcript and its passages."""

from typing import Any

from flask import Blueprint, Response, jsonify, request
from pydantic import BaseModel, ConfigDict, Field

from search.errors import NotFoundError
from search.open_home import OpenHome
from search.query.filters import ItemId
from search.records import FoundSegment, Role, SegmentKind
from search.serializers import serialize_item, serialize_segment
from web.access.caller import restrict_library
from web.api.body import parse_address
from web.caching import keyed_by_revision
from web.contract.operation import Operation
from web.locations import get_disclosure
from web.schemas.items import Passages, TranscriptDocument

MAX_NEIGHBORS = 50
# Subtitle formats: whether each is WebVTT.
SUBTITLES = {"text/vtt": True, "application/x-subrip": False}


class PassageFields(BaseModel):
    """Which text segments are returned.

    Attributes:
        around: The id of a segment; only this one and its neighbors are returned.
        count: The number of neighbors before and after, at most 50 (1 by default); without `around`, the number of
            segments from the start of the item.
    """

    model_config = ConfigDict(extra="forbid")

    around: ItemId | None = None
    count: int | None = Field(None, ge=0, le=10_000)


def make_blueprint(library: OpenHome) -> Blueprint:
    """Return the routes."""
    api = Blueprint("text", __name__, url_prefix="/api/v1/items")
    versioned = keyed_by_revision(library)

    @api.get("/<int:item_id>/transcript")
    @Operation(TranscriptDocument, role=Role.VIEW, media=tuple(SUBTITLES))
    @versioned
    def show_transcript(item_id: int) -> Response:
        """Return the segments of speech with start and end in seconds, and the times of their words.

        The header `Accept` chooses between JSON and subtitles: `text/vtt` or `application/x-subrip`.
        """
        catalog = restrict_library(library).catalog
        item = catalog.get_item(item_id)
        found = [one for one in catalog.list_segments(item_id) if one.segment.kind is SegmentKind.SPEECH]
        # Subtitles of several files, and what was recognized, are stored one after another.
        found.sort(key=lambda one: one.segment.start or 0.0)
        disclosure = get_disclosure().narrow(item.source)
        spoken = [serialize_segment(one, disclosure) for one in found]
        form = request.accept_mimetypes.best_match(["application/json", *SUBTITLES], "application/json")
        if form in SUBTITLES:
            response = Response(write_subtitles(spoken, SUBTITLES[form]), content_type=f"{form}; charset=utf-8")
        else:
            response = jsonify({"id": item_id, "language": item.facts.language, "segments": spoken})
        response.vary.add("Accept")
        return response

    @api.get("/<int:item_id>/passages")
    @Operation(Passages, role=Role.VIEW, query=PassageFields, examples={"The first passage": "?count=1"})
    @versioned
    def show_passages(item_id: int) -> Response:
        """Return the text segments of an item.

        All of them, the first ones, or one and its neighbors.
        """
        catalog = restrict_library(library).catalog
        item = catalog.get_item(item_id)
        texts = [found for found in catalog.list_segments(item_id) if found.segment.text]
        fields = parse_address(PassageFields)
        around, count = fields.around, fields.count
        if around is not None:
            texts = _cut_neighbors(texts, around, 1 if count is None else count)
        elif count is not None:
            texts = [found for found in texts if found.segment.kind is not SegmentKind.NAME][:count]
        disclosure = get_disclosure().narrow(item.source)
        segments = [serialize_segment(found, disclosure) for found in texts]
        return jsonify({"item": serialize_item(item, disclosure), "segments": segments})

    return api


def write_subtitles(spoken: list[dict[str, Any]], is_vtt: bool) -> str:
    """Return speech segments as subtitles.

    Args:
        spoken: Serialized segments with `text`, `start` and `end` in seconds.
        is_vtt: Write WebVTT instead of SubRip.
    """
    blocks = []
    for number, segment in enumerate(spoken, 1):
        start, end = (_format_time(segment.get(name, 0.0), "." if is_vtt else ",") for name in ("start", "end"))
        text = segment["text"].replace("-->", "→").strip()
        blocks.append(f"{number}\n{start} --> {end}\n{text}\n")
    return "\n".join(["WEBVTT\n", *blocks] if is_vtt else blocks)


def _format_time(seconds: float, point: str) -> str:
    whole, thousandths = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}{point}{thousandths:03d}"


def _cut_neighbors(texts: list[FoundSegment], around: int, count: int) -> list[FoundSegment]:
    """Return a segment with up to `count` segments before and after it.

    Raises:
        NotFoundError: The item has no text segment with the id `around`.
    """
    index = next((index for index, found in enumerate(texts) if found.id == around), None)
    if index is None:
        raise NotFoundError(f"The item has no text segment {around}. Without `around`, all are returned.")
    count = min(count, MAX_NEIGHBORS)
    return texts[max(0, index - count) : index + count + 1]
