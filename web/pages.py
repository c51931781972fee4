"""The browser pages."""

from typing import Any

from flask import Blueprint, Response, current_app, make_response, redirect, render_template, request, url_for

from search.access.authentication import Authentication
from search.open_home import OpenHome
from search.records import LocationPrecision, Role
from search.settings import Settings
from web.access.caller import get_principal
from web.access.identity_provider import has_provider
from web.access.page_caller import describe_page_caller
from web.assets import hash_assets, list_modules
from web.contract.operation import NOT_MODIFIED, Operation
from web.locations import get_location_precision
from web.texts import LANGUAGES, read_reasons, read_texts

OPENSEARCH = "application/opensearchdescription+xml"
HTML = ("text/html",)


def make_blueprint(library: OpenHome, authentication: Authentication, settings: Settings) -> Blueprint:
    """Return the routes of the pages.

    Args:
        library: The library.
        authentication: Says whether there are accounts.
        settings: Says how people can sign in, and whether the pages may store what users search for.
    """
    pages = Blueprint("pages", __name__)

    @pages.app_template_global()
    def asset(name: str) -> str:
        # The hash is in the path, so that the relative imports of a module include it.
        return url_for("pages.send_asset", version=hash_assets(), name=name)

    pages.add_app_template_global(list_modules)

    @pages.app_context_processor
    def _describe_site() -> dict[str, Any]:
        return {"caller": describe_page_caller(library), "keep_queries": settings.keep_queries}

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
    @Operation(media=HTML, role=Role.VIEW)
    def show_search() -> Response:
        """Show the search page."""
        return render_page("search.html", shows_places=get_location_precision() is not LocationPrecision.HIDDEN)

    @pages.get("/library")
    @Operation(media=HTML)
    def show_library() -> Response:
        """Show the library page: folders, uploads, jobs and files."""
        return render_page("library.html")

    @pages.get("/albums")
    @Operation(media=HTML)
    def show_albums() -> Response:
        """Show the page of albums."""
        return render_page("albums.html")

    @pages.get("/opensearch.xml")
    @Operation(media=(OPENSEARCH,), role=Role.NONE)
    def describe_search() -> Response:
        """Return an OpenSearch description, by which browsers offer this server as a search engine."""
        response = make_response(render_template("opensearch.xml"))
        response.content_type = f"{OPENSEARCH}; charset=utf-8"
        response.cache_control.no_store = True  # it contains the address that the client has asked
        return response

    @pages.get("/favicon.ico")
    @Operation(media=("image/svg+xml",), role=Role.NONE, statuses=NOT_MODIFIED)
    def show_icon() -> Response:
        """Return the icon of the pages."""
        return current_app.send_static_file("icon.svg")

    _add_account_pages(pages, authentication, settings)
    return pages


def _add_account_pages(pages: Blueprint, authentication: Authentication, settings: Settings) -> None:
    can_use_provider = has_provider(settings)

    @pages.get("/sign-in")
    @Operation(media=HTML, role=Role.NONE)
    def show_sign_in() -> Response:
        """Show the page to sign in. `next` is the path that it leads to."""
        return render_page("sign_in.html", has_accounts=authentication.accounts.exist(), has_provider=can_use_provider)

    @pages.get("/setup")
    @Operation(media=HTML, role=Role.NONE)
    def show_setup() -> Response:
        """Show the page to create the first account."""
        return render_page("setup.html", has_admin=authentication.accounts.have_admin())

    @pages.get("/account")
    @Operation(media=HTML)
    def show_account() -> Response:
        """Show the page of the account: its password and its API keys."""
        return render_page("account.html")

    @pages.get("/people")
    @Operation(media=HTML, role=Role.ADMIN, statuses={302: "There are no accounts yet: `/account` says how to start"})
    def show_people() -> Response:
        """Show the page for admins: the accounts, all API keys, and who did what."""
        if get_principal().account is None:
            return make_response(redirect(url_for("pages.show_account")))
        return render_page("people.html", can_invite=can_use_provider or bool(settings.user_header))


def render_page(template: str, status: int = 200, **values: Any) -> Response:
    """Return a page in the language of the reader.

    Args:
        template: The name of its template.
        status: The HTTP status.
        values: Further values for the template.
    """
    language = request.accept_languages.best_match(LANGUAGES, LANGUAGES[0])
    texts = read_texts(language)
    common = {"language": language, "texts": texts, "reasons": read_reasons(language), "t": texts.__getitem__}
    page = render_template(template, **common, **values)
    response = make_response(page, status)
    # A page differs between callers, so no other cache may store it.
    response.cache_control.private = True
    response.cache_control.no_cache = True
    response.vary.add("Accept-Language")
    response.vary.add("Cookie")
    return response
