"""Rewrite the image encoder so that its convolutions pad their inputs: `python -m training.compact.padding`.

The backbone pads as TensorFlow does, with a size that the exported graph computes from the image. ONNX Runtime runs
such a padding in float32, between two conversions, which takes a third of the time of the model. The input has a fixed
size, so each padding is an attribute of its convolution here, and the first convolution takes the pixels as they are:
the scale of its input makes them the same integers. The vectors are bit for bit the same, so the embedding space stays
the same, too.
"""

import json
from pathlib import Path
from typing import Any

import click
import numpy as np

from search.encoders.compact.files import FOLDER, hash_file
from search.encoders.onnx import open_session
from search.media.image.pillow import cut_views, make_noise
from search.records import Vectors
from training.compact.model_card import write_model_card
from training.compact.network import SIDE, ZOOM

# The number of images on which the vectors of both graphs are compared.
COMPARED = 8
# The operators between the pixels and the first padding. They subtract 127 and divide by 128; the conversion to 8 bits
# after the padding has the scale 1/128 and the zero point 127.
FROM_PIXELS = ["Div", "Sub", "Cast", "Transpose"]


def fold_padding(model: Any, side: int) -> None:
    """Replace every padding of a quantized graph by an attribute of the convolution that follows.

    Args:
        model: The ONNX model, changed in place.
        side: The height and width of the images in pixels.

    Raises:
        ValueError: The graph has another structure.
    """
    from onnx import helper

    graph = model.graph
    for padding in [node for node in graph.node if node.op_type == "Pad"]:
        quantize, dequantize, convolution = _follow(graph, padding)
        attributes = {attribute.name: attribute for attribute in convolution.attribute}
        kernel, stride = attributes["kernel_shape"].ints[0], attributes["strides"].ints[0]
        outputs = -(-side // stride)
        total = max((outputs - 1) * stride + kernel - side, 0)
        attributes["pads"].ints[:] = [total // 2] * 2 + [total - total // 2] * 2
        side = outputs
        before = _find_producer(graph, padding.input[0])
        if before.op_type == "DequantizeLinear":
            if _read_scale(graph, before) != _read_scale(graph, quantize):
                raise ValueError(f"{padding.name} changes the scale")
            dequantize.input[0] = before.input[0]
        else:
            if _list_chain(graph, before) != FROM_PIXELS or _read_scale(graph, quantize) != (1 / 128, 127):
                raise ValueError(f"{padding.name} does not follow the pixels")
            graph.node.insert(0, helper.make_node("Transpose", ["pixels"], ["channels"], perm=[0, 3, 1, 2]))
            dequantize.input[0] = "channels"
    _remove_unused(graph)


def _follow(graph: Any, padding: Any) -> list[Any]:
    """Return the nodes after a padding up to its convolution. Raises ValueError if they are not as expected."""
    nodes, name = [], padding.output[0]
    for kind in ("QuantizeLinear", "DequantizeLinear", "Conv"):
        consumers = [node for node in graph.node if name in node.input]
        if [node.op_type for node in consumers] != [kind]:
            raise ValueError(f"{padding.name} is not followed by one {kind}")
        nodes.append(consumers[0])
        name = consumers[0].output[0]
    return nodes


def _find_producer(graph: Any, name: str) -> Any:
    return next((node for node in graph.node if name in node.output), None)


def _list_chain(graph: Any, node: Any) -> list[str]:
    """Return the operators from a node back to the pixels."""
    kinds = []
    while node is not None:
        kinds.append(str(node.op_type))
        node = _find_producer(graph, node.input[0])
    return kinds


def _read_scale(graph: Any, node: Any) -> tuple[float, int]:
    """Return the scale and the zero point of a conversion."""
    from onnx import numpy_helper

    values = {tensor.name: tensor for tensor in graph.initializer}
    scale, zero = (numpy_helper.to_array(values[name]).item() for name in node.input[1:3])
    return float(scale), int(zero)


def _remove_unused(graph: Any) -> None:
    """Remove the nodes and constants that no output depends on."""
    outputs = {output.name for output in graph.output}
    while True:
        used = outputs.union(*(node.input for node in graph.node))
        unused = [node for node in graph.node if used.isdisjoint(node.output)]
        if not unused:
            break
        for node in unused:
            graph.node.remove(node)
    for tensor in [tensor for tensor in graph.initializer if tensor.name not in used]:
        graph.initializer.remove(tensor)


def embed_noise(path: Path) -> Vectors:
    """Return the vectors of the views of noise images, as the graph of a file computes them; shape (n, d)."""
    views = np.concatenate([cut_views(image, SIDE, ZOOM) for image in make_noise(COMPARED)])
    rows: Vectors = open_session(path, 1, is_7_bit=True).run(None, {"pixels": views})[0]
    return rows


@click.command()
@click.option("--out", default=FOLDER, type=click.Path(path_type=Path, exists=True, file_okay=False))
def main(out: Path) -> None:
    """Rewrite the image encoder of the package data, which keeps its embedding space."""
    import onnx

    path, manifest_file = out / "image.onnx", out / "manifest.json"
    before, vectors = hash_file(path), embed_noise(path)
    model = onnx.load(path)
    fold_padding(model, SIDE)
    onnx.save(model, path)
    if not np.array_equal(embed_noise(path), vectors):
        raise click.ClickException("The vectors differ. Restore image.onnx.")
    manifest = json.loads(manifest_file.read_text(encoding="utf-8"))
    manifest.setdefault("same_vectors", {}).setdefault("image.onnx", before)
    manifest["sha256"]["image.onnx"] = hash_file(path)
    manifest_file.write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    write_model_card(out)


if __name__ == "__main__":
    main()
