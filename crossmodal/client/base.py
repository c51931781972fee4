"""What the synchronous and the asynchronous client share: checking, writing and reading, but not sending."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import IO, Any, TypeVar

import httpx2

from crossmodal.arguments import ProgressCallback, SearchOptions, make_query
from crossmodal.client.calls import Call
from crossmodal.client.files import SendProgress, SentFile, measure
from crossmodal.client.problems import read_result
from crossmodal.client.target import DEFAULT_DEADLINE, DEFAULT_TIMEOUT, make_target
from search import __version__
from search.errors import HomeError
from search.records import Query
from web.contract.operation import KEY_HEADER

T = TypeVar("T")


class BaseClient(ABC):
    """A client without connections."""

    def __init__(
        self,
        url: str,
        key: str | None = None,
        *,
        timeout: float = DEFAULT_TIMEOUT,
        deadline: float = DEFAULT_DEADLINE,
    ) -> None:
        """Prepare the connections. Nothing is sent before the first call.

        Args:
            url: The address of the server, such as `http://127.0.0.1:8000`.
            key: The API key, if the server needs one.
            timeout: Seconds without any data after which a request is given up.
            deadline: Seconds after which a request that failed is not repeated.

        Raises:
            UsageError: An argument is not valid.
        """
        self._target = make_target(url, key, timeout, deadline)
        self._is_closed = False
        self._prepare()

    @abstractmethod
    def _prepare(self) -> None:
        """Make the client of httpx2."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._target.url}{' (closed)' if self._is_closed else ''}>"

    def _make_options(self) -> dict[str, Any]:
        """Return the arguments for a client of httpx2."""
        headers = {"User-Agent": f"crossmodal/{__version__}", "Accept": "application/json", **self._target.headers}
        timeout = httpx2.Timeout(self._target.timeout)
        return {"base_url": self._target.url, "headers": headers, "timeout": timeout, "follow_redirects": False}

    def _check_open(self) -> None:
        if self._is_closed:
            raise HomeError("The client is closed. Create another one.")

    def _read(self, call: Call[T], response: httpx2.Response) -> T:
        return read_result(call, self._target.url, response.status_code, response.headers, response.content)


@contextmanager
def open_request(call: Call[Any], progress: SendProgress | None = None) -> Iterator[dict[str, Any]]:
    """Return the arguments of a request for httpx2; its files are open inside the `with` block."""
    arguments: dict[str, Any] = {"method": call.method, "url": call.path, "params": dict(call.query)}
    if call.key is not None:
        arguments["headers"] = {KEY_HEADER: call.key}
    if call.body is not None:
        arguments["json"] = call.body
    if progress is not None:
        progress.start()
    report = progress.add if progress is not None else _ignore
    with ExitStack() as stack:
        files: list[tuple[str, tuple[str, bytes | IO[bytes]]]] = []
        for one in call.files:
            content = one.content
            opened = content if isinstance(content, bytes) else stack.enter_context(SentFile(content, report))
            files.append((one.field, (one.name, opened)))
        if files:
            arguments |= {"data": dict(call.form or {}), "files": files}
        yield arguments


def make_progress(call: Call[Any], progress: ProgressCallback | None) -> SendProgress | None:
    """Return what counts the bytes of the files of a call."""
    return None if progress is None else SendProgress(progress, measure(call.files))


def make_remote_query(text: str | None, options: SearchOptions) -> Query:
    """Return the query of a search; folders are those of the server."""
    return make_query(text, options, is_local=False)


def _ignore(_size: int, _name: str) -> None:
    pass
