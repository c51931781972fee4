"""The OpenAPI document as lists that a page or a table can show."""

import json
from dataclasses import dataclass, replace
from typing import Any

from search.records import Role

JsonObject = dict[str, Any]
# What the keywords of a schema limit, in words.
_LIMIT_WORDS = {
    "maxItems": "at most {} values",
    "maxLength": "at most {} characters",
    "x-max-pixels": "at most {} pixels each",
    "x-max-seconds": "at most {} seconds",
}


@dataclass(frozen=True)
class FieldRow:
    """A field of a request or a response.

    Attributes:
        name: The name.
        type: Its type, in words.
        schema: The name of the schema in its type, if there is one.
        required: Whether it must be sent, or is always returned.
        description: What it means, with its limits and its default.
        place: Where a parameter is: `path`, `query` or `header`; empty for a field of a body.
    """

    name: str
    type: str
    schema: str
    required: bool
    description: str
    place: str = ""


@dataclass(frozen=True)
class BodyRow:
    """The body of a request or a response in one media type.

    Attributes:
        media: The media type.
        schema: The name of its schema; empty without one.
    """

    media: str
    schema: str


@dataclass(frozen=True)
class ResponseRow:
    """A response.

    Attributes:
        status: The status, or `default`.
        description: What it means.
        bodies: Its body, by media type.
    """

    status: str
    description: str
    bodies: tuple[BodyRow, ...]


@dataclass(frozen=True)
class RouteRow:
    """A route.

    Attributes:
        method: The HTTP method.
        path: The path with its parameters.
        name: The id of the operation.
        summary: What it does, in one sentence.
        description: More about it; can be empty.
        parameters: The fields of the path and the address.
        bodies: The body of the request, by media type.
        examples: JSON bodies, by name.
        responses: The responses.
        role: The role that the caller needs; `none` if everyone may call it.
    """

    method: str
    path: str
    name: str
    summary: str
    description: str
    parameters: tuple[FieldRow, ...]
    bodies: tuple[BodyRow, ...]
    examples: dict[str, str]
    responses: tuple[ResponseRow, ...]
    role: str


def list_groups(document: JsonObject) -> dict[str, list[RouteRow]]:
    """Return the routes of an OpenAPI document by their tag."""
    groups: dict[str, list[RouteRow]] = {tag["name"]: [] for tag in document["tags"]}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            groups[operation["tags"][0]].append(_outline_route(method.upper(), path, operation))
    return groups


def list_schemas(document: JsonObject) -> dict[str, JsonObject]:
    """Return the schemas of an OpenAPI document by name: `description`, `fields` and, for enumerations, `values`."""
    return {
        name: {
            "description": schema.get("description", ""),
            "fields": list_fields(schema),
            "values": schema.get("enum", []),
        }
        for name, schema in document["components"]["schemas"].items()
    }


def list_fields(schema: JsonObject) -> list[FieldRow]:
    """Return the fields of an object schema."""
    required = schema.get("required", ())
    return [_outline_field(name, field, name in required) for name, field in schema.get("properties", {}).items()]


def _outline_route(method: str, path: str, operation: JsonObject) -> RouteRow:
    parameters = []
    for one in operation.get("parameters", ()):
        schema = one["schema"] if "schema" in one else one["content"]["application/json"]["schema"]
        row = _outline_field(one["name"], schema | {"description": one["description"]}, one["required"])
        parameters.append(replace(row, place=one["in"]))
    content = operation.get("requestBody", {}).get("content", {})
    examples = {
        name: json.dumps(example["value"], ensure_ascii=False)
        for media in content.values()
        for name, example in media.get("examples", {}).items()
    }
    return RouteRow(
        method=method,
        path=path,
        name=operation["operationId"],
        summary=operation["summary"],
        description=operation.get("description", ""),
        parameters=tuple(parameters),
        bodies=_outline_content(content),
        examples=examples,
        responses=tuple(
            ResponseRow(status, response["description"], _outline_content(response.get("content", {})))
            for status, response in operation["responses"].items()
        ),
        role=operation.get("x-role", str(Role.NONE)),
    )


def _outline_content(content: JsonObject) -> tuple[BodyRow, ...]:
    return tuple(BodyRow(media, _find_reference(one.get("schema", {}))) for media, one in content.items())


def _outline_field(name: str, schema: JsonObject, required: bool) -> FieldRow:
    notes = [schema.get("description", "").rstrip(".")] if schema.get("description") else []
    notes += _list_limits(schema)
    default = schema.get("default")
    if default not in (None, [], {}, ""):
        notes.append(f"default {json.dumps(default)}")
    return FieldRow(name, describe_type(schema), _find_reference(schema), required, "; ".join(notes))


def _list_limits(schema: JsonObject) -> list[str]:
    """Return the limits of a value in words."""
    inner = next((one for one in schema.get("anyOf", ()) if one != {"type": "null"}), schema)
    low, high = inner.get("minimum"), inner.get("maximum", inner.get("exclusiveMaximum"))
    limits = []
    if low is not None and high is not None and high < 2**60:
        limits.append(f"{low:g} to {high:g}")
    found = inner | schema
    limits += [words.format(f"{found[key]:,}") for key, words in _LIMIT_WORDS.items() if key in found]
    return limits


def describe_type(schema: JsonObject) -> str:
    """Return the type of a value in words."""
    if "anyOf" in schema:
        return " or ".join(describe_type(one) for one in schema["anyOf"])
    if "$ref" in schema:
        return _find_reference(schema)
    if choices := schema.get("enum", [schema["const"]] if "const" in schema else []):
        return " or ".join(json.dumps(value) for value in choices)
    if schema.get("type") == "array":
        return f"list of {describe_type(schema.get('items', {}))}"
    return "file" if schema.get("format") == "binary" else str(schema.get("type", "any"))


def _find_reference(schema: JsonObject) -> str:
    """Return the name of the first schema that a schema refers to; empty if there is none."""
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    nested = [*schema.get("anyOf", ()), *([schema["items"]] if isinstance(schema.get("items"), dict) else [])]
    return next((name for one in nested if (name := _find_reference(one))), "")
