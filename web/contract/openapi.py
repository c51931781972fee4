"""The OpenAPI document of an application, made from its routes and their declarations."""

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import Flask
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from werkzeug.routing import Rule

from search.errors import (
    CrossmodalError,
    KeyInUseError,
    KeyReusedError,
    NotAllowedError,
    NotFoundError,
    SignInError,
    UsageError,
)
from search.query.limits import limited_by
from search.records import Role
from search.settings import Settings
from web.access.cookies import SESSION_COOKIE
from web.contract.documents import ContractSchema, fold
from web.contract.limits import LIMITS_KEY, apply_settings, list_limits
from web.contract.operation import (
    FORM_TOKEN_HEADER,
    KEY_CHARACTERS,
    KEY_HEADER,
    MAX_KEY_LENGTH,
    MAX_RESPONSES,
    NOT_MODIFIED,
    PROBLEM,
    SIGN_IN,
    Operation,
    get_operation,
    name_body_setting,
)
from web.http_errors import RateLimitError, TooLargeError
from web.schemas.problem import ProblemDocument

VERSION = "3.1.1"
DESCRIPTION = (
    "Search pictures, recordings and documents by text, image or voice, and manage what is indexed. Errors are problem "
    "documents (RFC 9457); `type` identifies the class of problem. Clients must ignore fields that they do not know."
)
KEY_PARAMETER = {
    "name": KEY_HEADER,
    "in": "header",
    "required": False,
    "description": "A new random value for each request. A request that is repeated with the same value creates "
    "nothing again and gets the first response; the server remembers the last "
    f"{MAX_RESPONSES:,} until it is restarted.",
    "schema": {"type": "string", "minLength": 1, "maxLength": MAX_KEY_LENGTH, "pattern": f"^{KEY_CHARACTERS}+$"},
}
# How a caller proves who they are. On a server without accounts, the person at the machine needs neither.
SECURITY_SCHEMES = {
    "key": {"type": "http", "scheme": "bearer", "description": "An API key, or the token of a link to an album."},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": SESSION_COOKIE,
        "description": f"A browser that has signed in. Changes need the header `{FORM_TOKEN_HEADER}` too.",
    },
}
SECURITY: list[dict[str, list[str]]] = [{"key": []}, {"session": []}]
RETRY_AFTER = {
    "Retry-After": {"description": "After how many seconds to send the request again", "schema": {"type": "string"}}
}
# The statuses of problems that pass.
_RETRIED = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}
_PLACEHOLDER = re.compile(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>")
PREFIX = "/api/v1/"
# The extension of an application that has the settings.
SETTINGS = "crossmodal_settings"
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
# Routes of Flask that serve nothing that the pages use.
_UNDECLARED = {"static"}


@dataclass(frozen=True)
class Route:
    """A route of the application.

    Attributes:
        method: The HTTP method.
        path: The path in the form of OpenAPI, such as `/api/v1/items/{item_id}`.
        name: The name of the view function.
        tag: The group of the route: the resource, such as `items`.
        operation: Its declaration.
        text: The docstring of the view.
        rule: The rule of the router.
    """

    method: str
    path: str
    name: str
    tag: str
    operation: Operation
    text: str
    rule: Rule


def find_operation(app: Flask, endpoint: str | None) -> Operation:
    """Return the declaration of an endpoint; an empty one if there is no such endpoint."""
    return get_operation(app.view_functions[endpoint]) if endpoint in app.view_functions else Operation()


def list_routes(app: Flask) -> list[Route]:
    """Return all routes of an application, in order of their paths.

    Raises:
        AttributeError: A view function has no declaration.
    """
    return sorted(_read_routes(app), key=lambda route: (route.path, _METHODS.index(route.method)))


def _read_routes(app: Flask) -> Iterator[Route]:
    for rule in app.url_map.iter_rules():
        if rule.endpoint not in _UNDECLARED:
            view = app.view_functions[rule.endpoint]
            name = rule.endpoint.rpartition(".")[2]
            for method in sorted((rule.methods or set()) & set(_METHODS)):
                path = _PLACEHOLDER.sub(r"{\1}", rule.rule)
                yield Route(method, path, name, _find_tag(path), get_operation(view), inspect.getdoc(view) or "", rule)


def _find_tag(path: str) -> str:
    """Return the group of a route: the resource, such as `items`; `server` outside the API."""
    return path.removeprefix(PREFIX).split("/")[0] if path.startswith(PREFIX) else "server"


def make_document(app: Flask, version: str) -> dict[str, Any]:
    """Return the OpenAPI document of an application.

    Args:
        app: The application; each of its views has a declaration.
        version: The version of the application.
    """
    routes = list_routes(app)
    schemas, components = _make_schemas(routes)
    # The fields of addresses are written where they are used.
    addresses = {route.operation.query.__name__ for route in routes if route.operation.query is not None}
    bodies = {body.__name__ for route in routes for body in route.operation.bodies.values()}
    shown = {name: schema for name, schema in components.items() if name not in addresses - bodies}
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _describe_route(route, schemas, components)
    settings: Settings = app.extensions[SETTINGS]
    document = {
        "openapi": VERSION,
        "info": {"title": "Crossmodal", "version": version, "description": DESCRIPTION},
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in sorted({route.tag for route in routes})],
        "paths": paths,
        "components": {"schemas": shown, "securitySchemes": SECURITY_SCHEMES},
        LIMITS_KEY: list_limits(settings),
    }
    apply_settings(document, settings)
    return document


