"""Texts are embedded without padding, which changes no vector."""

from pathlib import Path

import numpy as np
import pytest

from search.encoders.open_clip.imports import import_open_clip, import_torch
from search.encoders.open_clip.loading import find_source
from search.encoders.open_clip.towers import TorchTowers
from tests.support.checkpoints import list_texts, make_tiny, make_xlm_roberta

pytestmark = pytest.mark.slow
TEXTS = ["a dog", "!", "", "the red flower! !", "word " * 40]
CAUSAL = {"context_length": 16, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2}
OPEN = CAUSAL | {"no_causal_mask": True, "pool_type": "last"}


@pytest.fixture(scope="module")
def towers(tmp_path_factory):
    return TorchTowers(find_source(make_tiny(tmp_path_factory.mktemp("tiny")), Path()), "fp32", ["cpu"], 2)


@pytest.fixture(scope="module")
def many_tongued(tmp_path_factory):
    folder = tmp_path_factory.mktemp("xlm")
    return TorchTowers(find_source(make_xlm_roberta(folder, list(list_texts()), 64, 2), Path()), "fp32", ["cpu"], 2)


def measure_reach(path, tokens):
    """Run an exported tower; give how many tokens its first layer saw."""
    import onnx
    import onnxruntime

    model = onnx.load(path)
    states = next(node.output[0] for node in model.graph.node if node.op_type == "LayerNormalization")
    model.graph.output.append(onnx.ValueInfoProto(name=states))
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run([states], {"tokens": tokens})[0].shape[1]


def watch_lengths(transformer):
    seen = []
    transformer.register_forward_pre_hook(lambda _, given: seen.append(given[0].shape[1]))
    return seen


# By each text, with where it begins and where it ends.
REACHES = [("towers", [4, 3, 2, 7, 16]), ("many_tongued", [5, 3, 2, 10, 77])]


@pytest.mark.parametrize(("made", "reaches"), REACHES)
def test_a_text_is_embedded_as_far_as_it_reaches_and_its_vector_stays(made, reaches, request):
    torch = import_torch()
    towers = request.getfixturevalue(made)
    tokens = towers.tokenizer(TEXTS)
    with torch.inference_mode():
        exact = towers.module.encode_text(tokens, normalize=True).numpy()
    np.testing.assert_allclose(towers.encode_texts(TEXTS), exact, atol=1e-6)
    tower = getattr(towers.module, "text", towers.module).transformer
    seen = watch_lengths(tower.encoder.layer[0] if made == "many_tongued" else tower)
    for text, row in zip(TEXTS, exact, strict=True):
        np.testing.assert_allclose(towers.encode_texts([text])[0], row, atol=1e-6)
    assert seen == reaches


@pytest.mark.parametrize(
    ("settings", "is_causal"), [(CAUSAL, True), (OPEN, False), (CAUSAL | {"embed_cls": True}, False)]
)
def test_a_tower_that_sees_the_padding_receives_it(settings, is_causal):
    from search.encoders.open_clip.texts import CausalTextModule, choose_text_module

    open_clip, torch = import_open_clip(), import_torch()
    vision = {"image_size": 32, "layers": 1, "width": 64, "head_width": 32, "patch_size": 8}
    model = open_clip.CustomTextCLIP(32, vision, settings).eval()
    texts = choose_text_module(model)
    assert isinstance(texts, CausalTextModule) is is_causal
    tokens = open_clip.SimpleTokenizer(context_length=16)(TEXTS)
    with torch.inference_mode():
        exact = model.encode_text(tokens, normalize=True)
        np.testing.assert_allclose(texts(tokens), exact, atol=1e-6)


@pytest.mark.parametrize(("made", "reaches"), REACHES)
def test_an_exported_tower_is_run_as_far_as_its_texts_reach(made, reaches, request, tmp_path):
    from search.encoders.open_clip.export import _export_texts
    from search.encoders.open_clip.exported import ExportedTexts

    towers = request.getfixturevalue(made)
    _export_texts(towers, tmp_path / "text.onnx")
    exported = ExportedTexts(tmp_path / "text.onnx", 1)
    exact = towers.encode_texts(TEXTS)
    tokens = towers.tokenizer(TEXTS).numpy()
    np.testing.assert_allclose(exported.encode(tokens), exact, atol=1e-5)
    for number, row in enumerate(exact):
        np.testing.assert_allclose(exported.encode(tokens[number : number + 1])[0], row, atol=1e-5)
    alone = [measure_reach(tmp_path / "text.onnx", tokens[number : number + 1]) for number in range(len(TEXTS))]
    assert alone == reaches
    assert measure_reach(tmp_path / "text.onnx", tokens) == max(reaches)
