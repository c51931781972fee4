"""Error responses as RFC 9457 problem documents."""

import logging
from functools import cache
from http import HTTPStatus

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from search.errors import CrossmodalError, HttpError, InternalError, NotFoundError, TooLargeError
from search.paths import is_read_error
from web.contract.openapi import PROBLEM
from web.contract.problems import make_anchor
from web.request_ids import get_request_id
from web.schemas.problem import ProblemDocument


def make_problem(error: type[CrossmodalError], detail: str, status: int | None = None) -> Response:
    """Return an `application/problem+json` response.

    Args:
        error: The class of error, which declares the type, the title and the status.
        detail: What happened, then what to do.
        status: The status, for the statuses of the server library that have no class.
    """
    is_declared = status in (None, error.http_status)
    status = status or error.http_status
    problem = ProblemDocument(
        type=error.problem_type if is_declared else "about:blank",
        title=error.title if is_declared else HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        instance=request.path,
        request_id=get_request_id(),
    )
    response = Response(problem.model_dump_json(), status=status, content_type=PROBLEM)
    if is_declared:
        response.headers["Link"] = f'<{request.root_path}/docs#{make_anchor(error.problem_type)}>; rel="help"'
    return response


def register(app: Flask) -> None:
    """Return a problem document for every error of the application."""

    @app.errorhandler(CrossmodalError)
    def _answer_expected(error: CrossmodalError) -> Response:
        return make_problem(type(error), str(error))

    @app.errorhandler(RequestEntityTooLarge)
    def _answer_large(_error: RequestEntityTooLarge) -> Response:
        limit = request.max_content_length or 0
        return make_problem(
            TooLargeError, f"The request is larger than {limit // 2**20} MiB or has too many form fields. Send less."
        )

    @app.errorhandler(HTTPException)
    def _answer_http(error: HTTPException) -> Response:
        status = error.code or InternalError.http_status
        response = make_problem(_find_error(status), error.description or "", status)
        for name, value in error.get_headers(None, None):
            if name.lower() not in {"content-type", "content-length"}:
                response.headers[name] = value
        return response

    @app.errorhandler(OSError)
    def _answer_unreadable(error: OSError) -> Response:
        """Answer for a file that vanished, or whose disk failed, after it was found."""
        if not is_read_error(error):
            return _answer_unexpected(error)
        return make_problem(NotFoundError, f"A file cannot be read: {error.strerror}. Try again later.")

    @app.errorhandler(Exception)
    def _answer_unexpected(error: Exception) -> Response:
        logging.getLogger("crossmodal").exception(
            "unexpected error at %s (request %s)", request.path, get_request_id(), exc_info=error
        )
        return make_problem(InternalError, "An unexpected error occurred. See the server log for details.")


@cache
def _find_error(status: int) -> type[CrossmodalError]:
    """Return the class of the errors of the server library with a status."""
    return next((error for error in HttpError.__subclasses__() if error.http_status == status), HttpError)
