"""Every bundled file that holds weights is hashed before it is first used."""

import shutil

import numpy as np
import pytest

from search.encoders.compact import e5
from search.encoders.compact.files import CompactFiles, verify_file
from search.encoders.compact.towers import CompactImageEncoder, CompactQueryClassifier, CompactTextEncoder, open_e5
from search.encoders.runtime import Machine
from search.encoders.whisper import faster
from search.encoders.whisper.choice import choose_transcriber
from search.errors import ModelError
from training.compact.model_card import format_model_card

MACHINE = Machine(2)


def damage(path):
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    path.write_bytes(body)


@pytest.fixture
def packages(tmp_path, monkeypatch):
    """Copies of the folders that the packages of Whisper base carry."""
    folders = {name: tmp_path / name for name in faster.PACKAGES}
    for name, folder in folders.items():
        shutil.copytree(faster._find_data(name), folder)
    monkeypatch.setattr(faster, "_find_data", folders.__getitem__)
    return list(folders.values())


@pytest.mark.parametrize("name", ["model.bin", "config.json", "tokenizer.json", "vocabulary.txt"])
def test_a_damaged_copy_of_whisper_base_is_replaced_before_it_is_used(tmp_path, name):
    folder = faster.join_whisper_base(tmp_path)
    damage(folder / name)
    verify_file.cache_clear()  # as in another process
    assert faster.hash_file(faster.join_whisper_base(tmp_path) / name) == faster.SHA256[name]
    assert [path.name for path in tmp_path.iterdir()] == ["whisper-base"]


@pytest.mark.parametrize(
    ("part", "name"),
    [(0, "model.bin.part1"), (1, "model.bin.part2"), (0, "config.json"), (0, "tokenizer.json"), (0, "vocabulary.txt")],
)
def test_a_damaged_package_of_whisper_base_is_refused(tmp_path, packages, part, name):
    damage(packages[part] / name)
    transcriber = choose_transcriber("whisper-base", tmp_path / "models", MACHINE)
    with pytest.raises(ModelError, match=r"are damaged: a SHA-256 is wrong\. Reinstall crossmodal\."):
        transcriber.transcribe(np.zeros(16000, np.float32))
    assert not list((tmp_path / "models").iterdir())


def test_whisper_base_is_hashed_once_per_process(tmp_path):
    faster.join_whisper_base(tmp_path)
    before = verify_file.cache_info().misses
    faster.join_whisper_base(tmp_path)
    assert verify_file.cache_info().misses == before


@pytest.mark.parametrize(
    "use",
    [
        lambda files, text: CompactTextEncoder(files, text, MACHINE).encode_queries(["a"]),
        lambda files, text: CompactTextEncoder(files, text, MACHINE).encode_passages(["a"]),
        lambda files, text: CompactImageEncoder(files, text, MACHINE).encode_texts(["a"]),
        lambda files, text: CompactQueryClassifier(files, text).measure_oddness("a"),
    ],
)
def test_the_weights_of_another_package_are_hashed(tmp_path, monkeypatch, use):
    weights = shutil.copy(e5.find_weights(), tmp_path / "e5.bin")
    damage(weights)
    monkeypatch.setattr(e5, "find_weights", lambda: weights)
    files = CompactFiles()
    with pytest.raises(ModelError, match=r"e5\.bin is damaged: its SHA-256 is wrong\. Reinstall crossmodal\."):
        use(files, open_e5(files, MACHINE))


@pytest.mark.parametrize("name", ["bank.npy", "reference.npy"])
def test_fixed_sets_are_hashed(tmp_path, name):
    folder = shutil.copytree(CompactFiles()._folder, tmp_path / "compact")
    damage(folder / name)
    files = CompactFiles(folder)
    encoder = CompactImageEncoder(files, open_e5(files, MACHINE), MACHINE)
    with pytest.raises(ModelError, match=rf"{name} is damaged: its SHA-256 is wrong"):
        getattr(encoder, name.removesuffix(".npy"))


@pytest.mark.parametrize("name", ["passages.onnx", "smoothing.npy", "large.npy"])
def test_the_graph_of_passages_is_hashed(tmp_path, name):
    folder = shutil.copytree(CompactFiles()._folder, tmp_path / "compact")
    damage(folder / name)
    files = CompactFiles(folder)
    encoder = CompactTextEncoder(files, open_e5(files, MACHINE), MACHINE)
    assert encoder.encode_queries(["a"]).shape == (1, 384)
    with pytest.raises(ModelError, match=rf"{name} is damaged: its SHA-256 is wrong"):
        encoder.encode_passages(["a"])


def test_the_model_card_is_what_the_build_writes():
    folder = CompactFiles()._folder
    assert (folder / "README.md").read_text(encoding="utf-8") == format_model_card(folder)
