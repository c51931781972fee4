"""Run, write and quantize the ONNX graphs of the bundled model and of exported models. Home of onnxruntime."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from search.encoders.parallel import ParallelStreams
from search.errors import ModelError
from search.records import Pixels, Vectors

# How many texts are embedded at once.
TEXT_BATCH = 32
# How many images one thread runs at once, so that the data fits into the CPU cache.
IMAGE_BATCH = 4
# A file is limited to 2 GiB: the weights of a larger graph are stored in a second file next to it.
MAX_GRAPH_BYTES = 2_000_000_000
# The prefix of folders for unfinished graphs.
SCRATCH_PREFIX = ".graph"


class _Memory:
    """How the sessions of this process use memory.

    Attributes:
        keeps_freed: Whether a session keeps the memory that a run has freed, for the next run.
    """

    keeps_freed = True


def return_freed_memory() -> None:
    """Let sessions that are opened from now on return the memory of each run. It costs an encoder 3 % of its time."""
    _Memory.keeps_freed = False


def list_providers(device: str) -> list[Any]:
    """Return the execution providers of a device, best first.

    Args:
        device: `cpu`, `cuda` or `cuda:1`.

    Raises:
        ModelError: The device is a GPU, and the installed ONNX Runtime does not support CUDA.
    """
    if device == "cpu":
        return ["CPUExecutionProvider"]
    import onnxruntime

    if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
        raise ModelError(
            f"--device {device}: the installed ONNX Runtime does not support CUDA. Install onnxruntime-gpu instead, or "
            "use cpu."
        )
    number = int(device.partition(":")[2] or 0)
    return [("CUDAExecutionProvider", {"device_id": number}), "CPUExecutionProvider"]


def open_session(
    path: Path,
    threads: int,
    tensors: dict[str, Any] | None = None,
    is_half: bool = False,
    device: str = "cpu",
    is_7_bit: bool = False,
) -> Any:
    """Return an `onnxruntime.InferenceSession` for an ONNX file.

    Args:
        path: The file.
        threads: The number of threads of one run.
        tensors: Weights that the file does not contain, by name.
        is_half: The graph is in float16.
        device: `cpu`, `cuda` or `cuda:1`.
        is_7_bit: Every int8 weight is between -64 and 64, so that a sum of two products fits into 16 bits.

    Raises:
        ModelError: The installed ONNX Runtime does not support the device.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    options.enable_cpu_mem_arena = _Memory.keeps_freed
    # Threads that wait for work in a loop keep other queries from the processor.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if not is_7_bit:
        # A processor without VNNI adds two 8-bit products in 16 bits and saturates: cosines with the exact vectors drop
        # to .94. This option avoids that. It costs 50 % more time there, and nothing with VNNI. With 7-bit weights a
        # sum is at most 2 x 255 x 64 = 32,640, which fits.
        options.add_session_config_entry("session.x64quantprecision", "1")
    if is_half and device == "cpu":
        # Higher levels crash on CPUs with float16 graphs that contain attention.
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    if tensors:
        values = [onnxruntime.OrtValue.ortvalue_from_numpy(array) for array in tensors.values()]
        options.add_external_initializers(list(tensors), values)
    return onnxruntime.InferenceSession(str(path), options, providers=list_providers(device))


class StreamedGraph:
    """The graph of an image encoder, run on several CPU threads at once. Thread-safe."""

    def __init__(self, path: Path, threads: int, is_half: bool = False, is_7_bit: bool = False) -> None:
        """Open the graph.

        Args:
            path: The ONNX file.
            threads: The number of threads; each runs a separate batch.
            is_half: As in `open_session`.
            is_7_bit: As in `open_session`.
        """
        self._session = open_session(path, 1, is_half=is_half, is_7_bit=is_7_bit)
        self._streams = ParallelStreams(threads)

    def run(self, pixels: Pixels, batch: int) -> Vectors:
        """Embed images.

        Args:
            pixels: Shape (n, height, width, 3), uint8.
            batch: The number of images that each thread runs at once.

        Returns:
            The output of the graph, shape (n, d).
        """
        parts = [pixels[start : start + batch] for start in range(0, len(pixels), batch)]
        return np.concatenate(self._streams.run(self._run, parts))

    def _run(self, part: Pixels) -> Vectors:
        rows: Vectors = self._session.run(None, {"pixels": part})[0]
        return rows


