"""Read the JSON files that Google Takeout writes next to photos and videos."""

import json
from datetime import UTC, datetime
from typing import Any

from search.media.dates import read_date
from search.media.metadata import check_place, clean_text, join_tags
from search.records import MediaFacts

TAKEOUT_SUFFIX = ".json"


def read_takeout(body: bytes) -> MediaFacts:
    """Return the metadata in a JSON file of Google Takeout; empty if it is damaged or a different kind of file."""
    try:
        entry = json.loads(body)
    except (ValueError, RecursionError):
        return MediaFacts()
    if not isinstance(entry, dict) or not isinstance(entry.get("photoTakenTime"), dict):
        return MediaFacts()
    latitude, longitude = _read_place(entry.get("geoData"))
    if latitude is None:
        latitude, longitude = _read_place(entry.get("geoDataExif"))
    people = entry.get("people")
    names = [person.get("name") for person in people if isinstance(person, dict)] if isinstance(people, list) else []
    return MediaFacts(
        captured_at=_read_timestamp(entry["photoTakenTime"].get("timestamp")),
        description=clean_text(entry.get("description")),
        latitude=latitude,
        longitude=longitude,
        tags=join_tags(names),
    )


def _read_timestamp(value: Any) -> str | None:
    """Return the date of a number of seconds since 1970, in UTC."""
    try:
        return read_date(datetime.fromtimestamp(int(str(value)), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    except (ValueError, OverflowError, OSError):
        return None


def _read_place(value: Any) -> tuple[float | None, float | None]:
    try:
        return check_place(float(value["latitude"]), float(value["longitude"]))
    except (KeyError, TypeError, ValueError):
        return None, None
