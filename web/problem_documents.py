"""A problem as a response, for the application and for the server around it."""

from dataclasses import dataclass
from functools import cache, cached_property
from http import HTTPStatus

from search.errors import CrossmodalError
from search.storable import clean_string
from web.contract.operation import PROBLEM
from web.contract.problems import make_anchor
from web.http_errors import HttpError
from web.request_ids import HEADER
from web.schemas.problem import ProblemDocument


@dataclass(frozen=True)
class Problem:
    """An error as a response.

    Attributes:
        error: The class of error, which declares the type, the title and the status.
        detail: What happened, then what to do.
        request_id: The id of the request.
        path: The path of the request; empty if the request could not be read.
        root: The path that the application is mounted at.
        http_status: The status, for the statuses of the server library that have no class.
    """

    error: type[CrossmodalError]
    detail: str
    request_id: str
    path: str = ""
    root: str = ""
    http_status: int | None = None

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.http_status or self.error.http_status

    @cached_property
    def body(self) -> bytes:
        """The problem document."""
        document = ProblemDocument(
            type=self.error.problem_type if self._is_declared else "about:blank",
            title=self.error.title if self._is_declared else HTTPStatus(self.status).phrase,
            status=self.status,
            detail=clean_string(self.detail),
            instance=clean_string(self.root + self.path),
            request_id=self.request_id,
        )
        return document.model_dump_json().encode()

    @property
    def headers(self) -> dict[str, str]:
        """The headers that belong to the document."""
        headers = {"Content-Type": PROBLEM, HEADER: self.request_id}
        if self._is_declared:
            headers["Link"] = f'<{self.root}/docs#{make_anchor(self.error.problem_type)}>; rel="help"'
        return headers

    @property
    def _is_declared(self) -> bool:
        return self.status == self.error.http_status


@cache
def find_error(status: int) -> type[CrossmodalError]:
    """Return the class of the errors of the server library with a status."""
    return next((error for error in HttpError.__subclasses__() if error.http_status == status), HttpError)
