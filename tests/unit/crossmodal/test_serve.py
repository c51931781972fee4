"""What `crossmodal serve` says about its address, and how the models are loaded."""

import socket
import threading

import pytest

from crossmodal.cli.serve import Address, _add_own_names, _warm_up
from search.settings import Settings
from web.hosts import is_trusted, normalize


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("media.example", "http://media.example:8000"),
        ("::1", "http://[::1]:8000"),
        ("0.0.0.0", "http://attic:8000"),
        ("::", "http://attic:8000"),
    ],
)
def test_the_printed_address_can_be_opened_and_is_answered(monkeypatch, host, url):
    monkeypatch.setattr(socket, "gethostname", lambda: "attic")
    address = Address(host, 8000)
    assert address.url == url
    hosts = frozenset(map(normalize, (*_add_own_names(Settings(), address).hosts, "127.0.0.1", "::1")))
    assert is_trusted(url.removeprefix("http://"), hosts)


class ClosedEngine:
    def warm_up(self):
        raise RuntimeError("the library is closed")


def test_a_server_that_is_stopped_while_it_loads_models_reports_no_error():
    is_stopping, is_loaded = threading.Event(), threading.Event()
    with pytest.raises(RuntimeError, match="is closed"):
        _warm_up(ClosedEngine(), is_stopping, is_loaded)
    is_stopping.set()
    _warm_up(ClosedEngine(), is_stopping, is_loaded)
    assert is_loaded.is_set(), "the worker waits for models that will not be loaded"
