"""Any open_clip model is found by its name, loaded by its configuration, and has the vectors of open_clip."""

import itertools
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.equality import compare
from search.encoders.manifest import find_folder
from search.encoders.open_clip.encoder import OpenClipImageEncoder
from search.encoders.open_clip.loading import find_preprocess, find_source
from search.encoders.registry import guess_retriever, read_manifest
from search.encoders.runtime import Machine
from search.errors import ModelError
from search.records import Retriever
from tests.support.checkpoints import (
    list_texts,
    make_checkpoint,
    make_siglip,
    make_tiny,
    make_xlm_roberta,
    train_tokenizer,
)

pytestmark = pytest.mark.slow
MACHINE = Machine(2)


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def photos(demo, tmp_path_factory) -> list[Path]:
    """Real photographs, some of them large enough to be decoded at a smaller scale, some held sideways."""
    from PIL import Image

    folder = tmp_path_factory.mktemp("photos")
    found = sorted(demo.rglob("*.jpg"))
    for number, path in enumerate(found[:3]):
        image = Image.open(path)
        exif = Image.Exif()
        exif[0x0112] = 6
        large = image.resize((image.width * 5, image.height * 5), Image.Resampling.LANCZOS)
        large.save(folder / f"{number}.jpg", quality=92, exif=exif)
        found.append(folder / f"{number}.jpg")
    return found


@pytest.mark.parametrize(
    "architecture",
    [
        "ViT-B-32",
        "xlm-roberta-base-ViT-B-32",
        # These take minutes on processors without bfloat16.
        pytest.param("MobileCLIP2-S0", marks=pytest.mark.soak),
        pytest.param("ViT-B-16-SigLIP2", marks=pytest.mark.soak),
    ],
)
def test_our_vectors_are_open_clips_own(models, photos, architecture):
    texts = (*list_texts()[:12], *list_texts()[-8:])
    if "SigLIP2" in architecture:
        (models / "siglip").mkdir()
        name = make_siglip(models / "siglip", list(texts))
    elif "xlm" in architecture:
        name = make_xlm_roberta(models / "xlm", list(texts), layers=3)
    else:
        name = make_checkpoint(architecture, models)
    found = compare(name, models, photos, texts)
    assert found["texts_differ"] < 1e-3
    assert found["full_differ"] < 1e-3
    # Large JPEGs are decoded at a smaller scale, which changes the image slightly.
    assert found["draft_cosine"] > 0.995


def test_a_name_resolves_to_an_installed_model_or_explains_what_to_do(models, tmp_path):
    with pytest.raises(ModelError, match="models get ViT-B-32/laion2b_s34b_b79k"):
        find_source("ViT-B-32/laion2b_s34b_b79k", tmp_path)
    with pytest.raises(ModelError, match="no architecture 'ViT-Z-99'"):
        find_source("ViT-Z-99/x", tmp_path)
    with pytest.raises(ModelError, match="has no weights 'nonsense'"):
        find_source("ViT-B-32/nonsense", tmp_path)
    with pytest.raises(ModelError, match="is not a file"):
        find_source("ViT-B-32//nowhere/x.pt", tmp_path)
    make_tiny(tmp_path / "bare")
    (tmp_path / "bare/open_clip_model.safetensors").unlink()
    with pytest.raises(ModelError, match="contains no weights"):
        find_source(f"local-dir:{tmp_path / 'bare'}", tmp_path)


def test_the_image_transform_is_read_from_the_published_configuration():
    assert find_preprocess("ViT-B-16-SigLIP2")["resize_mode"] == "squash"
    assert find_preprocess("MobileCLIP2-S0")["interpolation"] == "bilinear"
    with pytest.raises(ModelError, match="depends on the weights"):
        find_preprocess("ViT-L-14")


def test_damaged_weights_are_named(tmp_path):
    (tmp_path / "bad.pt").write_bytes(b"no weights at all")
    with pytest.raises(ModelError, match=r"bad\.pt cannot be loaded as ViT-B-32"):
        read_manifest(f"ViT-B-32/{tmp_path / 'bad.pt'}", Retriever.VISUAL, tmp_path, MACHINE)


def test_weights_that_were_exchanged_are_refused(tmp_path):
    name = make_tiny(tmp_path / "tiny")
    read_manifest(name, Retriever.VISUAL, tmp_path, MACHINE)
    make_tiny(tmp_path / "tiny", seed=8)
    manifest = read_manifest(name, Retriever.VISUAL, tmp_path, MACHINE)
    encoder = OpenClipImageEncoder(manifest, find_folder(tmp_path, name), tmp_path, MACHINE)
    with pytest.raises(ModelError, match="changed since this home was indexed"):
        encoder.encode_texts(["a dog"])


