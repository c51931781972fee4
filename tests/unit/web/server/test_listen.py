"""The sockets that the server listens on."""

import socket

from tests.support.wsgi_server import echo, running


def test_connections_send_small_blocks_at_once():
    with running(echo) as server:
        with server.connect("GET / HTTP/1.1\nHost: h\n\n") as client:
            assert client.recv(12) == b"HTTP/1.1 200"
        assert [one.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) for one in server.sockets] == [1]
