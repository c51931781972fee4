"""JSON bodies of requests, validated with pydantic models."""

import json
from typing import TypeVar

from flask import request
from pydantic import BaseModel

from search.errors import UsageError
from search.query.request import check_fields

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
        UsageError: The text is not JSON.
    """
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"The request body is not valid JSON: {error}") from error
