"""Where the server listens."""

import socket
from contextlib import closing

import pytest

from search.errors import HomeError, ListenError
from web.server.server import listen

# The first is not an address of this machine.
ADDRESSES = [(socket.AF_INET, ("192.0.2.1", 0)), (socket.AF_INET, ("127.0.0.1", 0))]


def test_a_name_with_several_addresses_is_served_at_those_that_exist(monkeypatch):
    found = [(family, socket.SOCK_STREAM, 0, "", address) for family, address in ADDRESSES]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_args, **_options: found)
    (one,) = listen("name", 0)
    with closing(one):
        assert one.getsockname()[0] == "127.0.0.1"


def test_listening_on_a_port_in_use_is_an_error_that_names_it():
    with closing(listen("127.0.0.1", 0)[0]) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ListenError, match=rf"Cannot listen on 127.0.0.1:{port}: .*Choose another") as caught:
            listen("127.0.0.1", port)
    assert not isinstance(caught.value, HomeError)
    assert caught.value.exit_status == HomeError.exit_status
