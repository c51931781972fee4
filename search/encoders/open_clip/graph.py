"""Write a torch module as an ONNX graph."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from search.encoders.onnx import save_graph, write_whole
from search.encoders.open_clip.imports import import_torch

OPSET = 18
# The dynamic axes of each input: names by index.
Axes = Mapping[str, Mapping[int, str]]


def write_graph(module: Any, samples: tuple[Any, ...], path: Path, axes: Axes) -> None:
    """Write a module as an ONNX graph with the output `vectors`.

    Args:
        module: A `torch.nn.Module`.
        samples: The inputs for the trace.
        path: The file to write.
        axes: The dynamic axes of each input, in the order of the inputs.
    """
    import warnings

    import onnx

    torch = import_torch()
    was_enabled = torch.backends.mha.get_fastpath_enabled()
    # ONNX has no operator for the fast path of torch's attention.
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with torch.inference_mode(), warnings.catch_warnings(), write_whole(path) as temporary:
            warnings.simplefilter("ignore")  # the exporter warns that it is deprecated
            torch.onnx.export(
                module,
                samples,
                str(temporary),
                input_names=list(axes),
                output_names=["vectors"],
                dynamic_axes={**{name: dict(names) for name, names in axes.items()}, "vectors": {0: "n"}},
                opset_version=OPSET,
                dynamo=False,
            )
            # The exporter writes each weight of a large graph to a separate file; this joins them.
            save_graph(onnx.load(temporary), temporary)
    finally:
        torch.backends.mha.set_fastpath_enabled(was_enabled)
