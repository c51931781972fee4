"""Recordings that browsers cannot play, in fragments that they can; clips."""

import math
from pathlib import Path

from flask import Blueprint, Response, jsonify
from pydantic import BaseModel, ConfigDict, Field

from search.clips import RECORDINGS, cut_clip, make_span, name_clip
from search.errors import (
    BusyError,
    LocationHiddenError,
    MediaLimitError,
    NotFoundError,
    StorageError,
    UnreadableMediaError,
)
from search.file_cache import PreviewCache
from search.media.recording.cutting import LEAD_SECONDS, write_fragment
from search.media.recording.playback import FRAGMENT_SECONDS, Playback, examine
from search.open_home import OpenHome
from search.paths import find_file
from search.records import Item, ItemType, Role
from search.settings import Settings
from web.access.caller import restrict_library
from web.api.body import parse_address
from web.contract.operation import NOT_MODIFIED, PARTIAL, Operation
from web.http_errors import RangeError
from web.library_files import DAY_SECONDS, may_copy, require_copy
from web.locations import get_location_precision
from web.ranges import send_ranges
from web.schemas.items import PlaybackDocument

MAX_SECONDS = 10**6
# What can go wrong while a recording is converted.
ERRORS = (UnreadableMediaError, MediaLimitError, BusyError, StorageError, RangeError)


class ClipFields(BaseModel):
    """The part of a recording that becomes a clip.

    Attributes:
        start: Where it starts, in seconds.
        end: Where it ends, in seconds; at most `clip_seconds` of the settings later.
    """

    model_config = ConfigDict(extra="forbid")

    start: float = Field(ge=0, lt=MAX_SECONDS, allow_inf_nan=False)
    end: float = Field(gt=0, lt=MAX_SECONDS, allow_inf_nan=False)


def make_blueprint(library: OpenHome, settings: Settings, cache: PreviewCache) -> Blueprint:
    """Return the routes.

    Args:
        library: The open library.
        settings: The settings of the server.
        cache: Keeps fragments and clips.
    """
    api = Blueprint("playback", __name__, url_prefix="/api/v1/items")

    def find(item_id: int) -> tuple[Item, Path]:
        item = restrict_library(library).catalog.get_item(item_id)
        return item, find_file(item, RECORDINGS)

    @api.get("/<int:item_id>/playback")
    @Operation(PlaybackDocument, role=Role.VIEW, errors=(UnreadableMediaError, StorageError))
    def show_playback(item_id: int) -> Response:
        """Return how browsers can play a recording: its file, or fragments that are made while they play."""
        item, path = find(item_id)
        copied = may_copy(item, path, get_location_precision())
        return jsonify(serialize_playback(item, library.media.call(examine, path, copied)))

    @api.get("/<int:item_id>/playback/<int:fragment>")
    @Operation(media=("video/mp4",), role=Role.VIEW, errors=ERRORS, statuses=PARTIAL | NOT_MODIFIED)
    def send_fragment(item_id: int, fragment: int) -> Response:
        """Return a fragment of a recording as fragmented MP4 with H.264 and AAC, without metadata.

        Fragments are numbered from 0 and can be appended to each other in any order, as Media Source Extensions do.
        Copied images are in the fragment in which their group of pictures begins.
        """
        item, path = find(item_id)
        if fragment >= count_fragments(item.facts.duration or 0.0):
            raise NotFoundError(
                f"Item {item_id} has no fragment {fragment}. `fragments` of its playback is their number."
            )
        copied = may_copy(item, path, get_location_precision())
        name = f"{fragment}{'' if copied else '-encoded'}.mp4"
        found = cache.get(
            library.home.preview(item.id, item.mtime_ns, name),
            lambda target: library.converter.call(write_fragment, path, target, fragment, copied),
        )
        return send_ranges(found, "video/mp4", max_age=DAY_SECONDS)

    @api.get("/<int:item_id>/clip")
    @Operation(
        media=("video/mp4", "audio/mp4"),
        role=Role.VIEW,
        query=ClipFields,
        errors=(*ERRORS, LocationHiddenError),
        statuses=PARTIAL | NOT_MODIFIED,
        examples={"Three seconds": "?start=2&end=5"},
    )
    def send_clip(item_id: int) -> Response:
        """Return a part of a recording as MP4, without metadata.

        Images and sound are not encoded again where MP4 can contain them. The clip then also contains the frames from
        the keyframe before `start`, up to 12 seconds, which players skip. Where a clip has to be encoded, it starts
        exactly at `start`, and a long one can exceed the deadline.
        """
        item, path = find(item_id)
        fields = parse_address(ClipFields)
        span = make_span(item, fields.start, fields.end, settings.clip_seconds)
        require_copy(item, path, get_location_precision())
        found = cache.get(
            library.home.preview(item.id, item.mtime_ns, f"clip-{span.start:.3f}-{span.end:.3f}.mp4"),
            lambda target: cut_clip(library, item, span, target),
        )
        media_type = "video/mp4" if item.type is ItemType.VIDEO else "audio/mp4"
        return send_ranges(found, media_type, name_clip(item, span), is_download=True)

    return api


def serialize_playback(item: Item, playback: Playback) -> dict[str, object]:
    """Return how an item can be played as a JSON document."""
    duration = item.facts.duration or playback.duration
    return {
        "container": playback.container,
        "video": playback.video,
        "audio": playback.audio,
        "duration": duration,
        "media_type": playback.type,
        "common": playback.is_common,
        "fragments": count_fragments(duration),
        "fragment_seconds": FRAGMENT_SECONDS,
        "fragment_media_type": playback.fragment_type,
        "lead": LEAD_SECONDS,
        "converts_video": playback.video is not None and not playback.copies_video,
        "converts_audio": playback.audio is not None and not playback.copies_audio,
    }


def count_fragments(duration: float) -> int:
    """Return the number of fragments of a recording of some seconds."""
    return max(1, math.ceil(duration / FRAGMENT_SECONDS))
