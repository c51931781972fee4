"""Measure whether slow, paused, half-open and idle connections delay /healthz and searches, and how a server stops.

    python -m benchmarks.connections [--home HOME] [--scenes all] [--command "crossmodal --home {home} serve ..."]

A small library is indexed, one of its files is extended to 1 GiB, and a server without a worker is started, so that a
queued job stays queued and its event streams stay open. For each scene the connections are opened, and then /healthz
and a search are asked in turn, each over a new connection, for a few seconds. At last the server gets SIGTERM while a
client downloads slowly. `--command` measures another server; it must answer on 127.0.0.1:{port} over {home}.
"""

import argparse
import http.client
import json
import shlex
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from benchmarks.memory import read_memory

LARGE_FILE_BYTES = 2**30
SECONDS = 4.0
TIMEOUT_SECONDS = 5.0
PAUSE_SECONDS = 0.05
COMMAND = f"{sys.executable} -m crossmodal --home {{home}} serve --no-worker --port {{port}}"


@dataclass
class Target:
    """A running server and what to ask it for.

    Attributes:
        port: Its port on 127.0.0.1.
        process: The process.
        item: The id of the large file.
        job: The id of a queued job.
    """

    port: int
    process: subprocess.Popen[bytes]
    item: int = 0
    job: int = 0
    connections: list[socket.socket] = field(default_factory=list)

    def send(self, request: str) -> None:
        """Open a connection, send the text of a request and read nothing."""
        # A small window, so that the system does not buffer the answer for a client that does not read.
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(TIMEOUT_SECONDS)
        connection.connect(("127.0.0.1", self.port))
        connection.sendall(request.replace("\n", "\r\n").encode())
        self.connections.append(connection)

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, bytes]:
        """Return the status and the body of a response."""
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_SECONDS)
        try:
            headers = {"Content-Type": "application/json"} if body is not None else {}
            client.request(method, path, None if body is None else json.dumps(body), headers)
            response = client.getresponse()
            return response.status, response.read()
        finally:
            client.close()

    def read_memory(self) -> int:
        """Return the memory of the server, with its worker and its media processes, in MiB."""
        return read_memory(self.process.pid, with_children=True)

    def close(self) -> None:
        """Close the connections of a scene."""
        for connection in self.connections:
            connection.close()
        self.connections.clear()


def open_half(target: Target, count: int = 200) -> None:
    for _ in range(count):
        target.send("GET / HTTP/1.1\nHost: 127.0.0.1\nX-Slow: ")


def open_idle(target: Target, count: int = 200) -> None:
    for _ in range(count):
        target.send("")


def open_paused(target: Target, count: int = 50) -> None:
    for _ in range(count):
        target.send(f"GET /api/v1/items/{target.item}/media HTTP/1.1\nHost: 127.0.0.1\nRange: bytes=1000-\n\n")


def open_archives(target: Target, count: int = 8) -> None:
    for _ in range(count):
        target.send(f"GET /api/v1/archive?ids={target.item} HTTP/1.1\nHost: 127.0.0.1\n\n")


def open_streams(target: Target, count: int = 100) -> None:
    for _ in range(count):
        target.send(f"GET /api/v1/jobs/{target.job}/events HTTP/1.1\nHost: 127.0.0.1\n\n")


def open_bodies(target: Target, count: int = 50) -> None:
    head = "POST /api/v1/search HTTP/1.1\nHost: 127.0.0.1\nContent-Type: application/json\nContent-Length: 500\n\n{"
    for _ in range(count):
        target.send(head)


def open_uploads(target: Target, count: int = 50) -> None:
    kind = "multipart/form-data; boundary=x"
    head = f"POST /api/v1/uploads HTTP/1.1\nHost: 127.0.0.1\nContent-Type: {kind}\nContent-Length: 90000000\n\n--x"
    for _ in range(count):
        target.send(head)


def open_all(target: Target) -> None:
    for scene in (open_half, open_paused, open_streams):
        scene(target)


SCENES: dict[str, Callable[[Target], None]] = {
    "no other connection": lambda target: None,
    "200 idle": open_idle,
    "200 half-open": open_half,
    "16 paused ranged downloads": lambda target: open_paused(target, 16),
    "50 paused ranged downloads": open_paused,
    "300 paused ranged downloads": lambda target: open_paused(target, 300),
    "8 paused archives": open_archives,
    "100 event streams": open_streams,
    "50 paused small bodies": open_bodies,
    "50 paused uploads": open_uploads,
    "200 half-open, 50 paused, 100 streams": open_all,
}


