"""Bodies of requests: JSON, checked against what is expected."""

import json
from typing import TypeVar

from flask import request
from pydantic import BaseModel

from search.errors import UsageError
from search.query.request import check_fields

M = TypeVar("M", bound=BaseModel)


def parse_body(model: type[M]) -> M:
    """Read the JSON body of the request at hand. Raises UsageError that names the first wrong field."""
    if request.mimetype != "application/json":
        raise UsageError("send the body as application/json")
    return check_fields(model, read_json(request.get_data()))


def read_json(body: bytes | str) -> object:
    """Return what a JSON text says. Raises UsageError."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"the body is not JSON: {error}") from error
