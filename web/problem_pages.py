"""Problems as pages, for people who open an address with a browser."""

from flask import Flask, Response, request

from search.errors import NotAllowedError, SignInError
from web.contract.operation import API_PREFIX, PROBLEM
from web.pages import render_page


def register(app: Flask) -> None:
    """Show a page in place of a problem document if a browser opens an address."""

    @app.after_request
    def _show_problem(response: Response) -> Response:
        if response.mimetype != PROBLEM or not _is_opened():
            return response
        problem = response.get_json()
        can_sign_in = response.status_code in {SignInError.http_status, NotAllowedError.http_status}
        page = render_page("problem.html", response.status_code, detail=problem["detail"], can_sign_in=can_sign_in)
        for name in ("Content-Type", "Content-Length", "Cache-Control", "Vary"):
            response.headers.pop(name, None)
        response.headers.extend(page.headers)
        response.set_data(page.get_data())
        response.vary.add("Accept")
        return response


def _is_opened() -> bool:
    """Return whether the request is for a page: not for the API, and a browser prefers a page as its response."""
    if request.method != "GET" or request.path.startswith(API_PREFIX):
        return False
    return request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html"
