"""Pruned and fused graphs of vision transformers do less work and return the same vectors."""

import copy
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from search.encoders.open_clip.imports import import_open_clip
from search.encoders.open_clip.loading import find_source, load_model
from tests.support.checkpoints import make_tiny

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return find_source(make_tiny(tmp_path_factory.mktemp("tiny")), Path())


@pytest.fixture
def pixels():
    return np.random.default_rng(3).integers(0, 256, (5, 32, 32, 3), dtype=np.uint8)


def make_visual(**settings):
    import_open_clip()
    from open_clip.transformer import VisionTransformer

    shape = {"image_size": 32, "patch_size": 8, "width": 64, "layers": 2, "heads": 2, "mlp_ratio": 4, "output_dim": 32}
    return VisionTransformer(**shape | settings).eval()


def embed(visual, pixels):
    import torch

    with torch.inference_mode():
        return visual(torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255).numpy()


@pytest.mark.parametrize("settings", [{}, {"final_ln_after_pool": True}, {"ls_init_value": 0.1, "layers": 1}])
def test_the_last_block_computes_what_is_pooled_alone_and_the_vectors_stay(pixels, settings):
    from search.encoders.open_clip.pruning import prune_last_block

    visual = make_visual(**settings)
    pruned = copy.deepcopy(visual)
    prune_last_block(pruned)
    seen = []
    pruned.transformer.resblocks[-1].block.mlp.register_forward_hook(lambda _, given, __: seen.append(given[0].shape))
    np.testing.assert_allclose(embed(pruned, pixels), embed(visual, pixels), atol=1e-5)
    assert seen == [(5, 1, 64)]


@pytest.mark.parametrize("settings", [{"pool_type": "avg"}, {"attentional_pool": True}, {"qk_norm": True}])
def test_a_tower_that_needs_all_tokens_keeps_them(pixels, settings):
    from search.encoders.open_clip.pruning import prune_last_block

    visual = make_visual(**settings)
    before = embed(visual, pixels)
    prune_last_block(visual)
    np.testing.assert_array_equal(embed(visual, pixels), before)
    assert "Pooled" not in str(visual)


def test_a_loaded_model_is_pruned(source):
    assert "PooledBlock" in str(load_model(source).visual)


def test_a_fused_tower_returns_the_same_vectors_and_does_not_change_the_original(source, pixels):
    from search.encoders.open_clip.fusion import fuse_visual

    visual = load_model(source).visual
    before = str(visual)
    fused = fuse_visual(visual)
    np.testing.assert_allclose(embed(fused, pixels), embed(visual, pixels), atol=1e-5)
    assert str(visual) == before
    averaged = make_visual(pool_type="avg", no_ln_pre=True, patch_size=7)
    np.testing.assert_allclose(embed(fuse_visual(averaged), pixels), embed(averaged, pixels), atol=1e-5)


def test_a_tower_of_another_make_is_exported_as_it_is():
    from torch import nn

    from search.encoders.open_clip.fusion import fuse_visual

    other = nn.Sequential(nn.Conv2d(3, 4, 8, 8))
    assert fuse_visual(other) is other


def test_a_graph_has_one_operator_for_each_attention_and_no_convolution(source, pixels, tmp_path):
    import onnx

    from search.encoders.onnx import open_session, quantize_graph
    from search.encoders.open_clip.export import _export_images
    from search.encoders.open_clip.towers import TorchTowers

    towers = TorchTowers(source, "fp32", ["cpu"], 2)
    _export_images(towers, tmp_path / "exact.onnx", pixels.shape[1:3])
    operators = Counter(node.op_type for node in onnx.load(tmp_path / "exact.onnx").graph.node)
    assert operators["MultiHeadAttention"] == 2
    assert not operators["Conv"]
    exact = towers.encode_pixels(pixels)
    for precision, nearness in (("fp32", 1e-5), ("fp16", 1e-2), ("int8-dynamic", 5e-2), ("int8-static", 5e-2)):
        path = tmp_path / "exact.onnx"
        if precision != "fp32":
            path = tmp_path / f"{precision}.onnx"
            quantize_graph(tmp_path / "exact.onnx", path, precision, [{"pixels": pixels}])
        session = open_session(path, 1, is_half=precision == "fp16")
        rows = session.run(None, {"pixels": pixels})[0]
        np.testing.assert_allclose(rows, exact, atol=nearness)
        assert precision not in {"int8-dynamic", "int8-static"} or not list_unquantized(onnx.load(path).graph)


def list_unquantized(graph):
    """Return the products that are not taken in eight bits."""
    made_by = {name: node.op_type for node in graph.node for name in node.output}
    products = [node for node in graph.node if node.op_type in {"MatMul", "Gemm"}]
    return [one.name for one in products if {made_by.get(name) for name in one.input[:2]} != {"DequantizeLinear"}]


def test_an_export_shares_the_weights(source):
    from search.encoders.open_clip.fusion import fuse_text_module, fuse_visual
    from search.encoders.open_clip.texts import choose_text_module

    model = load_model(source)
    places = {one.untyped_storage().data_ptr() for one in model.parameters()}
    for fused in (fuse_visual(model.visual), fuse_text_module(choose_text_module(model))):
        assert {one.untyped_storage().data_ptr() for one in fused.parameters()} <= places
