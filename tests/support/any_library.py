"""One library as each of its interfaces: on this machine, on a server, and on a server for asyncio."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice

import crossmodal
from crossmodal.protocol import AnyLibrary
from indexer.pipeline import Options
from indexer.worker.loop import run_worker
from search.engine import Engine
from search.open_home import OpenHome
from search.settings import Settings
from tests.support.wsgi_server import running
from web.app import create_app

INTERFACES = ("local", "server", "asyncio")


class BlockingClient:
    """An `AsyncClient` whose methods wait for their result."""

    def __init__(self, url: str, **options) -> None:
        self._loop = asyncio.new_event_loop()
        self._client = crossmodal.AsyncClient(url, **options)

    def __getattr__(self, name: str):
        method = getattr(self._client, name)

        def call(*args, **arguments):
            return self._wait(method(*args, **arguments))

        return call

    def _wait(self, found):
        if hasattr(found, "__aiter__"):
            found = self._loop.run_until_complete(collect(found))
            return iter(found)
        found = self._loop.run_until_complete(found)
        return BlockingResults(self, found) if isinstance(found, crossmodal.AsyncSearchResults) else found

    def end(self) -> None:
        """Close the client and its loop."""
        self._loop.run_until_complete(self._client.close())
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()


class BlockingResults:
    """`AsyncSearchResults` that wait for further pages."""

    def __init__(self, client: BlockingClient, results: crossmodal.AsyncSearchResults) -> None:
        self._client = client
        self._results = results

    def __getattr__(self, name: str):
        return getattr(self._results, name)

    def __iter__(self):
        return self._client._wait(self._results)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __getitem__(self, index: int):
        return next(islice(self, index, None))

    def all(self):
        return self._client._wait(self._results.all())

    def possible(self):
        return self._client._wait(self._results.possible())


async def collect(found):
    """Return what an asynchronous iterator yields."""
    return [one async for one in found]


@contextmanager
def open_interface(library: OpenHome, kind: str) -> Iterator[AnyLibrary]:
    """Return an interface to an open home for a `with` block."""
    if kind == "local":
        yield crossmodal.Library(library)
        return
    with serving(library) as url:
        client = crossmodal.Client(url) if kind == "server" else BlockingClient(url)
        try:
            yield client
        finally:
            client.close() if kind == "server" else client.end()


@contextmanager
def serving(library: OpenHome, port: int = 0, **settings) -> Iterator[str]:
    """Return the address of a server in a thread for a `with` block."""
    app = create_app(Engine(library), Settings(home=library.home.root, **{"allowed_roots": "/"} | settings))
    with running(app, port, home=library.home.root, **settings) as server:
        yield f"http://127.0.0.1:{server.port}"


@contextmanager
def working(library: OpenHome) -> Iterator[None]:
    """Run a worker in a thread for a `with` block."""
    stop = threading.Event()
    thread = threading.Thread(target=run_worker, args=(library, Options(sandbox=False), stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
