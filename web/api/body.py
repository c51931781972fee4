"""Fields of requests, in a JSON body or in the address, validated with pydantic models."""

import json
from functools import cache
from typing import TypeVar

from flask import Flask, request
from pydantic import BaseModel
from werkzeug.datastructures import MultiDict

from search.errors import UsageError
from search.query.request import check_fields
from web.contract.documents import ContractSchema
from web.contract.openapi import find_operation, is_json_field, is_list_field
from web.contract.operation import API_PREFIX

M = TypeVar("M", bound=BaseModel)
# The largest number up to which a float has all integers.
MAX_EXACT = 2**53


def register(app: Flask) -> None:
    """Refuse fields in the addresses of routes of the API that take none, since they may be misspelled names."""

    @app.before_request
    def _refuse_fields() -> None:
        takes_none = request.path.startswith(API_PREFIX) and find_operation(app, request.endpoint).query is None
        if takes_none and request.url_rule is not None and request.args:
            name = next(iter(request.args))[:60]
            raise UsageError(f"Unknown field `{name}`. This route takes no fields in its address.")


def parse_body(model: type[M]) -> M:
    """Return the validated JSON body of the current request.

    Raises:
        UsageError: The body is not JSON or not valid; the message names the first invalid field.
    """
    if request.mimetype != "application/json":
        raise UsageError("The request body must be application/json")
    return check_fields(model, read_json(request.get_data()), strict=True)


def parse_lenient_body(model: type[M]) -> M:
    """Return the validated JSON body of the current request, in which numbers may be written as text, as in a search.

    Raises:
        UsageError: The body is not JSON or not valid; the message names the first invalid field.
    """
    if request.mimetype != "application/json":
        raise UsageError("The request body must be application/json")
    return check_fields(model, read_json(request.get_data()))


def parse_address(model: type[M]) -> M:
    """Return the validated fields of the address of the current request.

    Raises:
        UsageError: A field is not valid; the message names it.
    """
    return check_fields(model, collect_fields(model, request.args))


def read_json(body: bytes | str) -> object:
    """Return the parsed JSON.

    Raises:
        UsageError: The text is not JSON.
    """
    try:
        return json.loads(body, parse_constant=_refuse_constant, parse_float=_read_number)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"The request body is not valid JSON: {error}") from error


def collect_fields(model: type[BaseModel], values: MultiDict[str, str]) -> dict[str, object]:
    """Convert the fields of a form or an address to the fields of a JSON body.

    A list is a repeated field, and what consists of objects is JSON. Empty values are ignored.

    Args:
        model: The model of the JSON body.
        values: The fields.

    Raises:
        UsageError: A field that must be JSON is not.
    """
    kinds = _find_kinds(model)
    old_names = getattr(model, "old_names", {})
    fields: dict[str, object] = {}
    for name in values:
        given = [value for value in values.getlist(name) if value != ""]
        if not given:
            continue
        kind = kinds.get(old_names.get(name, name))
        if kind == "json":
            fields[name] = read_json(given[-1])
        else:
            fields[name] = given if kind == "list" else given[-1]
    return fields


def _read_number(text: str) -> float:
    """Return a number; as an integer if it is one, since JSON does not distinguish 7 and 7.0."""
    number = float(text)
    return int(number) if number.is_integer() and abs(number) <= MAX_EXACT else number


def _refuse_constant(name: str) -> None:
    """Refuse the names of numbers that Python reads but JSON does not have, such as `Infinity`."""
    raise ValueError(f"{name} is not JSON")


@cache
def _find_kinds(model: type[BaseModel]) -> dict[str, str]:
    """Return which fields of a model are lists, and which are written as JSON in an address."""
    schema = model.model_json_schema(ref_template="{model}", schema_generator=ContractSchema)
    kinds = {}
    for name, declared in schema["properties"].items():
        if is_json_field(declared, schema.get("$defs", {})):
            kinds[name] = "json"
        elif is_list_field(declared):
            kinds[name] = "list"
    return kinds
