"""Error responses as RFC 9457 problem documents."""

import json
import logging
from http import HTTPStatus

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from search.errors import CrossmodalError
from search.paths import is_read_error


def make_problem(status: int, title: str, detail: str, problem_type: str = "about:blank") -> Response:
    """Return an `application/problem+json` response."""
    body = {
        "type": problem_type,
        "title": title,
        "status": status,
        "detail": detail,
        "instance": request.path,
    }
    return Response(json.dumps(body, ensure_ascii=False), status=status, content_type="application/problem+json")


def register(app: Flask) -> None:
    """Return a problem document for every error of the application."""

    @app.errorhandler(CrossmodalError)
    def _answer_expected(error: CrossmodalError) -> Response:
        return make_problem(error.http_status, error.title, str(error), error.problem_type)

    @app.errorhandler(RequestEntityTooLarge)
    def _answer_large(_error: RequestEntityTooLarge) -> Response:
        limit = app.config["MAX_CONTENT_LENGTH"] // 2**20
        return make_problem(413, "Too large", f"The request is larger than {limit} MiB or has too many form fields")

    @app.errorhandler(HTTPException)
    def _answer_http(error: HTTPException) -> Response:
        status = error.code or 500
        response = make_problem(status, HTTPStatus(status).phrase, error.description or "")
        for name, value in error.get_headers(None, None):
            if name.lower() not in {"content-type", "content-length"}:
                response.headers[name] = value
        return response

    @app.errorhandler(OSError)
    def _answer_unreadable(error: OSError) -> Response:
        """Answer for a file that vanished, or whose disk failed, after it was found."""
        if not is_read_error(error):
            return _answer_unexpected(error)
        return make_problem(404, "The file cannot be read", f"A file cannot be read: {error.strerror}. Try again later")

    @app.errorhandler(Exception)
    def _answer_unexpected(error: Exception) -> Response:
        logging.getLogger("crossmodal").exception("unexpected error at %s", request.path, exc_info=error)
        return make_problem(500, "Internal error", "An unexpected error occurred. See the server log for details.")
