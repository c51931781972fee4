"""Run ONNX graphs: those of the bundled model and of exported models. Home of onnxruntime."""

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

TEXT_BATCH = 32
# How many images one thread runs at once, so that the data fits into the CPU cache.
IMAGE_BATCH = 4
# A file is limited to 2 GiB: the weights of a larger graph are stored in a second file next to it.
MAX_GRAPH_BYTES = 2_000_000_000
# The prefix of folders for unfinished graphs.
SCRATCH_PREFIX = ".graph"


def list_providers(device: str) -> list[Any]:
    """Return the execution providers, best first. Raises ModelError if CUDA is not supported."""
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
    """Return a session that runs an ONNX file.

    Args:
        path: The file.
        threads: How many threads one run uses.
        tensors: Weights that the file leaves out, by name.
        is_half: The graph is in float16.
        device: `cpu`, or a CUDA device.
        is_7_bit: Every int8 weight is within -64 to 64, so that no processor's sums of two products overflow.

    Raises:
        ModelError: It cannot run on the device.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    if not is_7_bit:
        # Without VNNI a processor adds two products of 8 bits in 16 and cuts what does not fit: cosines with the exact
        # vectors go down to .94. This takes half as long again there; with VNNI it changes nothing. With weights of
        # 7 bits a sum is at most 2 x 255 x 64 = 32,640, which fits.
        options.add_session_config_entry("session.x64quantprecision", "1")
    if is_half and device == "cpu":
        # What it does beyond that to float16 graphs of attention crashes on CPUs.
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    if tensors:
        values = [onnxruntime.OrtValue.ortvalue_from_numpy(array) for array in tensors.values()]
        options.add_external_initializers(list(tensors), values)
    return onnxruntime.InferenceSession(str(path), options, providers=list_providers(device))


class StreamedGraph:
    """The graph of an image encoder, run on several CPU threads at once. Thread-safe."""

    def __init__(self, path: Path, threads: int, is_half: bool = False, is_7_bit: bool = False) -> None:
        """Open it. is_half, is_7_bit: as in `open_session`."""
        self._session = open_session(path, 1, is_half=is_half, is_7_bit=is_7_bit)
        self._streams = ParallelStreams(threads)

    def run(self, pixels: Pixels, batch: int) -> Vectors:
        """Return the rows of images (n, height, width, 3) uint8, `batch` of them at once on each thread."""
        parts = [pixels[start : start + batch] for start in range(0, len(pixels), batch)]
        return np.concatenate(self._streams.run(self._run, parts))

    def _run(self, part: Pixels) -> Vectors:
        rows: Vectors = self._session.run(None, {"pixels": part})[0]
        return rows


# The inputs of a graph by name.
Inputs = Mapping[str, npt.NDArray[Any]]


@contextmanager
def write_whole(path: Path) -> Iterator[Path]:
    """Return a temporary path for a graph; on success, move the graph and its external weights to `path`.

    Files left by a killed process are removed.
    """
    for left in path.parent.glob(f"{SCRATCH_PREFIX}*"):
        shutil.rmtree(left)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=SCRATCH_PREFIX) as folder:
        made = Path(folder) / path.name
        yield made
        is_large = find_external_data(made).exists()
        if is_large:
            find_external_data(made).replace(find_external_data(path))
        made.replace(path)
    if not is_large:
        find_external_data(path).unlink(missing_ok=True)


def save_graph(model: Any, path: Path) -> None:
    """Write a graph, with external weights if it is too large for one file."""
    import onnx

    is_large = sum(len(one.raw_data) for one in model.graph.initializer) > MAX_GRAPH_BYTES
    onnx.save(model, path, save_as_external_data=is_large, location=find_external_data(path).name)


def find_external_data(path: Path) -> Path:
    """Return the path of the external weights of a graph."""
    return path.with_name(f"{path.name}.data")


def weigh_graph(path: Path) -> int:
    """Return the size of a graph with its weights, in bytes."""
    return sum(one.stat().st_size for one in (path, find_external_data(path)) if one.exists())


def quantize_graph(source: Path, target: Path, precision: str, sample: Sequence[Inputs]) -> None:
    """Write a graph in fewer bits: `fp16`, `int8-dynamic`, or `int8-static`, calibrated on a sample of inputs."""
    with write_whole(target) as made:
        if precision == "fp16":
            from onnxruntime.transformers.float16 import convert_float_to_float16

            # With a path it infers shapes in files, the only way that works for large graphs.
            save_graph(convert_float_to_float16(str(source), keep_io_types=True), made)
        elif precision == "int8-dynamic":
            _quantize_dynamic(source, made)
        else:
            _quantize_static(source, made, sample)


def _quantize_dynamic(source: Path, target: Path) -> None:
    from onnxruntime import quantization as q

    # Convolutions gain nothing from it, and lose. In seven bits, two products fit in 16: processors without VNNI
    # do not need the slower mode (above), and with a scale per channel the vectors are closer than with 8 bits.
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
        # A softmax between two of these would run in 8 bits, where the weights of most tokens round to zero.
        nodes_to_exclude=_list_computed_products(onnx.load(source, load_external_data=False)),
        use_external_data_format=find_external_data(source).exists(),
        extra_options={"ActivationSymmetric": False},
    )


def _list_computed_products(model: Any) -> list[str]:
    """Return the names of products of two things that depend on the input, as attention takes them."""
    fixed = {one.name for one in model.graph.initializer}
    found = []
    for node in model.graph.node:
        if fixed.issuperset(node.input):
            fixed.update(node.output)
        elif node.op_type == "MatMul" and fixed.isdisjoint(node.input):
            found.append(str(node.name))
    return found


class _Calibration:
    """Provides the calibration samples."""

    def __init__(self, sample: Sequence[Inputs]) -> None:
        self._parts = iter(sample)

    def get_next(self) -> Inputs | None:
        return next(self._parts, None)
