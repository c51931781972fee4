"""Nothing leaves the machine: a library is indexed, served and searched while every other address is out of reach."""

import io
import ipaddress
import json
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from search.engine import Engine
from search.open_home import open_home
from search.settings import Settings
from tests.support.indexing import index
from tests.support.web_client import ask, make_client

ROOT = Path(__file__).parents[2]
NAMES = ("chelsea.jpg", "*.wav", "bread.md")


class Tried:
    """The addresses outside this machine that were asked for."""

    def __init__(self):
        self.addresses = []

    def check(self, address):
        """Raise an error for an address of another machine."""
        host = address[0] if isinstance(address, tuple) else None
        if host is None or host == "localhost":  # a socket of the file system
            return
        try:
            is_here = ipaddress.ip_address(str(host).partition("%")[0]).is_loopback
        except ValueError:
            is_here = False
        if not is_here:
            self.addresses.append(address)
            raise OSError(101, f"Network is unreachable: {address}")


@pytest.fixture
def tried(monkeypatch):
    """Block every connection to another machine, and every look-up of a name."""
    tried = Tried()

    class Guarded(socket.socket):
        def connect(self, address):
            tried.check(address)
            return super().connect(address)

        def connect_ex(self, address):
            tried.check(address)
            return super().connect_ex(address)

        def sendto(self, data, *rest):
            tried.check(rest[-1])
            return super().sendto(data, *rest)

    def look_up(host, *rest, **options):
        tried.check((host.decode() if isinstance(host, bytes) else host, None))
        return original(host, *rest, **options)

    original = socket.getaddrinfo
    monkeypatch.setattr(socket, "socket", Guarded)
    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return tried


def test_the_guard_notices_what_leaves(tried):
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for call in (
        lambda: socket.create_connection(("192.0.2.1", 80), timeout=1),
        lambda: socket.getaddrinfo("example.org", 80),
        lambda: datagrams.sendto(b"", ("192.0.2.1", 53)),
    ):
        with pytest.raises(OSError, match="unreachable"):
            call()
    datagrams.close()
    assert len(tried.addresses) == 3


@pytest.fixture
def few(demo, tmp_path):
    """A folder with an image, a recording and a text."""
    folder = tmp_path / "few"
    folder.mkdir()
    for name in NAMES:
        shutil.copy(next(demo.rglob(name)), folder)
    return folder


def test_no_connection_leaves_while_a_library_is_indexed_and_searched(tried, few, tmp_path):
    with open_home(Settings(home=tmp_path / "home"), create=True) as library:
        assert index(library, few).failures == {}
        client = make_client(library)
        image, voice = (next(few.glob(name)).read_bytes() for name in NAMES[:2])
        assert ask(client, text="a cat").json["hits"] != []
        assert client.post("/api/v1/search", data={"image": (io.BytesIO(image), "a.jpg")}).json["hits"] != []
        spoken = client.post("/api/v1/search", data={"voice": (io.BytesIO(voice), "a.wav")})
        assert spoken.json["query"]["voice_text"]
        for path in ("/", "/library", "/docs", "/openapi.json", "/api/v1/status", "/api/v1/models", "/api/v1/facets"):
            assert client.get(path).status_code == 200
        Engine(library).warm_up()
    assert tried.addresses == []


def can_unshare():
    found = shutil.which("unshare")
    return bool(found) and subprocess.run([found, *NAMESPACE, "true"], capture_output=True, check=False).returncode == 0


NAMESPACE = ("--net", "--map-root-user")


@pytest.mark.slow
@pytest.mark.skipif(not can_unshare(), reason="the system permits no network namespaces")
def test_without_any_network_everything_works(few, tmp_path):
    def run(*arguments):
        command = ["unshare", *NAMESPACE, sys.executable, "-m", "crossmodal", "--home", str(tmp_path / "home")]
        done = subprocess.run([*command, *arguments, "--json"], capture_output=True, text=True, cwd=ROOT, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    assert run("index", str(few))["failed"] == 0
    image, voice = (str(next(few.glob(name))) for name in NAMES[:2])
    for query in (("a cat",), ("--image", image), ("--voice", voice)):
        assert run("search", *query)["hits"] != []