def _make_schemas(routes: list[Route]) -> tuple[dict[Any, Any], dict[str, Any]]:
    """Return the schema of each model, and the schemas that these refer to."""
    models: set[tuple[type[BaseModel], Any]] = {(ProblemDocument, "serialization")}
    for route in routes:
        operation = route.operation
        models |= {(model, "validation") for model in operation.bodies.values()}
        if operation.query is not None:
            models.add((operation.query, "validation"))
        if operation.answer is not None:
            models.add((operation.answer, "serialization"))
    ordered = sorted(models, key=lambda pair: (pair[0].__name__, pair[1]))
    schemas, definitions = models_json_schema(
        ordered, ref_template="#/components/schemas/{model}", schema_generator=ContractSchema
    )
    return dict(schemas), definitions.get("$defs", {})


def _describe_route(route: Route, schemas: dict[Any, Any], components: dict[str, Any]) -> dict[str, Any]:
    operation = route.operation
    summary, _, description = route.text.partition("\n\n")
    described: dict[str, Any] = {
        "operationId": route.name,
        "tags": [route.tag],
        "summary": fold(summary).rstrip("."),
    }
    if description:
        described["description"] = fold(description)
    if operation.role is not Role.NONE:
        described["security"] = SECURITY
        described["x-role"] = str(operation.role)
    parameters = _list_path_parameters(route)
    if operation.query is not None:
        parameters += _list_query_parameters(schemas[(operation.query, "validation")], components)
    if operation.creates:
        parameters.append(KEY_PARAMETER)
    if parameters:
        described["parameters"] = parameters
    if operation.bodies:
        described["requestBody"] = {
            "required": True,
            "content": {
                media: _make_media(schemas[(model, "validation")], operation, media)
                | limited_by(**{"x-max-bytes": name_body_setting(operation, media)})
                for media, model in operation.bodies.items()
            },
        }
    described["responses"] = _describe_responses(route, schemas)
    return described


def _make_media(schema: Any, operation: Operation, media: str) -> dict[str, Any]:
    examples = {
        name: {"summary": name, "value": value} for name, value in operation.examples.items() if isinstance(value, dict)
    }
    return {"schema": schema} | ({"examples": examples} if examples and media == "application/json" else {})


def _list_path_parameters(route: Route) -> list[dict[str, Any]]:
    listed = []
    for name in _PLACEHOLDER.findall(route.rule.rule):
        is_number = f"<int:{name}>" in route.rule.rule
        schema = {"type": "integer", "minimum": 1, "maximum": 2**63 - 1} if is_number else {"type": "string"}
        words = name.removesuffix("_id").replace("_", " ")
        text = f"The id of the {words}." if name.endswith("_id") else f"The {words}."
        listed.append({"name": name, "in": "path", "required": True, "description": text, "schema": schema})
    return listed


