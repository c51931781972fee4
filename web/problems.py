"""Error responses as RFC 9457 problem documents."""

import logging
import os

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from search.access.tokens import hide_tokens
from search.errors import CrossmodalError, NotFoundError, ThrottleError, describe_stack
from search.paths import is_read_error
from search.storable import clean_string
from web.http_errors import InternalError, TooLargeError, UnknownRouteError
from web.locations import hide_folders
from web.problem_documents import Problem, find_error
from web.request_ids import get_request_id

UNKNOWN_ROUTE = "There is nothing at this address. Check its spelling."


def make_problem(error: type[CrossmodalError], detail: str, status: int | None = None) -> Response:
    """Return an `application/problem+json` response.

    Args:
        error: The class of error, which declares the type, the title and the status.
        detail: What happened, then what to do.
        status: The status, for the statuses of the server library that have no class.
    """
    problem = Problem(error, detail, get_request_id(), request.path, request.root_path, status)
    return Response(problem.body, status=problem.status, headers=problem.headers)


def register(app: Flask) -> None:
    """Return a problem document for every error of the application."""

    @app.errorhandler(CrossmodalError)
    def _answer_expected(error: CrossmodalError) -> Response:
        response = make_problem(type(error), hide_folders(str(error)))
        if isinstance(error, ThrottleError):
            response.headers["Retry-After"] = str(error.seconds)
        return response

    @app.errorhandler(RequestEntityTooLarge)
    def _answer_large(_error: RequestEntityTooLarge) -> Response:
        limit = request.max_content_length or 0
        return make_problem(
            TooLargeError, f"The request is larger than {limit:,} bytes or has too many form fields. Send less."
        )

    @app.errorhandler(HTTPException)
    def _answer_http(error: HTTPException) -> Response:
        status = error.code or InternalError.http_status
        detail = UNKNOWN_ROUTE if status == UnknownRouteError.http_status else error.description or ""
        response = make_problem(find_error(status), detail, status)
        for name, value in error.get_headers(None, None):
            if name.lower() not in {"content-type", "content-length"}:
                response.headers[name] = value
        return response

    @app.errorhandler(OSError)
    def _answer_unreadable(error: OSError) -> Response:
        """Answer for a file that vanished, or whose disk failed, after it was found."""
        if not is_read_error(error):
            return _answer_unexpected(error)
        name = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else f"A file of {request.path}"
        detail = f"{clean_string(name)} cannot be read: {error.strerror}. Check that its disk is there, then try again."
        return make_problem(NotFoundError, hide_folders(detail))

    @app.errorhandler(Exception)
    def _answer_unexpected(error: Exception) -> Response:
        logging.getLogger("crossmodal").error(
            "unexpected error at %s (request %s)\n%s",
            hide_tokens(request.path),
            get_request_id(),
            describe_stack(error),
        )
        return make_problem(InternalError, "An unexpected error occurred. See the server log for details.")