def test_several_devices_share_the_images(tmp_path):
    from search.encoders.open_clip.towers import TorchTowers

    source = find_source(make_tiny(tmp_path / "tiny"), tmp_path)
    pixels = np.random.default_rng(0).integers(0, 256, (37, 32, 32, 3)).astype(np.uint8)
    one = TorchTowers(source, "fp32", ["cpu"], 2).encode_pixels(pixels)
    two = TorchTowers(source, "fp32", ["cpu", "cpu"], 2).encode_pixels(pixels)
    np.testing.assert_allclose(one, two, atol=1e-6)


def test_a_missing_device_is_refused():
    from search.encoders.open_clip.imports import choose_devices, import_torch

    if import_torch().cuda.is_available():
        pytest.skip("there is a GPU")
    assert choose_devices("auto") == ["cpu"]
    with pytest.raises(ModelError, match="finds no CUDA device"):
        choose_devices("cuda:1")


def test_the_role_of_a_model_is_inferred_from_its_name(tmp_path):
    assert guess_retriever("ViT-B-32/openai") is Retriever.VISUAL
    assert guess_retriever(f"local-dir:{tmp_path}") is Retriever.VISUAL
    assert guess_retriever("multilingual-e5-small") is Retriever.SEMANTIC
    assert guess_retriever("large-v3") is None
    assert guess_retriever("openai-whisper:base") is None
    with pytest.raises(ModelError, match="--role"):
        guess_retriever("whatever")
    with pytest.raises(ModelError, match="Did you mean compact/flickr8k"):
        guess_retriever("compact")


@pytest.mark.parametrize("name", ["ViT-B-32", "MobileCLIP2-S0", "a folder"])
def test_a_tokenizer_that_is_written_down_cuts_texts_as_open_clip_does(name, tmp_path):
    from search.encoders.open_clip.imports import import_open_clip
    from search.encoders.open_clip.tokenizer_export import UNUSUAL_TEXTS, ExportedTokenizer, write_tokenizer

    if name == "a folder":
        # As SigLIP's are: by transformers, texts without punctuation.
        source = tmp_path / "source"
        source.mkdir()
        train_tokenizer(source, list(list_texts()))
        tokenizer = import_open_clip().tokenizer.HFTokenizer(str(source), context_length=64, clean="canonicalize")
    else:
        tokenizer = import_open_clip().get_tokenizer(name)
    wording = ExportedTokenizer(tmp_path, write_tokenizer(tokenizer, tmp_path))
    texts = [
        *UNUSUAL_TEXTS,
        *(f"{a} {b}" for a, b in itertools.permutations(("Ünï", "c0de’s", "…", "<b>", "日本", "x_y"), 2)),
    ]
    np.testing.assert_array_equal(wording(texts), tokenizer(texts).numpy())


def test_a_tokenizer_that_cannot_be_written_down_is_not(tmp_path):
    from search.encoders.open_clip.tokenizer_export import write_tokenizer

    class Other:
        def __call__(self, texts):
            raise AssertionError

    assert write_tokenizer(Other(), tmp_path) == {}
    assert not list(tmp_path.iterdir())


def test_onnx_runs_on_the_device_that_it_was_measured_on_and_only_there(models, monkeypatch, tmp_path):
    """The providers of ONNX Runtime are invented, since there is no GPU."""
    import onnxruntime

    from search.encoders.onnx import list_providers
    from search.encoders.open_clip.encoder import load_towers
    from search.encoders.open_clip.towers import TorchTowers

    assert list_providers("cpu") == ["CPUExecutionProvider"]
    with pytest.raises(ModelError, match="onnxruntime-gpu"):
        list_providers("cuda")
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider"])
    assert list_providers("cuda:1")[0] == ("CUDAExecutionProvider", {"device_id": 1})
    manifest = read_manifest(make_tiny(tmp_path / "tiny"), Retriever.VISUAL, tmp_path, MACHINE)
    elsewhere = replace(manifest, runtime="onnx-fp16", device="cuda")
    assert elsewhere.is_exported_for("cuda:1")
    assert not elsewhere.is_exported_for("cpu")
    assert isinstance(load_towers(elsewhere, find_folder(tmp_path, manifest.name), tmp_path, MACHINE), TorchTowers)


def test_the_threads_that_embed_leave_the_others_theirs(tmp_path):
    from search.encoders.open_clip.imports import import_torch
    from search.encoders.open_clip.threads import make_streams

    torch = import_torch()
    before = torch.get_num_threads()
    try:
        streams = make_streams(3)
        assert set(streams.run(lambda _: torch.get_num_threads(), range(20))) == {1}
        assert torch.get_num_threads() == 3
        found = []
        other = threading.Thread(target=lambda: found.append(torch.get_num_threads()))
        other.start()
        other.join()
        assert found == [3]
    finally:
        torch.set_num_threads(before)
