"""The browser pages."""

from flask import Blueprint, Response, current_app, make_response, render_template, request, url_for

from search.records import Role
from web.assets import hash_assets, list_modules
from web.contract.operation import NOT_MODIFIED, Operation
from web.texts import LANGUAGES, read_texts

OPENSEARCH = "application/opensearchdescription+xml"


def make_blueprint(keep_queries: bool) -> Blueprint:
    """Return the routes of the pages.

    Args:
        keep_queries: Whether the pages may store what users search for.
    """
    pages = Blueprint("pages", __name__)

    @pages.app_template_global()
    def asset(name: str) -> str:
        # The hash is in the path, so that the relative imports of a module include it.
        return url_for("pages.send_asset", version=hash_assets(), name=name)

    pages.add_app_template_global(list_modules)

    @pages.context_processor
    def _describe_site() -> dict[str, bool]:
        return {"keep_queries": keep_queries}

    @pages.get("/assets/<version>/<path:name>")
    @Operation(media=("*/*",), role=Role.NONE, statuses=NOT_MODIFIED)
    def send_asset(version: str, name: str) -> Response:
        """Return a static file of the pages. With the current version it can be cached forever."""
        response = current_app.send_static_file(name)
        if version == hash_assets():
            response.cache_control.public = True
            response.cache_control.max_age = 365 * 24 * 3600
            response.cache_control.immutable = True
        return response

    @pages.get("/")
    @Operation(media=("text/html",), role=Role.VIEW)
    def show_search() -> Response:
        """Show the search page."""
        return _render("search.html")

    @pages.get("/library")
    @Operation(media=("text/html",))
    def show_library() -> Response:
        """Show the library page: folders, uploads, jobs and files."""
        return _render("library.html")

    @pages.get("/opensearch.xml")
    @Operation(media=(OPENSEARCH,), role=Role.NONE)
    def describe_search() -> Response:
        """Return an OpenSearch description, by which browsers offer this server as a search engine."""
        response = make_response(render_template("opensearch.xml"))
        response.content_type = f"{OPENSEARCH}; charset=utf-8"
        response.vary.add("Host")
        return response

    @pages.get("/favicon.ico")
    @Operation(media=("image/svg+xml",), role=Role.NONE, statuses=NOT_MODIFIED)
    def show_icon() -> Response:
        """Return the icon of the pages."""
        return current_app.send_static_file("icon.svg")

    return pages


def _render(template: str) -> Response:
    language = request.accept_languages.best_match(LANGUAGES, LANGUAGES[0])
    texts = read_texts(language)
    response = make_response(render_template(template, language=language, texts=texts, t=texts.__getitem__))
    response.cache_control.no_cache = True
    response.vary.add("Accept-Language")
    return response
