"""The browser page."""

import hashlib
from functools import lru_cache
from pathlib import Path

from flask import Blueprint, Response, current_app, make_response, render_template, url_for

STATIC = Path(__file__).parent / "static"


@lru_cache
def hash_asset(name: str) -> str:
    """Give a short hash of a static file, so that it can be cached for good under its own address."""
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]


def make_blueprint() -> Blueprint:
    """Give the routes of the page."""
    pages = Blueprint("pages", __name__)

    @pages.app_template_global()
    def asset(name: str) -> str:
        return url_for("static", filename=name, v=hash_asset(name))

    @pages.get("/")
    def show_search() -> Response:
        response = make_response(render_template("search.html"))
        response.cache_control.no_cache = True
        return response

    @pages.get("/favicon.ico")
    def show_icon() -> Response:
        return current_app.send_static_file("icon.svg")

    return pages
