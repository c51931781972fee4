"""The 8-bit graph of the text encoder, for passages.

It differs from the exact graph where that makes it faster:

- Matrices are multiplied in 8 bits. The few channels with large numbers stay in float32.
- A run is one window without padding, so attention needs no mask.
- Layers are normalized by an operator that ONNX Runtime computes with vector instructions. That operator does not exist
  fused with the sum before it, but it takes a tenth of the time of the fused one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from search.encoders.compact.e5 import INNER, LAYERS, E5Weights
from search.encoders.compact.graph import (
    FUSED,
    MATRICES,
    GraphBuilder,
    add_layers,
    list_initializers,
    save_text_graph,
    stack_matrix,
)
from search.records import Ids, Vectors

# The matrices whose inputs are smoothed: the numbers of a channel are divided by a factor and its weights multiplied by
# it, so that a channel with large numbers does not make the others inexact (SmoothQuant; Xiao et al., ICML 2023).
SMOOTHED = ("attend", "widen")
# The matrix whose inputs vary too much for that. The channels with the largest numbers are multiplied in float32
# (LLM.int8(); Dettmers et al., NeurIPS 2022).
SPLIT = "narrow"
LARGE_CHANNELS = 16
# Every int8 weight is at most this: the sum of two products fits into 16 bits, as processors without VNNI need.
MAX_WEIGHT = 63


@dataclass(frozen=True)
class Calibration:
    """What was measured on sample passages to choose the 8-bit weights.

    Attributes:
        smoothing: The factors of the channels of `SMOOTHED`, shape (12, 2, 384), float32.
        large: The channels of `SPLIT` with the largest numbers, shape (12, 16), integers from 0 to 1535.
    """

    smoothing: Vectors
    large: Ids


def list_quantized_initializers(weights: E5Weights, calibration: Calibration) -> dict[str, Any]:
    """Return the external tensors of the graph by name.

    Args:
        weights: The weights of the package.
        calibration: How the weights are quantized.
    """
    tensors = list_initializers(weights)
    for layer in range(LAYERS):
        for name in MATRICES:
            matrix = stack_matrix(weights, layer, name)
            factors = calibration.smoothing[layer, SMOOTHED.index(name)] if name in SMOOTHED else None
            if name == SPLIT:
                order = order_channels(calibration.large[layer])
                tensors[f"{layer}.{name}.large"] = np.ascontiguousarray(matrix[:, order[:LARGE_CHANNELS]].T)
                matrix = matrix[:, order[LARGE_CHANNELS:]]
            elif name == "widen":
                # The outputs in the order in which `narrow` takes them.
                order = order_channels(calibration.large[layer])
                matrix = matrix[order]
                tensors[f"{layer}.{name}.bias"] = np.ascontiguousarray(tensors[f"{layer}.{name}.bias"][order])
            arrays = _quantize(matrix, factors)
            tensors |= {f"{layer}.{name}.{key}": array for key, array in arrays.items()}
    return tensors


def order_channels(large: Ids) -> Ids:
    """Return all channels between `widen` and `narrow`, shape (1536,): the large ones first."""
    return np.concatenate([large.astype(np.int64), np.setdiff1d(np.arange(INNER), large)])


def build_quantized_graph(weights: E5Weights, calibration: Calibration) -> bytes:
    """Build the graph. Only used to write the package data; needs the `onnx` package.

    The input is `words`, the token embeddings of shape (n, l, 384), float32. The output is `vectors`, the mean-pooled
    vectors of shape (n, 384), float32, unit length.

    Args:
        weights: The weights of the package.
        calibration: How the weights are quantized.

    Returns:
        The serialized ONNX model.
    """
    build = _QuantizedBuilder(list_quantized_initializers(weights, calibration))
    state = add_layers(build, mask=None)
    total = build.add("ReduceSum", [state, build.integers("one", [1])], keepdims=0)
    return save_text_graph(build, total, mask=None)


def _quantize(matrix: Vectors, factors: Vectors | None) -> dict[str, Any]:
    """Return a matrix in 8 bits with a scale per output, transposed, and what its inputs are multiplied by."""
    arrays: dict[str, Any] = {}
    if factors is not None:
        matrix = matrix * factors
        arrays["smoothing"] = (1 / factors).astype(np.float32)
    scales = (np.abs(matrix).max(1) / MAX_WEIGHT).astype(np.float32)
    arrays["weight"] = np.ascontiguousarray(np.rint(matrix / scales[:, None]).astype(np.int8).T)
    return arrays | {"scale": scales}


class _QuantizedBuilder(GraphBuilder):
    def multiply(self, state: str, name: str, width: int) -> str:
        if f"{name}.smoothing" in self.tensors:
            state = self.add("Mul", [state, f"{name}.smoothing"])
        if f"{name}.large" not in self.tensors:
            return self._multiply_in_8_bits(state, name)
        sizes = self.integers(f"{name}.sizes", [LARGE_CHANNELS, width - LARGE_CHANNELS])
        large, small = self.split([state, sizes], 2)
        return self.add("Add", [self.add("MatMul", [large, f"{name}.large"]), self._multiply_in_8_bits(small, name)])

    def normalize(self, state: str, skip: str, name: str, bias: str | None) -> str:
        terms: Sequence[str] = [skip] + ([bias] if bias else [])
        for term in terms:
            state = self.add("Add", [state, term])
        return self.add("LayerNormalization", [state, f"{name}.scale", f"{name}.bias"], axis=-1, epsilon=1e-12)

    def _multiply_in_8_bits(self, state: str, name: str) -> str:
        return self.add("DynamicQuantizeMatMul", [state, f"{name}.weight", f"{name}.scale"], domain=FUSED)
