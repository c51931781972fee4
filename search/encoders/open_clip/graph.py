"""Writing a torch module as an ONNX graph."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from search.encoders.onnx import save_graph, write_whole
from search.encoders.open_clip.imports import import_torch

OPSET = 18
Axes = Mapping[str, Mapping[int, str]]


def write_graph(module: Any, samples: tuple[Any, ...], path: Path, axes: Axes) -> None:
    """Write a module as an ONNX graph with the output `vectors`.

    Args:
        module: The module.
        samples: Inputs for the trace.
        path: The file.
        axes: The dynamic axes of each input.
    """
    import warnings

    import onnx

    torch = import_torch()
    fast = torch.backends.mha.get_fastpath_enabled()
    # ONNX has no operator for torch's own way of doing all heads of an attention at once.
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with torch.inference_mode(), warnings.catch_warnings(), write_whole(path) as made:
            warnings.simplefilter("ignore")  # the exporter warns that it is deprecated
            torch.onnx.export(
                module,
                samples,
                str(made),
                input_names=list(axes),
                output_names=["vectors"],
                dynamic_axes={**{name: dict(ones) for name, ones in axes.items()}, "vectors": {0: "n"}},
                opset_version=OPSET,
                dynamo=False,
            )
            # For a large graph it writes every weight to a separate file.
            save_graph(onnx.load(made), made)
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
