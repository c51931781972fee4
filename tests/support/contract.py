"""Compares responses with the declarations of their routes."""

import gzip

import brotli
from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from search.errors import CrossmodalError
from search.records import Role
from web.contract.openapi import get_operation
from web.contract.operation import PROBLEM
from web.contract.problems import list_error_classes
from web.schemas.problem import ProblemDocument

UNPACKERS = {"gzip": gzip.decompress, "br": brotli.decompress}


def check_response(app: Flask, response: TestResponse) -> None:
    """Check that a response has a declared status, media type and body.

    The client of the unit tests calls this for each of its responses.
    """
    if response.status_code >= 400:
        check_problem(response)
        return
    try:
        endpoint, _ = app.url_map.bind("").match(response.request.path, response.request.method)
    except HTTPException:
        return
    if endpoint == "static" or response.request.method in {"OPTIONS", "HEAD"}:
        return
    operation = get_operation(app.view_functions[endpoint])
    declared = {operation.status, *operation.statuses} | ({304} if operation.answer is not None else set())
    declared |= {302} if operation.is_page and operation.role is not Role.NONE else set()
    assert response.status_code in declared, f"{endpoint}: status {response.status_code}"
    unpack = UNPACKERS.get(response.headers.get("Content-Encoding"))
    body = unpack(response.data) if unpack is not None else response.data
    if body and response.mimetype == "application/json" and operation.answer is not None:
        operation.answer.model_validate_json(body, strict=True)
    elif body and response.status_code != 302:
        assert "*/*" in operation.media or response.mimetype in operation.media, f"{endpoint}: {response.mimetype}"


def check_problem(response: TestResponse) -> None:
    """Check that a response is a problem document of a declared type."""
    assert response.content_type == PROBLEM, response.content_type
    problem = ProblemDocument.model_validate_json(response.data, strict=True)
    declared = {error.problem_type: error for error in (CrossmodalError, *list_error_classes())}
    assert (declared[problem.type].http_status, declared[problem.type].title) == (problem.status, problem.title)
    assert problem.status == response.status_code
    assert problem.detail
    assert problem.request_id == response.headers["X-Request-Id"]
