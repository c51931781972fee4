"""Models are loaded once, when first used, and unloaded when idle."""

import gc
import threading
import weakref

import pytest

from search.encoders.lazy import LazyModel
from tests.support.clock import Clock, wait_for


def test_many_who_come_at_once_wait_for_one_load():
    loads = []

    def load():
        loads.append(1)
        assert started.wait(10)
        return object()

    started = threading.Event()
    lazy, seen = LazyModel(load, 0), []

    def use():
        with lazy.use() as value:
            seen.append(value)

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    wait_for(lambda: loads)
    started.set()
    for thread in threads:
        thread.join()
    assert len(loads) == 1
    assert len(set(map(id, seen))) == 1


def test_it_is_unloaded_after_its_last_use_and_loaded_again(monkeypatch):
    clock = Clock()
    clock.install(monkeypatch, "search.encoders.lazy")
    loads = []
    lazy = LazyModel(lambda: loads.append(1) or object(), 60)
    with lazy.use():
        clock.sleep(300)
        assert lazy.is_loaded  # in use, however long
    for _ in range(4):
        clock.sleep(50)
        with lazy.use():
            pass
    assert len(loads) == 1
    clock.sleep(59)
    assert lazy.is_loaded
    clock.sleep(2)
    assert not lazy.is_loaded
    with lazy.use():
        assert len(loads) == 2


def test_a_load_that_fails_is_tried_again_by_the_next():
    tries = []

    def load():
        tries.append(1)
        if len(tries) == 1:
            raise OSError("away")
        return "there"

    lazy = LazyModel(load, 0)
    with pytest.raises(OSError, match="away"), lazy.use():
        pass
    with lazy.use() as value:
        assert value == "there"


def test_what_nobody_holds_any_more_is_gone_at_once():
    class Large:
        pass

    lazy = LazyModel(Large, 600)
    with lazy.use() as value:
        known = weakref.ref(value)
    del value, lazy
    gc.collect()
    assert known() is None