# The inputs of a graph by name.
Inputs = Mapping[str, npt.NDArray[Any]]


@contextmanager
def write_whole(path: Path) -> Iterator[Path]:
    """Yield a temporary path to write a graph to; on success, move the graph and its external weights to `path`.

    Files left by a killed process are removed.
    """
    for abandoned in path.parent.glob(f"{SCRATCH_PREFIX}*"):
        shutil.rmtree(abandoned)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=SCRATCH_PREFIX) as folder:
        temporary = Path(folder) / path.name
        yield temporary
        is_large = find_external_data(temporary).exists()
        if is_large:
            find_external_data(temporary).replace(find_external_data(path))
        temporary.replace(path)
    if not is_large:
        find_external_data(path).unlink(missing_ok=True)


def save_graph(model: Any, path: Path) -> None:
    """Write a graph, with external weights if it is too large for one file."""
    import onnx

    is_large = sum(len(tensor.raw_data) for tensor in model.graph.initializer) > MAX_GRAPH_BYTES
    onnx.save(model, path, save_as_external_data=is_large, location=find_external_data(path).name)


def find_external_data(path: Path) -> Path:
    """Return the path of the external weights of a graph."""
    return path.with_name(f"{path.name}.data")


def weigh_graph(path: Path) -> int:
    """Return the size of a graph with its weights, in bytes."""
    return sum(file.stat().st_size for file in (path, find_external_data(path)) if file.exists())


def quantize_graph(source: Path, target: Path, precision: str, sample: Sequence[Inputs]) -> None:
    """Write a graph in a lower precision.

    Args:
        source: The float32 graph.
        target: The file to write.
        precision: `fp16`, `int8-dynamic` or `int8-static`.
        sample: Inputs for the calibration of `int8-static`.
    """
    with write_whole(target) as temporary:
        if precision == "fp16":
            from onnxruntime.transformers.float16 import convert_float_to_float16

            # Given a path instead of a model, shapes are inferred in files, which also works for large graphs.
            save_graph(convert_float_to_float16(str(source), keep_io_types=True), temporary)
        elif precision == "int8-dynamic":
            _quantize_dynamic(source, temporary)
        else:
            _quantize_static(source, temporary, sample)


def _quantize_dynamic(source: Path, target: Path) -> None:
    from onnxruntime import quantization as q

    # Convolutions lose accuracy and gain no speed. The sum of two 7-bit products fits into 16 bits, so processors
    # without VNNI do not need the slower mode of `open_session`. With a scale per channel the vectors are even closer
    # to the exact ones than with 8 bits.
    q.quantize_dynamic(
        source,
        target,
        op_types_to_quantize=["MatMul", "Gemm"],
        per_channel=True,
        reduce_range=True,
        weight_type=q.QuantType.QInt8,
        use_external_data_format=find_external_data(source).exists(),
    )


def _quantize_static(source: Path, target: Path, sample: Sequence[Inputs]) -> None:
    import onnx
    from onnxruntime import quantization as q

    q.quantize_static(
        source,
        target,
        _Calibration(sample),
        per_channel=True,
        op_types_to_quantize=["MatMul", "Gemm", "Conv"],
        # Otherwise the softmax of attention would run in 8 bits, and the weights of most tokens would round to zero.
        nodes_to_exclude=_list_computed_products(onnx.load(source, load_external_data=False)),
        use_external_data_format=find_external_data(source).exists(),
        extra_options={"ActivationSymmetric": False},
    )


def _list_computed_products(model: Any) -> list[str]:
    """Return the names of matrix products in which both factors depend on the input, as in attention."""
    constants = {tensor.name for tensor in model.graph.initializer}
    products = []
    for node in model.graph.node:
        if constants.issuperset(node.input):
            constants.update(node.output)
        elif node.op_type == "MatMul" and constants.isdisjoint(node.input):
            products.append(str(node.name))
    return products


class _Calibration:
    """The calibration inputs, in the interface of `onnxruntime.quantization.CalibrationDataReader`."""

    def __init__(self, sample: Sequence[Inputs]) -> None:
        self._parts = iter(sample)

    def get_next(self) -> Inputs | None:
        return next(self._parts, None)
