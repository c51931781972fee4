"""JSON bodies of requests, validated with pydantic models."""

import json
from typing import TypeVar

from flask import request
from pydantic import BaseModel

from search.errors import UsageError
from search.query.request import check_fields
from search.storable import is_storable

M = TypeVar("M", bound=BaseModel)


def parse_body(model: type[M]) -> M:
    """Return the validated JSON body of the current request.

    Raises:
        UsageError: The body is not valid; the message names the first invalid field.
    """
    if request.mimetype != "application/json":
        raise UsageError("The request body must be application/json")
    return check_fields(model, read_json(request.get_data()))


def read_json(body: bytes | str) -> object:
    """Return the parsed JSON.

    Raises:
        UsageError: The text is not JSON, or contains texts that are not valid Unicode.
    """
    try:
        document: object = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"The request body is not valid JSON: {error}") from error
    if not is_storable(document):
        raise UsageError("The request body is not valid: a text in it has half of a surrogate pair")
    return document
