"""The text of an item: its transcript and its passages."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

from flask import Blueprint, Response, jsonify, request
from pydantic import BaseModel, ConfigDict, Field

from search.errors import NotFoundError
from search.open_home import OpenHome
from search.paths import make_download_name
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
# The names of the formats of a transcript in an address, for links.
FORMATS = {"json": "application/json", "vtt": "text/vtt", "srt": "application/x-subrip"}
# Subtitle formats: whether each is WebVTT.
SUBTITLES = {"text/vtt": True, "application/x-subrip": False}


class TranscriptFields(BaseModel):
    """The form and the language of a transcript.

    Attributes:
        format: `json`, `vtt` or `srt`; by default, the header `Accept` decides.
        language: The language of the subtitles (ISO 639-1); by default, that of the recording.
    """

    model_config = ConfigDict(extra="forbid")

    format: Literal["json", "vtt", "srt"] | None = None
    language: str | None = Field(None, max_length=20)


class PassageFields(BaseModel):
    """Which text segments are returned.

    Attributes:
        around: The id of a segment; only this one and its neighbors are returned.
        limit: The number of neighbors before and after, at most 50 (1 by default); without `around`, the number of
            segments from the start of the item.
    """

    model_config = ConfigDict(extra="forbid")
    old_names: ClassVar = {"count": "limit"}

    around: ItemId | None = None
    limit: int | None = Field(None, ge=0, le=10_000)


def make_blueprint(library: OpenHome) -> Blueprint:
    """Return the routes."""
    api = Blueprint("text", __name__, url_prefix="/api/v1/items")
    versioned = keyed_by_revision(library)

    @api.get("/<int:item_id>/transcript")
    @Operation(
        TranscriptDocument,
        role=Role.VIEW,
        query=TranscriptFields,
        media=tuple(SUBTITLES),
        examples={"As subtitles": "?format=vtt"},
    )
    @versioned
    def show_transcript(item_id: int) -> Response:
        """Return the segments of speech with start and end in seconds, and the times of their words.

        `format`, or else the header `Accept`, chooses between JSON and subtitles: `text/vtt` or `application/x-subrip`.
        A film can have subtitles in several languages: `languages` lists them, and `language` chooses one.
        """
        fields = parse_address(TranscriptFields)
        catalog = restrict_library(library).catalog
        item = catalog.get_item(item_id)
        found = [one for one in catalog.list_segments(item_id) if one.segment.kind is SegmentKind.SPEECH]
        # Subtitles of several files, and what was recognized, are stored one after another.
        found.sort(key=lambda one: one.segment.start or 0.0)
        languages = list_languages(found, item.facts.language)
        language = choose_language(languages, fields.language, item.facts.language)
        disclosure = get_disclosure().narrow(item.source)
        spoken = [
            serialize_segment(one, disclosure)
            for one in found
            if (one.segment.language or item.facts.language) == language
        ]
        form = FORMATS.get(fields.format or "") or request.accept_mimetypes.best_match(
            FORMATS.values(), FORMATS["json"]
        )
        if form in SUBTITLES:
            response = Response(write_subtitles(spoken, SUBTITLES[form]), content_type=f"{form}; charset=utf-8")
            if fields.format is not None:
                name = ".".join(filter(None, [Path(item.path).stem, language, fields.format]))
                response.headers.set("Content-Disposition", "attachment", filename=make_download_name(name))
        else:
            document = {"id": item_id, "language": language, "languages": languages, "segments": spoken}
            response = jsonify(document)
        response.vary.add("Accept")
        return response

    @api.get("/<int:item_id>/passages")
    @Operation(Passages, role=Role.VIEW, query=PassageFields, examples={"The first passage": "?limit=1"})
    @versioned
    def show_passages(item_id: int) -> Response:
        """Return the text segments of an item.

        All of them, the first ones, or one and its neighbors.
        """
        catalog = restrict_library(library).catalog
        item = catalog.get_item(item_id)
        texts = [found for found in catalog.list_segments(item_id) if found.segment.text]
        fields = parse_address(PassageFields)
        around, limit = fields.around, fields.limit
        if around is not None:
            texts = _cut_neighbors(texts, around, 1 if limit is None else limit)
        elif limit is not None:
            texts = [found for found in texts if found.segment.kind is not SegmentKind.NAME][:limit]
        disclosure = get_disclosure().narrow(item.source)
        segments = [serialize_segment(found, disclosure) for found in texts]
        return jsonify({"item": serialize_item(item, disclosure), "segments": segments})

    return api


def list_languages(spoken: Sequence[FoundSegment], main: str | None) -> list[str]:
    """Return the languages of the speech of a recording, its main language first.

    Args:
        spoken: The segments of speech.
        main: The language of the recording, if it is known, which is that of segments without a language.
    """
    found = dict.fromkeys(one.segment.language or main for one in spoken)
    return sorted(filter(None, found), key=lambda language: language != main)


def choose_language(languages: Sequence[str], asked: str | None, main: str | None) -> str | None:
    """Return the language of a transcript; None if it is not known.

    Raises:
        NotFoundError: There is no transcript in the language that was asked for.
    """
    if asked is not None and asked not in languages:
        known = ", ".join(languages) or "not known"
        raise NotFoundError(f"There is no transcript in the language {asked!r}. The languages: {known}.")
    return asked or main or next(iter(languages), None)


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
