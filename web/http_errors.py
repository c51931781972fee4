"""Errors of HTTP itself: what is refused before a view is called, and what the server library answers.

The errors of the library are in `search/errors.py`.
"""

from search.errors import CrossmodalError


class HttpError(CrossmodalError):
    """The request failed without an explanation."""

    # Its subclasses are found by their status: an error of the server library becomes the problem of the same status.
    http_status = 500
    problem_type = "urn:crossmodal:problem:http"
    title = "The request failed"


class BadRequestError(HttpError):
    """The request is not valid HTTP, or its `Host` is not one that the server answers to.

    For another host name, add it to the setting `hosts`.
    """

    http_status = 400
    problem_type = "urn:crossmodal:problem:bad-request"
    title = "The request is malformed"


class ForeignSiteError(HttpError):
    """A page of another site sent a request that changes something, or reads from the API.

    Send such requests from a program or from a page of this server. Behind a proxy, set `trusted_proxies`.
    """

    http_status = 403
    problem_type = "urn:crossmodal:problem:foreign-site"
    title = "Requests from pages of other sites are refused"


class FormTokenError(HttpError):
    """A change by a browser that has signed in does not prove that it comes from a page of this server.

    Pages send the header `X-Form-Token`, with the `form_token` of GET /api/v1/session. Programs use an API key.
    """

    http_status = 403
    problem_type = "urn:crossmodal:problem:form-token"
    title = "The form token is missing or outdated"


class UnknownRouteError(HttpError):
    """There is no such path.

    The reference lists all paths.
    """

    http_status = 404
    problem_type = "urn:crossmodal:problem:unknown-route"
    title = "There is no such path"


class MethodError(HttpError):
    """The path exists but does not support the method of the request.

    The header `Allow` lists the supported methods.
    """

    http_status = 405
    problem_type = "urn:crossmodal:problem:method"
    title = "The method is not supported"


class RequestTimeoutError(HttpError):
    """The headers or the body of the request arrived too slowly.

    Send the request again.
    """

    http_status = 408
    problem_type = "urn:crossmodal:problem:request-timeout"
    title = "The request arrived too slowly"


class TooLargeError(HttpError):
    """The body of the request is larger than the server accepts, or has too many form fields.

    The settings `json_limit`, `upload_limit` and `file_limit` are the limits of the routes.
    """

    http_status = 413
    problem_type = "urn:crossmodal:problem:too-large"
    title = "The request is too large"


class RateLimitError(HttpError):
    """The client sends more requests than the setting `rate_limit` allows, or signs in more often than `sign_in_limit`.

    The header `Retry-After` says after how many seconds to go on.
    """

    http_status = 429
    problem_type = "urn:crossmodal:problem:rate-limit"
    title = "Too many requests"


class RangeError(HttpError):
    """The requested range is outside the file.

    The header `Content-Range` contains the size of the file.
    """

    http_status = 416
    problem_type = "urn:crossmodal:problem:range"
    title = "The range is outside the file"


class HeadersTooLargeError(HttpError):
    """The address and the headers of the request are too large.

    Make the address shorter, or send a POST request.
    """

    http_status = 431
    problem_type = "urn:crossmodal:problem:headers-too-large"
    title = "The headers are too large"


class InternalError(HttpError):
    """An unexpected error occurred. This is a defect.

    The log of the server has the details, with the `request_id` of the problem.
    """

    problem_type = "urn:crossmodal:problem:internal"
    title = "An unexpected error occurred"
