"""Towers of every architecture are exported to graphs with the same vectors, in every precision."""

from pathlib import Path

import numpy as np
import pytest

from search.encoders.onnx import find_external_data, open_session, quantize_graph, weigh_graph
from search.encoders.open_clip.export import _export_images, _export_texts
from search.encoders.open_clip.exported import ExportedTexts
from search.encoders.open_clip.imports import import_torch
from search.encoders.open_clip.loading import find_source
from search.encoders.open_clip.towers import TorchTowers
from tests.support.checkpoints import TINY_COCA, TINY_RESNET, list_texts, make_tiny, make_xlm_roberta

pytestmark = pytest.mark.slow
NEAR = {"fp32": 1e-5, "fp16": 1e-2, "int8-dynamic": 0.1, "int8-static": 0.1}


def make_resnet(folder):
    return make_tiny(folder, model=TINY_RESNET)


def make_coca(folder):
    return make_tiny(folder, model=TINY_COCA)


def make_xlm(folder):
    return make_xlm_roberta(folder, list(list_texts()), 64, 1)


@pytest.mark.parametrize(
    ("make", "is_large"), [(make_resnet, False), (make_coca, False), (make_xlm, False), (make_xlm, True)]
)
def test_a_model_of_any_make_is_exported_as_open_clip_runs_it(make, is_large, tmp_path, monkeypatch):
    torch = import_torch()
    towers = TorchTowers(find_source(make(tmp_path), Path()), "fp32", ["cpu"], 2)
    side = towers.preprocess["size"]
    shape = (side, side) if isinstance(side, int) else side
    pixels = np.random.default_rng(0).integers(0, 256, (8, *shape, 3)).astype(np.uint8)
    ready = (torch.from_numpy(pixels).permute(0, 3, 1, 2) - towers.mean) / towers.std
    tokens = towers.tokenizer(["a dog", "two red flowers in the snow", "word " * 90])
    with torch.inference_mode():
        seen = towers.module.encode_image(ready, normalize=True).numpy()
        expected = towers.module.encode_text(tokens, normalize=True).numpy()
    np.testing.assert_allclose(towers.encode_pixels(pixels), seen, atol=1e-5)
    (tmp_path / ".graph-of-one-that-was-killed").mkdir()
    if is_large:
        monkeypatch.setattr("search.encoders.onnx.MAX_GRAPH_BYTES", 1000)
    _export_texts(towers, tmp_path / "text.onnx")
    texts = ExportedTexts(tmp_path / "text.onnx", 1)
    np.testing.assert_allclose(texts.encode(tokens.numpy()), expected, atol=1e-5)
    np.testing.assert_allclose(texts.encode(tokens[:1].numpy()), expected[:1], atol=1e-5)
    _export_images(towers, tmp_path / "fp32.onnx", shape)
    for precision, nearness in NEAR.items():
        path = tmp_path / f"{precision}.onnx"
        if precision != "fp32":
            quantize_graph(tmp_path / "fp32.onnx", path, precision, [{"pixels": pixels}])
        rows = open_session(path, 1, is_half=precision == "fp16").run(None, {"pixels": pixels})[0]
        np.testing.assert_allclose(rows, seen, atol=nearness)
        # Only a large model has a second file, with its weights.
        assert find_external_data(path).exists() is is_large
        assert weigh_graph(path) > 10_000
    kept = {"text.onnx", *(f"{precision}.onnx" for precision in NEAR)}
    assert {one.name.removesuffix(".data") for one in tmp_path.iterdir() if ".onnx" in one.name} == kept
    assert not [one for one in tmp_path.iterdir() if "graph" in one.name]
