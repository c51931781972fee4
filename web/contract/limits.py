"""The limits of requests in an OpenAPI document: the values of the settings of the server."""

from typing import Any

from search.query.limits import SETTINGS_KEY
from search.settings import Settings

# The settings that limit what a client may ask for.
LIMITS = (
    "json_limit", "upload_limit", "file_limit", "query_characters", "query_terms", "query_parts", "query_images",
    "query_pixels", "filter_values", "voice_seconds", "deadline", "encoding_queue", "speech_queue", "rate_limit",
    "sign_in_limit", "clip_seconds", "clip_limit",
)  # fmt: skip
LIMITS_KEY = "x-limits"


def list_limits(settings: Settings) -> dict[str, dict[str, Any]]:
    """Return the value and the description of each setting that limits requests."""
    fields = Settings.model_fields
    return {name: {"value": getattr(settings, name), "description": fields[name].description} for name in LIMITS}


def apply_settings(schema: Any, settings: Settings) -> None:
    """Replace the highest possible limits in a JSON schema, or anything that contains some, by those of the settings.

    Args:
        schema: The document; it is changed.
        settings: The settings of the server.
    """
    waiting = [schema]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            names = node.get(SETTINGS_KEY)
            if isinstance(names, dict):
                _apply(node, names, settings)
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node


def _apply(node: dict[str, Any], names: dict[str, str], settings: Settings) -> None:
    for keyword, name in names.items():
        value = getattr(settings, name)
        # A keyword of JSON Schema is next to the type that it limits, which `null` can be an alternative to.
        places = [one for one in (node, *node.get("anyOf", ())) if keyword in one]
        for place in places or [node]:
            place[keyword] = min(value, place.get(keyword, value))
