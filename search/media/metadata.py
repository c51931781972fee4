"""Read the metadata of audio and video files, and clean and join metadata of all kinds."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import fields as list_fields
from dataclasses import replace
from typing import Any

from search.media.dates import add_offset, combine_dates, read_date
from search.media.titles import is_generic
from search.records import MAX_RATING, MIN_RATING, MediaFacts, Segment
from search.storable import clamp_integer, clean_string, drop_non_finite

# The maximum length of a text field in characters, of a tag in characters, and the maximum number of tags.
MAX_TEXT_LENGTH, MAX_TAG_LENGTH, MAX_TAGS = 2_000, 100, 100
# The values that numbers from metadata can have; others are dropped.
RANGES = {
    "duration": (0.0, 1e9),
    "width": (1, 2**31),
    "height": (1, 2**31),
    "latitude": (-90.0, 90.0),
    "longitude": (-180.0, 180.0),
    "orientation": (1, 8),
    "rating": (MIN_RATING, MAX_RATING),
}
# Latitude and longitude in decimal degrees, as in ISO 6709.
_ISO6709 = re.compile(r"([+-]\d{1,2}(?:\.\d+)?)([+-]\d{1,3}(?:\.\d+)?)")
# White space and control characters.
_BLANKS = re.compile(r"[\s\0-\x1f\x7f-\x9f]+")


def read_fields(fields: Mapping[str, str]) -> MediaFacts:
    """Return the metadata of an audio or video file.

    Args:
        fields: The fields as FFmpeg returns them (from ID3, Vorbis comments, QuickTime and others).
    """
    tags = {name.lower().removeprefix("com.apple.quicktime."): value for name, value in fields.items()}
    place = _ISO6709.match(pick_first(tags.get("location.iso6709"), tags.get("location")) or "")
    latitude, longitude = check_place(*map(float, place.groups())) if place else (None, None)
    maker = pick_first(tags.get("make"), tags.get("com.android.manufacturer"))
    creation_time = read_date(tags.get("creation_time"))
    written_date = pick_first(read_date(tags.get("creationdate")), read_date(tags.get("date")))
    return MediaFacts(
        title=clean_text(tags.get("title")),
        captured_at=add_offset(written_date, creation_time) or creation_time,
        camera=join_camera(maker, pick_first(tags.get("model"), tags.get("com.android.model"))),
        artist=clean_text(pick_first(tags.get("artist"), tags.get("album_artist"), tags.get("author"))),
        album=clean_text(tags.get("album")),
        description=clean_text(pick_first(tags.get("description"), tags.get("synopsis"), tags.get("comment"))),
        latitude=latitude,
        longitude=longitude,
        tags=join_tags(re.split("[,;/]", f"{tags.get('genre', '')};{tags.get('keywords', '')}")),
    )


def add_later_facts(facts: MediaFacts, later: MediaFacts) -> MediaFacts:
    """Return metadata in which the values of a sidecar replace those of the file: they were written later."""
    values = {field.name: value for field in list_fields(later) if (value := getattr(later, field.name)) is not None}
    values["captured_at"] = combine_dates(later.captured_at, facts.captured_at)
    return replace(facts, **values | {"tags": join_tags([*later.tags, *facts.tags])})


def join_camera(maker: str | None, model: str | None) -> str | None:
    """Join maker and model to the name of a camera, without repeating the maker; None if both are empty."""
    maker, model = clean_text(maker) or "", clean_text(model) or ""
    if maker and model.lower().startswith(maker.lower().split(" ")[0]):
        return model
    return f"{maker} {model}".strip() or None


def pick_first(*values: Any) -> Any:
    """Return the first value that is not empty (of a list or tuple, its first element); None if all are empty."""
    for value in values:
        if value:
            return value[0] if isinstance(value, list | tuple) else value
    return None


def clean_text(value: Any) -> str | None:
    """Return a text as one line of at most `MAX_TEXT_LENGTH` characters; None if it is empty or not a text."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    text = clean_string(_BLANKS.sub(" ", value)).strip() if isinstance(value, str) else ""
    return text[:MAX_TEXT_LENGTH] or None


def join_tags(names: Iterable[str | None]) -> tuple[str, ...]:
    """Return keywords without duplicates, ignoring case. Keywords longer than `MAX_TAG_LENGTH` are dropped."""
    unique: dict[str, str] = {}
    for name in names:
        text = clean_text(name)
        if text and len(text) <= MAX_TAG_LENGTH:
            unique.setdefault(text.casefold(), text)
    return tuple(unique.values())[:MAX_TAGS]


def check_place(latitude: float, longitude: float) -> tuple[float | None, float | None]:
    """Return rounded coordinates in degrees, or (None, None) if they are invalid.

    Many devices write 0, 0 if they do not know the position, so this is invalid, too.
    """
    if abs(latitude) <= 90 and abs(longitude) <= 180 and (latitude or longitude):
        return round(latitude, 6), round(longitude, 6)
    return None, None


def clean_segment(segment: Segment) -> Segment:
    """Return a segment whose text and times can be stored, embedded and shown as JSON."""
    return Segment(**{name: _clean(value) for name, value in vars(segment).items()})


def clean_facts(facts: MediaFacts) -> MediaFacts:
    """Return metadata that can be stored and shown: valid text, finite numbers in the range of their meaning.

    A title that only the program has chosen is left out.
    """
    values: dict[str, Any] = {name: _clean(value) for name, value in vars(facts).items()}
    for name, (lowest, highest) in RANGES.items():
        if values[name] is not None and not lowest <= values[name] <= highest:
            values[name] = None
    if values["title"] is not None and is_generic(values["title"]):
        values["title"] = None
    values["tags"] = tuple(dict.fromkeys(values["tags"]))
    if values["latitude"] is None or values["longitude"] is None:
        values["latitude"] = values["longitude"] = None
    return MediaFacts(**values)


def _clean(value: Any) -> Any:
    """Return a value of a field with storable texts and numbers."""
    if isinstance(value, str):
        return clean_string(value) if type(value) is str else value
    if isinstance(value, float):
        return drop_non_finite(value)
    if type(value) is int:
        return clamp_integer(value)
    if type(value) is tuple:
        return tuple(_clean(part) for part in value)
    return value
