"""Downloads from a model hub, with a local server instead of the real one."""

import hashlib
import http.server
import threading
from typing import ClassVar

import huggingface_hub
import pytest

from search.encoders.hub import fetch_model
from search.encoders.manifest import find_folder
from search.encoders.open_clip.encoder import OpenClipImageEncoder, find_languages
from search.encoders.open_clip.loading import find_source, load_model, load_tokenizer
from search.encoders.registry import read_manifest
from search.encoders.runtime import Machine
from search.errors import ModelError, UnreachableError
from search.records import Retriever
from tests.support.checkpoints import list_texts, make_tiny, make_xlm_roberta

pytestmark = pytest.mark.slow
COMMIT = "c" * 40


class Hub(http.server.BaseHTTPRequestHandler):
    """One repository; large files are named by their SHA-256, as the real hub's are."""

    files: ClassVar[dict[str, bytes]] = {}
    stated: ClassVar[dict[str, str]] = {}
    asked: ClassVar[list[str]] = []

    def do_HEAD(self):
        self.asked.append(f"HEAD {self.path}")
        self.answer(with_body=False)

    def do_GET(self):
        self.asked.append(f"{self.path} {self.headers.get('Range', '')}".strip())
        self.answer(with_body=True)

    def answer(self, with_body):
        name = self.path.split("/resolve/main/")[-1]
        if not self.path.startswith("/org/tiny/") or name not in self.files:
            missing = "RepoNotFound" if not self.path.startswith("/org/tiny/") else "EntryNotFound"
            self.send_response(404)
            self.send_header("X-Error-Code", missing)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        body, start = self.files[name], 0
        if with_body and "Range" in self.headers:
            start = int(self.headers["Range"].removeprefix("bytes=").rstrip("-"))
        self.send_response(206 if start else 200)
        self.send_header("ETag", f'"{self.stated.get(name) or hashlib.sha256(body).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("Content-Length", str(len(body) - start))
        self.end_headers()
        if with_body:
            self.wfile.write(body[start:])

    def log_message(self, *_):
        pass


def point_at(monkeypatch, address):
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", address)
    template = address + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(huggingface_hub.constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)


@pytest.fixture
def hub(tmp_path, monkeypatch):
    make_tiny(tmp_path / "origin")
    Hub.files = {path.name: path.read_bytes() for path in (tmp_path / "origin").iterdir()}
    Hub.stated, Hub.asked = {}, []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    point_at(monkeypatch, address)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    yield Hub
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_fetched_model_is_complete_in_the_home_and_loads_without_the_hub(hub, tmp_path):
    reported = []
    folder = fetch_model("hf-hub:org/tiny", tmp_path / "models", lambda *one: reported.append(one))
    assert {path.name for path in folder.iterdir()} == {"open_clip_config.json", "open_clip_model.safetensors"}
    assert reported[-1][1] == reported[-1][2]
    asked = len(hub.asked)
    source = find_source("hf-hub:org/tiny", tmp_path / "models")
    assert load_model(source).visual.image_size == (32, 32)
    assert len(hub.asked) == asked


def test_a_tower_of_transformers_is_fetched_with_what_it_needs_and_may_be_moved(hub, tmp_path):
    origin = tmp_path / "xlm"
    make_xlm_roberta(origin, list(list_texts()), 64, 1)
    config = (origin / "open_clip_config.json").read_text().replace(str(origin), "org/tiny")
    (origin / "open_clip_config.json").write_text(config)
    hub.files = {path.name: path.read_bytes() for path in origin.iterdir()}
    fetch_model("hf-hub:org/tiny", tmp_path / "models", lambda *_: None)
    asked = len(hub.asked)
    (tmp_path / "models").rename(tmp_path / "elsewhere")
    source = find_source("hf-hub:org/tiny", tmp_path / "elsewhere")
    assert load_tokenizer(source)(["a dog"]).shape == (1, 77)
    assert load_model(source).text.config.model_type == "xlm-roberta"
    assert find_languages(source) == ()
    (tmp_path / "elsewhere/fetched/hf-hub--org--tiny/config.json").unlink()
    with pytest.raises(ModelError, match=r"text encoder of .* Put config\.json of org/tiny into that folder"):
        load_model(source)
    assert len(hub.asked) == asked


def test_a_tokenizer_without_its_vocabulary_is_refused(tmp_path):
    """Of a configuration alone transformers makes a tokenizer to which every word is unknown."""
    name = make_xlm_roberta(tmp_path, list(list_texts()), 64, 1)
    load_tokenizer(find_source(name, tmp_path))
    (tmp_path / "tokenizer.json").unlink()
    (tmp_path / "tokenizer_config.json").unlink()
    with pytest.raises(ModelError, match=r"tokenizer of .* is incomplete\. Put the files of .*tokens, the model"):
        load_tokenizer(find_source(name, tmp_path))


def test_a_tower_that_is_not_at_its_declared_path_is_missing(tmp_path, monkeypatch):
    name = make_xlm_roberta(tmp_path / "made", list(list_texts()), 64, 1)
    # The config.json in the working directory is not used instead.
    monkeypatch.chdir(tmp_path / "made")
    other = tmp_path / "other"
    other.mkdir()
    for path in (tmp_path / "made").iterdir():
        if path.name != "config.json":
            (other / path.name).write_bytes(path.read_bytes())
    config = (other / "open_clip_config.json").read_text().replace(str(tmp_path / "made"), str(tmp_path))
    (other / "open_clip_config.json").write_text(config)
    with pytest.raises(ModelError, match=r"text encoder of .* Put config\.json of .* into that folder"):
        load_model(find_source(name.replace("made", "other"), tmp_path))


def test_a_tower_that_was_exchanged_is_refused(tmp_path):
    machine = Machine(2)
    name = make_xlm_roberta(tmp_path / "made", list(list_texts()), 64, 1)
    manifest = read_manifest(name, Retriever.VISUAL, tmp_path, machine)
    config = tmp_path / "made/config.json"
    config.write_text(config.read_text().replace('"pad_token_id": 1', '"pad_token_id": 3'))
    encoder = OpenClipImageEncoder(manifest, find_folder(tmp_path, name), tmp_path, machine)
    with pytest.raises(ModelError, match=r"config\.json changed since this home was indexed"):
        encoder.encode_texts(["a dog"])


def test_a_tower_that_is_described_nowhere_is_not_looked_for_on_the_hub(hub, tmp_path):
    (tmp_path / "w.pt").write_bytes(b"weights")
    source = find_source(f"xlm-roberta-base-ViT-B-32/{tmp_path / 'w.pt'}", tmp_path)
    with pytest.raises(ModelError, match=r"text encoder of .* not on this machine\. .* `crossmodal models get`"):
        load_model(source)
    with pytest.raises(ModelError, match=r"tokenizer of .* not on this machine\. .* `crossmodal models get`"):
        load_tokenizer(source)
    assert not hub.asked


def test_a_fetch_that_broke_off_goes_on_where_it_was(hub, tmp_path):
    part = tmp_path / "models/fetched/.hf-hub--org--tiny.new/open_clip_model.safetensors.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(hub.files["open_clip_model.safetensors"][:1000])
    folder = fetch_model("hf-hub:org/tiny", tmp_path / "models", lambda *_: None)
    assert (folder / "open_clip_model.safetensors").read_bytes() == hub.files["open_clip_model.safetensors"]
    assert "/org/tiny/resolve/main/open_clip_model.safetensors bytes=1000-" in hub.asked


def test_a_file_that_arrives_damaged_is_refused_and_not_stored(hub, tmp_path):
    hub.stated["open_clip_model.safetensors"] = "0" * 64
    with pytest.raises(ModelError, match="arrived damaged"):
        fetch_model("hf-hub:org/tiny", tmp_path / "models", lambda *_: None)
    assert not (tmp_path / "models/fetched/hf-hub--org--tiny").exists()


def test_a_model_that_the_hub_does_not_have_is_reported(hub, tmp_path):
    with pytest.raises(ModelError, match="The hub has no model org/other"):
        fetch_model("hf-hub:org/other", tmp_path / "models", lambda *_: None)


def test_an_unreachable_hub_is_reported_with_an_alternative(hub, tmp_path, monkeypatch):
    point_at(monkeypatch, "http://127.0.0.1:9")
    with pytest.raises(UnreachableError, match="copy them here, and pass their path"):
        fetch_model("hf-hub:org/tiny", tmp_path / "models", lambda *_: None)
