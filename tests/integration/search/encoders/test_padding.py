"""The rewriting of the image encoder that makes padding an attribute of its convolutions."""

import numpy as np
import onnxruntime
import pytest

from search.encoders.compact.files import CompactFiles
from training.compact.padding import fold_padding

onnx = pytest.importorskip("onnx")
SIDE = 11
RANDOM = np.random.default_rng(0)


class Network:
    """Two quantized convolutions of stride 2, padded before each conversion to 8 bits as the backbone is."""

    def __init__(self, second_scale=0.02):
        self.nodes, self.tensors = [], []
        state = self.add("Transpose", "pixels", perm=[0, 3, 1, 2])
        state = self.add("Cast", state, to=onnx.TensorProto.FLOAT)
        state = self.add("Div", self.add("Sub", state, np.float32(127)), np.float32(128))
        # TensorFlow pads a side of 11 by one pixel before and after it, and a side of 6 by one before and two after.
        state = self.convolve(state, [0, 0, 1, 1, 0, 0, 1, 1], (np.float32(1 / 128), np.uint8(127)), kernel=3)
        state = self.convert(self.add("Clip", state, np.float32(0), np.float32(6)), (np.float32(0.02), np.uint8(0)))
        state = self.convolve(state, [0, 0, 1, 1, 0, 0, 2, 2], (np.float32(second_scale), np.uint8(0)), kernel=5)
        self.nodes.append(onnx.helper.make_node("ReduceMean", [state], ["vectors"], keepdims=0))

    def add(self, kind, state, *constants, **attributes):
        names = [f"c{len(self.tensors) + index}" for index in range(len(constants))]
        self.tensors += [
            onnx.numpy_helper.from_array(np.asarray(one), name) for one, name in zip(constants, names, strict=True)
        ]
        self.nodes.append(onnx.helper.make_node(kind, [state, *names], [f"t{len(self.nodes)}"], **attributes))
        return self.nodes[-1].output[0]

    def convert(self, state, scale):
        return self.add("DequantizeLinear", self.add("QuantizeLinear", state, *scale), *scale)

    def convolve(self, state, padding, scale, kernel):
        state = self.convert(self.add("Pad", state, np.array(padding), np.float32(0)), scale)
        weight = RANDOM.normal(size=(3, 3, kernel, kernel)).astype(np.float32)
        return self.add("Conv", state, weight, kernel_shape=[kernel] * 2, strides=[2, 2], pads=[0, 0, 0, 0])

    def build(self):
        info = onnx.helper.make_tensor_value_info
        graph = onnx.helper.make_graph(
            self.nodes,
            "network",
            [info("pixels", onnx.TensorProto.UINT8, ["n", SIDE, SIDE, 3])],
            [info("vectors", onnx.TensorProto.FLOAT, [])],
            self.tensors,
        )
        return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=9)


def run(model):
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    pixels = np.random.default_rng(1).integers(0, 256, (4, SIDE, SIDE, 3), np.uint8)
    return session.run(None, {"pixels": pixels})[0]


def test_padding_moves_into_the_convolutions_and_the_result_stays():
    model = Network().build()
    before = run(model)
    fold_padding(model, SIDE)
    assert not [node for node in model.graph.node if node.op_type in {"Pad", "Cast", "Sub", "Div"}]
    assert run(model) == before


def test_a_padding_that_changes_the_scale_is_refused():
    with pytest.raises(ValueError, match="changes the scale"):
        fold_padding(Network(second_scale=0.03).build(), SIDE)


def test_the_shipped_encoder_has_no_separate_padding_and_its_earlier_embedding_space():
    files = CompactFiles()
    assert not [node for node in onnx.load(files.image_graph).graph.node if node.op_type == "Pad"]
    assert files.image_fingerprint == "c2f666e5ab90c61d"
