"""The declaration of a route: what it takes and returns."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel

from search.errors import CrossmodalError
from search.records import Role

View = TypeVar("View", bound=Callable[..., Any])
# The paths of the REST API; what is outside is for browsers and monitors.
API_PREFIX = "/api/"
JSON = "application/json"
PROBLEM = "application/problem+json"
FORM = "multipart/form-data"
URLENCODED = "application/x-www-form-urlencoded"
# The status of a response that the client has already.
NOT_MODIFIED = {304: "The client has the current response: its `ETag` is in `If-None-Match`"}
# The status of a part of a file.
PARTIAL = {206: "A part of the file, for a request with `Range`"}
# The header by which a repeated request is recognized, its values, and how many responses a server remembers.
KEY_HEADER, KEY_CHARACTERS, MAX_KEY_LENGTH = "Idempotency-Key", "[!-~]", 128
MAX_RESPONSES = 1_000
# The header by which a page of this server proves that a change comes from it.
FORM_TOKEN_HEADER = "X-Form-Token"  # noqa: S105 - the name of a header
# The status of a page for people who have not signed in.
SIGN_IN = {302: "The caller has not signed in: `Location` is the page to sign in"}
# The attribute of a view function that stores its declaration.
_ATTRIBUTE = "crossmodal_operation"


@dataclass(frozen=True)
class Operation:
    """What a route takes and returns. The docstring of its view describes what it does.

    Attributes:
        answer: The JSON body of a response; None if a response has no JSON body.
        status: The status of a response that is not a problem.
        media: Further media types of the response.
        query: The fields of the address.
        bodies: The body of the request, by media type.
        errors: The problems that are specific to the route.
        statuses: Further statuses of a response that is not a problem, with their meaning.
        headers: The headers of the response, with their meaning.
        examples: Examples by name: an address that starts with a question mark, or a JSON body.
        creates: Whether a repeated request creates something again, unless it has an `Idempotency-Key`.
        role: The role that the caller needs.
        stores_files: Whether the files of the form are stored, so that it can be larger than that of a search.
        signs_in: Whether somebody signs in, which the setting `sign_in_limit` limits.
    """

    answer: type[BaseModel] | None = None
    status: int = 200
    media: tuple[str, ...] = ()
    query: type[BaseModel] | None = None
    bodies: Mapping[str, type[BaseModel]] = field(default_factory=dict)
    errors: tuple[type[CrossmodalError], ...] = ()
    statuses: Mapping[int, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    examples: Mapping[str, Any] = field(default_factory=dict)
    creates: bool = False
    role: Role = Role.SEARCH
    stores_files: bool = False
    signs_in: bool = False

    @property
    def is_page(self) -> bool:
        """True when the response is a page for people; those who have not signed in are sent to the page to sign in."""
        return "text/html" in self.media

    def __call__(self, view: View) -> View:
        """Declare a view function; use the operation as a decorator, below the one of the route."""
        setattr(view, _ATTRIBUTE, self)
        return view


def get_operation(view: Callable[..., Any]) -> Operation:
    """Return the declaration of a view function.

    Raises:
        AttributeError: The function has no declaration.
    """
    found: Operation = getattr(view, _ATTRIBUTE)
    return found


def name_body_setting(operation: Operation, media_type: str) -> str:
    """Return the name of the setting that limits the body of a route.

    Args:
        operation: The declaration of the route.
        media_type: The media type of the body.
    """
    if media_type != FORM or FORM not in operation.bodies:
        return "json_limit"
    return "file_limit" if operation.stores_files else "upload_limit"
