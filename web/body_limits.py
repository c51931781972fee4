"""The largest body of a request, by its route: known before the body is read."""

from dataclasses import dataclass

from flask import Flask, request
from werkzeug.exceptions import HTTPException

from search.settings import Settings
from web.contract.openapi import find_operation
from web.contract.operation import name_body_setting

# What a route that takes no body, or a path that does not exist, ignores.
MAX_IGNORED_BODY = 64 * 1024


@dataclass(frozen=True)
class BodyLimits:
    """Finds the limit of a request.

    Attributes:
        app: The application.
        settings: The settings with the limits.
    """

    app: Flask
    settings: Settings

    def find(self, method: str, path: str, media_type: str) -> int:
        """Return the largest body of a request in bytes.

        Args:
            method: The HTTP method.
            path: The path.
            media_type: The header `Content-Type`; empty without one.
        """
        try:
            endpoint, _ = self.app.url_map.bind("").match(path, method)
        except HTTPException:
            return MAX_IGNORED_BODY
        return self.find_for(endpoint, media_type)

    def find_for(self, endpoint: str | None, media_type: str) -> int:
        """Return the largest body of a request to an endpoint, None for an unknown path, in bytes."""
        operation = find_operation(self.app, endpoint)
        if not operation.bodies:
            return MAX_IGNORED_BODY
        limit: int = getattr(self.settings, name_body_setting(operation, media_type.partition(";")[0].strip().lower()))
        return limit


def register(app: Flask, limits: BodyLimits) -> None:
    """Refuse larger bodies, also those whose size is not known before they are read."""

    @app.before_request
    def _limit_body() -> None:
        request.max_content_length = limits.find_for(request.endpoint, request.content_type or "")
