"""Who answers the searches of a command: the server that runs on the same home, or the library.

A running server has its models loaded, so that the first result comes at once. This module therefore imports the
library only if no server answers.
"""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from search.query.serializer import serialize_query
from search.records import Query
from search.running_server import RunningServer

if TYPE_CHECKING:
    from crossmodal.protocol import AnyLibrary
    from search.encoders.compact.towers import E5Encoder
    from search.settings import Settings

API = "/api/v1"


@dataclass(frozen=True)
class SearchTarget:
    """What a search command is given in place of settings while a server runs on the home.

    Attributes:
        server: The running server.
        home: The data directory.
        read_settings: Reads the settings, which takes long.
    """

    server: RunningServer
    home: Path
    read_settings: "Callable[[], Settings]"


class Answerer(ExitStack):
    """Answers searches with the document that `--json` prints. Use it in a `with` block."""

    def __init__(self, target: "Settings | SearchTarget") -> None:
        """Prepare; nothing is opened before the first search.

        Args:
            target: The settings, or the server that runs on the home.
        """
        super().__init__()
        self._target = target
        self._library: AnyLibrary | None = None
        self._preloaded: E5Encoder | None = None

    @property
    def home(self) -> Path | None:
        """The data directory, if it is on this machine."""
        if isinstance(self._target, SearchTarget):
            return self._target.home
        return None if self._target.server else self._target.home

    def answer(self, query: Query) -> dict[str, Any]:
        """Return one page of the results of a query."""
        has_files = query.voice is not None or any(part.image is not None for part in query.parts)
        document = None if has_files else self._call("POST", f"{API}/search", _make_body(query))
        if document is not None:
            return document
        library = self._open(has_text=bool(query.text))
        from search.locations import FULL_DISCLOSURE
        from search.serializers import serialize_answer

        return serialize_answer(query, library.answer(query), FULL_DISCLOSURE)

    def list_sources(self) -> list[str]:
        """Return the paths of the sources."""
        document = self._call("GET", f"{API}/status")
        return [str(path) for path in (document or self._open().status())["sources"]]

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any] | None:
        """Return the response of the running server; None if there is none, or it does not answer."""
        if self._library is not None or not isinstance(self._target, SearchTarget):
            return None
        found = self._target.server.call(method, path, body)
        return found.document if found is not None and found.status == 200 else None

    def _open(self, has_text: bool = False) -> "AnyLibrary":
        """Return the library: that of the running server, for what needs its client, or else the one in the home."""
        if self._library is None:
            self._library = self.enter_context(self._open_library(has_text))
        return self._library

    def _open_library(self, has_text: bool) -> "AnyLibrary":
        from crossmodal.cli.library import open_library

        settings = self._target
        if isinstance(settings, SearchTarget):
            server = settings.server
            found = server.call("GET", f"{API}/session")
            if found is not None and found.status == 200:
                from crossmodal.client import Client

                return Client(server.url, server.token)
            settings = settings.read_settings()
        if has_text and not settings.server:
            from crossmodal.cli.preloading import preload
            from search.home import Home

            if Home(settings.home).catalog.exists():
                self._preloaded = preload(settings)
        return open_library(settings, searches=has_text)


def _make_body(query: Query) -> dict[str, Any]:
    """Return the JSON body of a search, without the fields that are not used."""
    fields = serialize_query(query)
    return {name: value for name, value in fields.items() if value is not None and value not in ([], {})}
