"""Measure how long one waits at the start: a search without a server, a server, and the thumbnails of a page.

    python benchmarks/first_seconds.py --home HOME [--rounds 7] [--text "a dog on the beach"]

Run it in two working trees in turn to compare two versions. The home must have 60 images or more. Everything is
measured in new processes, whose files the system has read before; each figure is the median of the rounds, with the
smallest in parentheses. CPU seconds are those of all threads; unlike the others, they do not grow when other processes
use the processors. The thumbnails are those that the page requests, over six connections as of a browser; the first
time the server makes them, after a restart it reads them.
"""

import argparse
import http.client
import json
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PAGE, CONNECTIONS, THUMBNAIL_SIDE = 60, 6, 256
POLL_SECONDS, START_SECONDS = 0.01, 60.0


@dataclass(frozen=True)
class Response:
    """A response of the server: the status, and the body."""

    status: int
    body: bytes


@dataclass(frozen=True)
class Server:
    """A server that is starting.

    Attributes:
        port: Its port on this machine.
        started: When its process was started, as of `time.perf_counter`.
    """

    port: int
    started: float

    def ask(self, method: str, path: str, body: str | None = None) -> Response:
        """Return a response. Raises OSError if the server does not listen."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=START_SECONDS)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
            response = connection.getresponse()
            return Response(response.status, response.read())
        finally:
            connection.close()

    def wait_for(self, path: str) -> float:
        """Return the seconds from the start of the process until a path is answered with status 200."""
        while time.perf_counter() - self.started < START_SECONDS:
            try:
                if self.ask("GET", path).status == http.HTTPStatus.OK:
                    return time.perf_counter() - self.started
            except OSError:
                pass
            time.sleep(POLL_SECONDS)
        raise SystemExit(f"{path} was not answered within {START_SECONDS:.0f} s")


@contextmanager
def serve(home: Path) -> Iterator[Server]:
    """Start a server without a worker, and end it after the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    started = time.perf_counter()
    process = subprocess.Popen(command(home, "serve", "--port", str(port), "--no-worker"), stdout=subprocess.DEVNULL)
    try:
        yield Server(port, started)
    finally:
        process.terminate()
        process.wait()


def command(home: Path, *arguments: str) -> list[str]:
    """Return the command line of a subcommand."""
    return [sys.executable, "-m", "crossmodal", "--home", str(home), *arguments]


def report(name: str, values: list[float], unit: str = "s") -> None:
    """Print the median of some values, and the smallest."""
    print(f"{name:55} {statistics.median(values):6.2f} {unit} ({min(values):.2f})", flush=True)


def measure_searches(home: Path, text: str, rounds: int) -> None:
    """Print the time of a search in a new process, from its start to its end."""
    searching = command(home, "search", text, "--json")
    subprocess.run(searching, stdout=subprocess.DEVNULL, check=False)
    seconds, processor = [], []
    for _ in range(rounds):
        before, started = count_processor_seconds(), time.perf_counter()
        subprocess.run(searching, stdout=subprocess.DEVNULL, check=False)
        seconds.append(time.perf_counter() - started)
        processor.append(count_processor_seconds() - before)
    report("search without a server", seconds)
    report("search without a server, CPU", processor)


def count_processor_seconds() -> float:
    """Return the CPU seconds of the processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure_starts(home: Path, text: str, rounds: int) -> None:
    """Print when a server listens, is ready, and answers a search that was sent as soon as it listened."""
    found: dict[str, list[float]] = {"healthz": [], "first answer": [], "readyz": []}
    for _ in range(rounds):
        with serve(home) as server:
            found["healthz"].append(server.wait_for("/healthz"))
            answer = server.ask("POST", "/api/v1/search", json.dumps({"text": text}))
            found["first answer"].append(time.perf_counter() - server.started)
            if answer.status != http.HTTPStatus.OK:
                raise SystemExit(f"the first search was refused: {answer.status} {answer.body!r}")
        with serve(home) as server:
            found["readyz"].append(server.wait_for("/readyz"))
    report("server: /healthz answers", found["healthz"])
    report("server: /readyz answers 200", found["readyz"])
    report("server: answer to a search sent when /healthz answered", found["first answer"])


def measure_thumbnails(home: Path, rounds: int) -> None:
    """Print the time of the thumbnails of one page, made and stored, in new servers over a copy of the home."""
    made, stored = [], []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory(dir=home.parent) as folder:
            copied = Path(folder) / "home"
            shutil.copytree(home, copied, ignore=shutil.ignore_patterns("*.webp", "server.json"))
            for seconds in (made, stored):
                with serve(copied) as server:
                    server.wait_for("/readyz")
                    seconds.append(fetch_all(server, list_thumbnails(server)))
    report(f"thumbnails of a page of {PAGE}, made", made)
    report(f"thumbnails of a page of {PAGE}, stored", stored)


def list_thumbnails(server: Server) -> list[str]:
    """Return the paths of the thumbnails of a page of images."""
    items = json.loads(server.ask("GET", f"/api/v1/items?limit={PAGE}&types=image").body)["items"]
    return [f"/api/v1/items/{item['id']}/thumbnail?size={THUMBNAIL_SIDE}" for item in items]


def fetch_all(server: Server, paths: list[str]) -> float:
    """Return the seconds that it takes to fetch some paths over several connections, each used for many requests."""
    waiting, failures = deque(paths), list[str]()

    def fetch() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=START_SECONDS)
        while True:
            try:
                path = waiting.popleft()
            except IndexError:
                connection.close()
                return
            connection.request("GET", path)
            response = connection.getresponse()
            response.read()
            if response.status != http.HTTPStatus.OK:
                failures.append(f"{response.status} {path}")

    seconds = run_threads(fetch)
    if failures or len(paths) < PAGE:
        raise SystemExit(f"{len(paths)} thumbnails, {len(failures)} failures: {failures[:3]}")
    return seconds


def run_threads(work: Callable[[], None]) -> float:
    """Return the seconds that a function takes in several threads at once."""
    threads = [threading.Thread(target=work) for _ in range(CONNECTIONS)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - started


def main() -> None:
    """Measure all of it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--text", default="a dog on the beach")
    options = parser.parse_args()
    measure_searches(options.home, options.text, options.rounds)
    measure_starts(options.home, options.text, options.rounds)
    measure_thumbnails(options.home, options.rounds)


if __name__ == "__main__":
    main()
