"""`crossmodal serve` in a separate process."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Tests add temporary folders over REST.
ANY_FOLDER = {"CROSSMODAL_ALLOWED_ROOTS": "/"}


def find_port() -> int:
    """Return a free port of this machine."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def run_server(home: Path) -> Iterator[str]:
    """Return the address of `crossmodal serve` for a home, with its worker."""
    port = find_port()
    command = [sys.executable, "-m", "crossmodal", "--home", str(home), "serve", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=os.environ | ANY_FOLDER)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(200):
            try:
                urllib.request.urlopen(f"{address}/healthz", timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        else:
            pytest.fail("the server did not start")
        yield address
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def run_setup_server(home: Path) -> Iterator[str]:
    """Return the link to create the first account that `crossmodal serve --setup` prints; it has fake models."""
    command = [sys.executable, "-m", "tests.support.serve_fake", "--home", str(home), "serve", "--setup", "--no-worker"]
    process = subprocess.Popen([*command, "--port", str(find_port())], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    try:
        link = next((line.split()[-1] for line in process.stdout if "/setup#token=" in line), None)
        assert link is not None, "the server did not start"
        yield link
    finally:
        process.terminate()
        process.communicate(timeout=10)


@dataclass
class RunningServer:
    """A server process with fake models.

    Attributes:
        process: The process.
        host: The address that it listens on.
        port: Its port.
    """

    process: subprocess.Popen[bytes]
    host: str
    port: int

    def connect(self, request: str = "", small_window: bool = False) -> socket.socket:
        """Return a connection over which the text of a request was sent, with line ends of HTTP."""
        connection = socket.socket(socket.AF_INET6 if ":" in self.host else socket.AF_INET)
        if small_window:  # else the system takes megabytes that nobody reads
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(10)
        try:
            connection.connect((self.host, self.port))
            connection.sendall(request.replace("\n", "\r\n").encode())
        except OSError:
            connection.close()
            raise
        return connection

    def ask(self, method: str, path: str, body: object = None, timeout: float = 10) -> tuple[int, bytes]:
        """Return the status and the body of a response."""
        client = http.client.HTTPConnection(self.host, self.port, timeout=timeout)
        with closing(client):
            sent = None if body is None else json.dumps(body)
            client.request(method, path, sent, {"Content-Type": "application/json"} if sent else {})
            response = client.getresponse()
            return response.status, response.read()


@contextmanager
def run_fake_server(
    home: Path, *options: str, host: str = "127.0.0.1", before: Sequence[str] = ()
) -> Iterator[RunningServer]:
    """Run `crossmodal serve` with fake models in a process, until it ends or the block does.

    Args:
        home: The home.
        options: More options of `serve`.
        host: The address to listen on.
        before: A command that runs the server, such as `unshare`.
    """
    port = find_port()
    command = [*before, sys.executable, "-m", "tests.support.serve_fake", "--home", str(home), "serve"]
    process = subprocess.Popen(
        [*command, "--host", host, "--port", str(port), *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | ANY_FOLDER,
        cwd=ROOT,
    )
    server = RunningServer(process, host, port)
    try:
        for _ in range(600):  # the machine may be busy
            try:
                server.ask("GET", "/healthz", timeout=1)
                break
            except OSError:
                time.sleep(0.1)
        else:
            pytest.fail("the server did not start")
        yield server
    finally:
        process.kill()
        process.wait(10)
