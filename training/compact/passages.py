"""Write the graph of the text encoder that embeds passages: `python -m training.compact.passages --data DIR`.

The channels that are smoothed, and those with large numbers, are measured on training captions and on sentences in six
languages. Needs the `clip` extra.
"""

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import click
import numpy as np

from search.encoders.compact.e5 import LAYERS, WIDTH, E5Weights, find_weights
from search.encoders.compact.files import FOLDER, LARGE, PASSAGE_GRAPH, SMOOTHING, hash_file
from search.encoders.compact.graph import build_text_graph, list_initializers, stack_matrix
from search.encoders.compact.quantized import LARGE_CHANNELS, SMOOTHED, SPLIT, Calibration, build_quantized_graph
from search.records import Ids, Vectors
from training.compact.data import SENTENCES_FILE, read_captioned
from training.compact.model_card import write_model_card

# How many passages of captions are measured, and how many captions each has.
PASSAGES, CAPTIONS_EACH = 40, 12
# The least absolute value of a channel and of its weights that is used for its factor.
MIN_MAGNITUDE, MIN_WEIGHT = 1e-3, 1e-4


def write_passage_graph(folder: Path, captions: Sequence[str]) -> None:
    """Write the graph for passages and its factors into the folder of the model, and their hashes into its manifest.

    Args:
        folder: The folder of the package data, with its manifest.
        captions: Captions to measure the channels on.
    """
    weights = E5Weights(find_weights())
    calibration = calibrate(weights, list_passages(captions))
    (folder / PASSAGE_GRAPH).write_bytes(build_quantized_graph(weights, calibration))
    np.save(folder / SMOOTHING, calibration.smoothing)
    np.save(folder / LARGE, calibration.large)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["sha256"] |= {name: hash_file(folder / name) for name in (PASSAGE_GRAPH, SMOOTHING, LARGE)}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    write_model_card(folder)


def list_passages(captions: Sequence[str]) -> list[str]:
    """Return passages of several captions each, and the sentences of each language."""
    starts = range(0, PASSAGES * CAPTIONS_EACH, CAPTIONS_EACH)
    passages = [" ".join(captions[start : start + CAPTIONS_EACH]) for start in starts]
    sentences: dict[str, list[str]] = {}
    with SENTENCES_FILE.open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream, delimiter="\t"):
            sentences.setdefault(row["language"], []).append(row["sentence"].format("2024"))
    return [*passages, *map(" ".join, sentences.values())]


def calibrate(weights: E5Weights, passages: Sequence[str]) -> Calibration:
    """Return how the weights are quantized.

    A factor is the square root of the largest number of a channel divided by its largest weight (SmoothQuant with an
    alpha of one half).
    """
    names = (*SMOOTHED, SPLIT)
    largest = measure_largest(weights, passages, [f"{layer}.{name}" for layer in range(LAYERS) for name in names])
    smoothing = np.empty((LAYERS, len(SMOOTHED), WIDTH), np.float32)
    large = np.empty((LAYERS, LARGE_CHANNELS), np.int16)
    for layer in range(LAYERS):
        for index, name in enumerate(SMOOTHED):
            weight = np.abs(stack_matrix(weights, layer, name)).max(0)
            magnitude = np.maximum(largest[f"{layer}.{name}"], MIN_MAGNITUDE)
            smoothing[layer, index] = np.sqrt(magnitude / np.maximum(weight, MIN_WEIGHT))
        large[layer] = np.sort(np.argsort(-largest[f"{layer}.{SPLIT}"], kind="stable")[:LARGE_CHANNELS])
    return Calibration(smoothing.astype(np.float16).astype(np.float32), large)


def measure_largest(weights: E5Weights, passages: Sequence[str], names: Sequence[str]) -> dict[str, Vectors]:
    """Return the largest absolute number of each channel that matrices are multiplied with, in the exact graph.

    Args:
        weights: The weights of the package.
        passages: The passages to embed.
        names: The names of the matrices in the graph.

    Returns:
        By the name of a matrix, shape (inputs,).
    """
    import onnx
    import onnxruntime

    model = onnx.load_from_string(build_text_graph(weights))
    products = {node.input[1]: node.input[0] for node in model.graph.node if node.op_type == "MatMulNBits"}
    inputs = [products[f"{name}.weight"] for name in names]
    model.graph.output.extend(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in inputs)
    tensors = list_initializers(weights)
    options = onnxruntime.SessionOptions()
    values = [onnxruntime.OrtValue.ortvalue_from_numpy(array) for array in tensors.values()]
    options.add_external_initializers(list(tensors), values)
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    largest: dict[str, Vectors] = {}
    for passage in passages:
        ids: Ids = np.array(weights.cut_windows(passage, "passage: ")[:1], np.int64)
        feeds = {"words": weights.read_words(ids), "mask": np.ones(ids.shape, np.int32)}
        for name, state in zip(names, session.run(inputs, feeds), strict=True):
            row = np.abs(state[0]).max(0)
            largest[name] = np.maximum(largest.get(name, row), row)
    return largest


@click.command()
@click.option("--data", required=True, type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--out", default=FOLDER, type=click.Path(path_type=Path, exists=True, file_okay=False))
def main(data: Path, out: Path) -> None:
    """Write the graph for passages into the package data."""
    write_passage_graph(out, [caption for group in read_captioned(data, "train").captions for caption in group])


if __name__ == "__main__":
    main()
