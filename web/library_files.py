"""Files of the library for clients: as they are, or without the places where they were made."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from flask import Response, request

from search.errors import LocationHiddenError, NotFoundError
from search.media.image.limits import MAX_PIXELS
from search.media.image.motion_photo import find_film
from search.media.on_demand import copy_image
from search.media.processes import MediaProcesses
from search.media.redaction.patches import NotRedactableError, Patch, PatchedFile, UnreadableTrackError
from search.media.redaction.redaction import find_patches
from search.media.telemetry import may_have_telemetry
from search.records import Item, ItemType, LocationPrecision
from web.media_types import SANDBOX, guess_type, is_shown
from web.ranges import send_part, send_ranges

# Maximum width and height of a preview in pixels.
MAX_PREVIEW_SIDE = 2048
DAY_SECONDS = 24 * 3600
BLOCK_BYTES = 256 * 1024
# Subtitles name no place, unless a drone wrote them. Any other side-car may: XMP, and JSON of Google Takeout.
SUBTITLES = {".srt", ".vtt", ".ass", ".ssa", ".sub", ".lrc", ".ttml", ".dfxp", ".smi"}
HIDDEN = (
    "{name} may name the place where it was made, which you may not see and which cannot be removed from its format. "
    "Ask the administrator for the file."
)


def send_library_file(item: Item, path: Path, precision: LocationPrecision, media: MediaProcesses) -> Response:
    """Return a response with the file of an item, which cannot run as a page of this site.

    Args:
        item: The item.
        path: Its file.
        precision: How precisely the client may see locations. Unless it is exact, metadata is removed; an image of a
            format from which it cannot be removed is sent as a preview.
        media: Makes previews.

    Raises:
        LocationHiddenError: The file may name its place, and is no image.
    """
    patches = _find_patches(item, path, precision)
    if patches is None:
        return send_preview(path, media, f"{path.stem}.jpg")
    mime_type = guess_type(path)
    response = send_ranges(path, mime_type, path.name, is_download=not is_shown(mime_type), patches=patches)
    response.headers["Content-Security-Policy"] = SANDBOX
    return response


def send_film(item: Item, path: Path, precision: LocationPrecision) -> Response:
    """Return a response with the film inside the file of an item.

    Args:
        item: The item.
        path: Its file.
        precision: How precisely the client may see locations.

    Raises:
        NotFoundError: There is no film inside.
        LocationHiddenError: The client may not see exact locations, which the film may name.
    """
    span = find_film(path)
    if span is None:
        raise NotFoundError(
            f"Item {item.id} has no film inside: {item.path}. `film` of an item says whether it has one."
        )
    if precision is not LocationPrecision.EXACT:
        raise LocationHiddenError(HIDDEN.format(name=path.name))
    response = send_part(path, span, "video/mp4")
    response.headers["Content-Security-Policy"] = SANDBOX
    return response


def send_preview(path: Path, media: MediaProcesses, name: str | None = None) -> Response:
    """Return a response with an image as a JPEG, which has no metadata.

    Args:
        path: The file of the image.
        media: Decodes the image.
        name: The name that browsers store it under; None for any.
    """
    response = send_bytes(make_preview(path, media), "image/jpeg")
    if name is not None:
        response.headers.set("Content-Disposition", "inline", filename=name)
    return response


def send_bytes(body: bytes, mime_type: str) -> Response:
    """Return a response with an image that was made for it, or the status for a client that has it."""
    response = Response(body, mimetype=mime_type)
    response.cache_control.max_age = DAY_SECONDS
    response.add_etag()
    response.make_conditional(request)
    return response


def make_preview(path: Path, media: MediaProcesses) -> bytes:
    """Return an image of any supported format as a JPEG file of up to 2,048 pixels. Raises UnreadableMediaError."""
    return media.call(copy_image, path, MAX_PREVIEW_SIDE, MAX_PIXELS)


@dataclass(frozen=True)
class SentFile:
    """A file of the library as a client gets it.

    Attributes:
        path: The file.
        patches: What is replaced in it; None if a preview is sent instead.
    """

    path: Path
    patches: Sequence[Patch] | None

    @property
    def name(self) -> str:
        """The name of what is sent: with another suffix for a preview."""
        return self.path.name if self.patches is not None else f"{self.path.stem}.jpg"

    def read(self, media: MediaProcesses) -> Iterator[bytes]:
        """Yield its blocks.

        Args:
            media: Makes previews.
        """
        if self.patches is None:
            yield make_preview(self.path, media)
            return
        with io.BufferedReader(PatchedFile(self.path, self.patches), BLOCK_BYTES) as stream:
            while block := stream.read(BLOCK_BYTES):
                yield block


def prepare_file(item: Item, precision: LocationPrecision) -> SentFile | None:
    """Return the file of an item as `send_library_file` sends it; None if it may not be sent.

    Args:
        item: The item.
        precision: How precisely the client may see locations.
    """
    path = Path(item.path)
    try:
        return SentFile(path, _find_patches(item, path, precision))
    except LocationHiddenError:
        return None


def may_copy(item: Item, path: Path, precision: LocationPrecision) -> bool:
    """Return whether the images and the sound of a recording may be sent as they are, without its metadata.

    Args:
        item: The item.
        path: Its file.
        precision: How precisely the client may see locations.
    """
    try:
        require_copy(item, path, precision)
    except LocationHiddenError:
        return False
    return True


def require_copy(item: Item, path: Path, precision: LocationPrecision) -> None:
    """Raise LocationHiddenError unless the file of a recording could be sent; see `may_copy`."""
    _find_patches(item, path, precision)


def _find_patches(item: Item, path: Path, precision: LocationPrecision) -> Sequence[Patch] | None:
    """Return what has to be replaced in a file; None if only a preview can be sent.

    Raises:
        LocationHiddenError: Neither is possible.
    """
    if precision is LocationPrecision.EXACT:
        return ()
    if path.suffix.lower() in SUBTITLES:
        with path.open("rb") as stream:
            if may_have_telemetry(stream):
                raise LocationHiddenError(HIDDEN.format(name=path.name))
        return ()
    if item.type is ItemType.DOCUMENT and item.belongs_to is None:
        return ()
    try:
        return find_patches(path, item.facts.orientation)
    except NotRedactableError as error:
        if item.type is ItemType.IMAGE:
            return None
        # A recording of another format is known to name no place if none was found when it was indexed.
        is_recording = item.type in {ItemType.AUDIO, ItemType.VIDEO}
        is_known = is_recording and item.belongs_to is None and not isinstance(error, UnreadableTrackError)
        if is_known and item.facts.latitude is None:
            return ()
        raise LocationHiddenError(HIDDEN.format(name=path.name)) from error