def _list_query_parameters(schema: Any, components: dict[str, Any]) -> list[dict[str, Any]]:
    model = components[schema["$ref"].rsplit("/", 1)[-1]]
    return [
        _make_parameter(name, dict(declared), name in model.get("required", ()), components)
        for name, declared in model["properties"].items()
    ]


def _make_parameter(name: str, schema: dict[str, Any], required: bool, components: dict[str, Any]) -> dict[str, Any]:
    parameter: dict[str, Any] = {"name": name, "in": "query", "required": required}
    if "description" in schema:
        parameter["description"] = schema.pop("description")
    # An address cannot contain null: the field is left out.
    choices = [one for one in schema.get("anyOf", ()) if one != {"type": "null"}]
    if len(choices) == 1:
        schema = choices[0]
    if schema.get("default", 0) is None:
        schema.pop("default")
    if is_json_field(schema, components):
        return parameter | {"content": {"application/json": {"schema": schema}}}
    return parameter | {"schema": schema}


def is_json_field(schema: dict[str, Any], components: dict[str, Any]) -> bool:
    """Return whether a field of an address is written as JSON: an object, or a list of objects."""
    resolved = components.get(schema.get("$ref", "").rsplit("/", 1)[-1], schema)
    if resolved.get("type") == "array":
        return is_json_field(resolved.get("items", {}), components)
    return bool(resolved.get("type") == "object")


def is_list_field(schema: dict[str, Any]) -> bool:
    """Return whether a field of an address can be repeated."""
    return schema.get("type") == "array"


def _describe_responses(route: Route, schemas: dict[Any, Any]) -> dict[str, Any]:
    operation = route.operation
    content: dict[str, Any] = {media: {} for media in operation.media}
    if operation.answer is not None:
        content = {"application/json": {"schema": schemas[(operation.answer, "serialization")]}} | content
    success: dict[str, Any] = {"description": HTTPStatus(operation.status).phrase}
    if content:
        success["content"] = content
    problem = {PROBLEM: {"schema": schemas[(ProblemDocument, "serialization")]}}
    by_status: dict[int, list[type[CrossmodalError]]] = {}
    for error in list_route_errors(route):
        by_status.setdefault(error.http_status, []).append(error)
    problems = {
        str(status): {"description": "; ".join(error.title for error in errors), "content": problem}
        | ({"headers": RETRY_AFTER} if status in _RETRIED else {})
        for status, errors in sorted(by_status.items())
    }
    statuses = dict(operation.statuses)
    if operation.is_page and operation.role is not Role.NONE:
        statuses |= SIGN_IN
    headers = {"X-Request-Id": "The id of the request", **operation.headers}
    if route.method == "GET" and operation.answer is not None:
        statuses |= NOT_MODIFIED
        headers["ETag"] = "Identifies the content of the response"
    success["headers"] = {name: {"description": text, "schema": {"type": "string"}} for name, text in headers.items()}
    others = {str(status): {"description": text} for status, text in statuses.items()}
    default = {"default": {"description": "Any other problem", "content": problem}}
    return {str(operation.status): success} | others | problems | default


def list_route_errors(route: Route) -> list[type[CrossmodalError]]:
    """Return the problems that a route declares, and those that follow from what it takes."""
    found = list(route.operation.errors)
    if route.path.startswith(PREFIX) or route.operation.signs_in:
        found.append(RateLimitError)
    if route.operation.query is not None or route.operation.bodies:
        found.append(UsageError)
    if route.operation.bodies:
        found.append(TooLargeError)
    if route.rule.arguments:
        found.append(NotFoundError)
    if route.operation.role is not Role.NONE:
        found += [SignInError, NotAllowedError]
    if route.operation.creates:
        found += [UsageError, KeyInUseError, KeyReusedError]
    return list(dict.fromkeys(found))