def measure(target: Target, name: str) -> None:
    """Open the connections of a scene and print how fast the server answers next to them."""
    try:
        SCENES[name](target)
        time.sleep(2)
        took: dict[str, list[float]] = {"healthz": [], "search": []}
        failures = 0
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            search = {"text": f"the sea at {time.time_ns() % 10**9}", "limit": 5}  # no ranking is reused
            for key, arguments in (
                ("healthz", ("GET", "/healthz", None)),
                ("search", ("POST", "/api/v1/search", search)),
            ):
                began = time.perf_counter()
                try:
                    status, _ = target.ask(*arguments)
                    failures += status != 200
                    took[key].append((time.perf_counter() - began) * 1000)
                except (OSError, http.client.HTTPException):
                    failures += 1
            time.sleep(PAUSE_SECONDS)
    except OSError as error:
        print(f"| {name} | cannot connect: {error} | | | {target.read_memory()} |", flush=True)
        return
    finally:
        target.close()
    columns = [f"{statistics.median(row):.0f} ({max(row):.0f})" if row else "none" for row in took.values()]
    print(f"| {name} | {' | '.join(columns)} | {failures} | {target.read_memory()} |", flush=True)
    time.sleep(1)


def measure_stop(target: Target) -> None:
    """Stop the server while a client downloads 4 MB slowly, and others hold connections open."""
    open_half(target, 20)
    open_streams(target, 20)
    open_paused(target, 5)
    target.send(f"GET /api/v1/items/{target.item}/media HTTP/1.1\nHost: 127.0.0.1\nRange: bytes=0-3999999\n\n")
    download, got = target.connections[-1], 0
    time.sleep(1)
    began = time.monotonic()
    target.process.send_signal(signal.SIGTERM)
    while got < 4_000_000:
        try:
            block = download.recv(65536)
        except OSError:
            break
        if not block:
            break
        got += len(block)
        time.sleep(0.001)
    try:
        code: object = target.process.wait(40)
    except subprocess.TimeoutExpired:
        code = "none within 40 s"
        target.process.kill()
    print(f"SIGTERM: {got / 1e6:.1f} of 4 MB arrived, exit {code} after {time.monotonic() - began:.1f} s")
    target.close()


def make_home(home: Path) -> None:
    """Index a few texts and images, and extend one of the files to 1 GiB."""
    media = home.with_name(f"{home.name}-media")
    media.mkdir()
    for number in range(10):
        (media / f"note {number}.txt").write_text(f"Note {number}: the boats came home from the sea.")
        Image.new("RGB", (320, 240), (number * 20, 200 - number * 10, 90)).save(media / f"color {number}.jpg")
    large = media / "large.txt"
    large.write_text("A large file about lighthouses.")
    subprocess.run([sys.executable, "-m", "crossmodal", "--home", home, "index", media], check=True)
    with large.open("r+b") as stream:
        stream.truncate(LARGE_FILE_BYTES)


def start(command: str, home: Path) -> Target:
    """Start a server and prepare the item and the job."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    target = Target(port, subprocess.Popen(shlex.split(command.format(home=home, port=port))))
    for _ in range(400):
        try:
            target.ask("POST", "/api/v1/search", {"text": "warm up"})
            break
        except OSError:
            time.sleep(0.3)
    items = json.loads(target.ask("GET", "/api/v1/items?limit=100")[1])["items"]
    target.item = next(item["id"] for item in items if item["path"].endswith("large.txt"))
    target.job = json.loads(target.ask("POST", "/api/v1/jobs", {"paths": []})[1])["id"]
    return target


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--home", type=Path, help="A home that this script has made before, or is to make.")
    parser.add_argument("--command", default=COMMAND, help="The command that starts the server.")
    parser.add_argument("--scenes", default="", help="Names of scenes, or parts of them, separated by commas.")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        home = arguments.home or Path(temporary, "home")
        if not home.exists():
            make_home(home)
        target = start(arguments.command, home)
        try:
            print("| scene | /healthz ms, median (most) | search | failures | MiB |\n|---|---|---|---|---|")
            for name in SCENES:
                if any(part in name for part in arguments.scenes.split(",")):
                    measure(target, name)
            measure_stop(target)
        finally:
            target.process.kill()


if __name__ == "__main__":
    main()
