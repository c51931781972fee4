"""Measure how many passages a second the bundled text encoder embeds, against its floor and against the exact graph.

    PYTHONPATH=. python benchmarks/passages.py [--passages 64] [--rounds 5] [FILE.txt ...]

The texts of the files, or the documentation of the project, are cut into passages of 83 words. The exact graph runs
batches of 32 passages, as it did for all passages before the graph for passages was made. There are two floors: the
time of the multiplications alone, as numpy multiplies float32 matrices of the same shapes on as many threads, and as
ONNX Runtime multiplies 8-bit matrices, a passage on each thread (needs the package `onnx`). Rounds of all alternate;
each figure is the median of five rounds. Other programs change the processor time less than the passages a second.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from search.encoders.compact.e5 import HEADS, INNER, LAYERS, WIDTH
from search.encoders.compact.files import CompactFiles, normalize
from search.encoders.compact.towers import CompactTextEncoder, open_e5
from search.encoders.parallel import ParallelStreams
from search.encoders.runtime import Machine
from search.settings import count_cores

WORDS, PASSAGES, ROUNDS = 83, 64, 5
# The inputs and outputs of the matrices of a layer.
SHAPES = ((WIDTH, 3 * WIDTH), (WIDTH, WIDTH), (WIDTH, INNER), (INNER, WIDTH))


def read_passages(files: Sequence[Path], count: int = PASSAGES) -> list[str]:
    """Return passages from all over the texts."""
    words = " ".join(file.read_text(encoding="utf-8") for file in files).split()
    starts = np.linspace(0, len(words) - WORDS, count).astype(int).tolist()
    return [" ".join(words[start : start + WORDS]) for start in starts]


def count_products(tokens: int) -> int:
    """Return the multiply-adds of a passage: those with weights, and those of attention."""
    with_weights = tokens * (4 * WIDTH * WIDTH + 2 * WIDTH * INNER)
    return LAYERS * (with_weights + 2 * tokens * tokens * WIDTH)


def multiply(tokens: Sequence[int]) -> Callable[[], None]:
    """Return a function that does the multiplications of all passages."""
    random = np.random.default_rng(0)
    matrices = [random.standard_normal(shape, np.float32) for shape in SHAPES]
    heads = random.standard_normal((HEADS, max(tokens), WIDTH // HEADS), np.float32)

    def run() -> None:
        for count in tokens:
            for matrix in matrices * LAYERS:
                np.ones((count, matrix.shape[0]), np.float32) @ matrix
            part = heads[:, :count]
            for _ in range(LAYERS):
                (part @ part.transpose(0, 2, 1)) @ part

    return run


def multiply_in_8_bits(tokens: Sequence[int], threads: int) -> Callable[[], None]:
    """Return a function that does the multiplications with weights of all passages in 8 bits."""
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    random = np.random.default_rng(0)
    nodes, weights, inputs, outputs = [], [], [], []
    for index, (rows, columns) in enumerate(SHAPES):
        weights.append(numpy_helper.from_array(random.integers(-63, 64, (rows, columns), np.int8), f"w{index}"))
        inputs.append(helper.make_tensor_value_info(f"x{index}", TensorProto.UINT8, ["l", rows]))
        outputs.append(helper.make_tensor_value_info(f"y{index}", TensorProto.INT32, ["l", columns]))
        nodes.append(helper.make_node("MatMulInteger", [f"x{index}", f"w{index}"], [f"y{index}"]))
    graph = helper.make_graph(nodes, "products", inputs, outputs, weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    streams = ParallelStreams(threads)

    def multiply_one(count: int) -> None:
        feeds = {f"x{index}": np.full((count, rows), 100, np.uint8) for index, (rows, _) in enumerate(SHAPES)}
        for _ in range(LAYERS):
            session.run(None, feeds)

    return lambda: streams.run(multiply_one, tokens) and None


@dataclass
class Timing:
    """The seconds of each round, and the seconds of processor time."""

    seconds: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)

    def run(self, call: Callable[[], object], is_counted: bool) -> None:
        """Call and measure."""
        began, began_cpu = time.perf_counter(), time.process_time()
        call()
        if is_counted:
            self.seconds.append(time.perf_counter() - began)
            self.cpu_seconds.append(time.process_time() - began_cpu)


def main() -> None:
    """Print passages a second of each, and how close the vectors are."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path, default=sorted(Path("docs").glob("*.md")))
    parser.add_argument("--passages", type=int, default=PASSAGES)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    passages = read_passages(options.files, options.passages)
    machine, files = Machine(threads=count_cores()), CompactFiles()
    e5 = open_e5(files, machine)
    encoder = CompactTextEncoder(files, e5, machine)
    tokens = [len(window) for passage in passages for window in e5.weights.cut_windows(passage, "passage: ")]
    runs: dict[str, Callable[[], object]] = {
        "float32 products alone": multiply(tokens),
        "8-bit products alone": multiply_in_8_bits(tokens, machine.threads),
        "exact graph": lambda: e5.encode(passages, "passage: "),
        "graph for passages": lambda: encoder.encode_passages(passages),
    }
    timings = {name: Timing() for name in runs}
    for round_number in range(options.rounds + 1):
        for name, run in runs.items():
            timings[name].run(run, is_counted=round_number > 0)  # the first round loads the models
    products = sum(map(count_products, tokens)) / len(passages)
    print(f"{len(passages)} passages of {np.mean(tokens):.0f} tokens, {products / 1e9:.1f} G multiply-adds each")
    for name, timing in timings.items():
        for kind, taken in (("", timing.seconds), ("of a core ", timing.cpu_seconds)):
            rate = len(passages) / statistics.median(taken)
            print(f"{name:24} {rate:6.1f} passages and {products * rate / 1e9:5.0f} G multiply-adds a second {kind}")
    exact = normalize(e5.encode(passages, "passage: ") - files.passage_mean)
    cosines = (encoder.encode_passages(passages) * exact).sum(1)
    print(f"cosine with the exact vectors: {cosines.mean():.4f}, lowest {cosines.min():.4f}")


if __name__ == "__main__":
    main()
