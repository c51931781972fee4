"""Bodies of requests: JSON, checked against what is expected."""

import json
from typing import TypeVar

from flask import request
from pydantic import BaseModel, ValidationError

from search.errors import UsageError

M = TypeVar("M", bound=BaseModel)


def parse_body(model: type[M]) -> M:
    """Read the JSON body of the request at hand. Raises UsageError that names the first wrong field."""
    if request.mimetype != "application/json":
        raise UsageError("send the body as application/json")
    return check_fields(model, read_json(request.get_data()))


def check_fields(model: type[M], fields: object) -> M:
    """Check fields against a model. Raises UsageError that names the first wrong one."""
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"]) or "body"
        raise UsageError(f"{name}: {first['msg']}") from error


def read_json(body: bytes | str) -> object:
    """Give what a JSON text says. Raises UsageError."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"the body is not JSON: {error}") from error
