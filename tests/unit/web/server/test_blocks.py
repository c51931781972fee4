"""A response that a thread is reading is closed by that thread, when it no longer runs."""

import threading
from contextlib import closing

import pytest

from tests.support.wsgi_server import SOON, running
from web.server.blocks import BlockReader


@pytest.mark.parametrize("stops", [False, True])
def test_a_stream_that_is_dropped_while_it_runs_is_closed_when_it_no_longer_does(caplog, stops):
    has_begun, free, closed = threading.Event(), threading.Event(), threading.Event()

    def send_events():
        try:
            yield b"data: x\n\n"
            has_begun.set()
            free.wait(SOON)
            yield b"data: y\n\n"
        finally:
            closed.set()

    def app(_environ, start_response):
        start_response("200 OK", [("Content-Type", "text/event-stream")])
        return send_events()

    with running(app, stop_timeout=0) as server:
        with closing(server.connect("GET / HTTP/1.1\nHost: h\n\n")):
            assert has_begun.wait(SOON)
        if stops:
            server.server.should_exit = True
            server.thread.join(SOON)
        assert not closed.is_set()
        free.set()
        assert closed.wait(SOON)
    assert caplog.text == ""


def test_nothing_is_read_after_the_end():
    closed = []
    reader = BlockReader(iter([b"a", b"b", b"c"]), lambda: closed.append(True), 2)
    assert reader.read() == b"ab"
    reader.close()
    assert (reader.read(), closed) == (b"", [True])
