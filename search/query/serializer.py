"""The JSON form of a query, the fields of a request. A command writes it without loading a library."""

from collections.abc import Iterator
from typing import Any

from search.records import FILTERS, Query, QueryPart


def serialize_query(query: Query) -> dict[str, Any]:
    """Return a query as the fields of a request, without its files: those are the images of its parts, in order."""
    images = iter(range(len(query.parts)))
    return {
        "text": query.text,
        "not": list(query.exclude),
        "weights": dict(query.weights),
        "parts": [_serialize_part(part, images) for part in query.parts],
        **{name: serialize_filter(getattr(query.filters, name)) for name in FILTERS},
        "voice_language": query.voice_language,
        "voice_languages": list(query.voice_languages),
        "sort": query.sort,
        "stack": query.stack,
        "diversity": query.diversity,
        "limit": query.limit,
        "cursor": query.cursor,
        "all": query.include_all,
        "tier": query.tier,
        "correct": query.correct,
        "recognize": query.recognize,
        "literal": list(query.literal),
        "explain": query.explain,
    }


def serialize_filter(value: Any) -> Any:
    """Return the value of a filter; several values as a list."""
    return list(value) if isinstance(value, tuple) else value


def _serialize_part(part: QueryPart, images: Iterator[int]) -> dict[str, Any]:
    """Return a part of a query; an image is the next of the uploaded ones."""
    content: dict[str, Any] = {"text": part.text, "item": part.item, "query_image": part.query_image}
    content["image"] = next(images) if part.image is not None else None
    crop = None if part.crop is None else list(part.crop)
    given = {name: value for name, value in (content | {"crop": crop}).items() if value is not None}
    return given | {"weight": part.weight}
