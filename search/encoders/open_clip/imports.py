"""Import open_clip, timm and torch, and choose devices. Home of these libraries."""

import sys
from functools import cache
from pathlib import Path
from typing import Any

from search.errors import ModelError

# Of NVIDIA's driver, of AMD's, and of Windows underneath Linux.
DEVICES = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")


@cache
def import_timm() -> Any:
    """Import timm. Raises ModelError when the `clip` extra is not installed."""
    _declare_operators()
    try:
        import timm
    except ImportError as error:
        raise ModelError(f"{error.name} is not installed: pip install 'crossmodal[clip]'") from error
    return timm


@cache
def import_open_clip() -> Any:
    """Import open_clip. Raises ModelError when the `clip` extra is not installed."""
    import_timm()
    import open_clip

    return open_clip


@cache
def import_torch() -> Any:
    """Import torch. Raises ModelError when the `clip` extra is not installed."""
    import_timm()
    import torch

    return torch


def choose_devices(device: str) -> list[str]:
    """Return the devices for `auto`, `cpu`, `cuda` or `cuda:1`. Raise ModelError if one does not exist."""
    if device == "cpu" or (device == "auto" and not _may_have_gpu()):
        return ["cpu"]
    torch = import_torch()
    there = [f"cuda:{number}" for number in range(torch.cuda.device_count())]
    if device == "auto":
        return there or ["cpu"]
    if not there:
        raise ModelError(f"--device {device}: torch {torch.__version__} sees no CUDA device; use auto or cpu")
    if device == "cuda":
        return there
    if device not in there:
        raise ModelError(f"--device {device}: there is {', '.join(there)}")
    return [device]


def _may_have_gpu() -> bool:
    """Return whether it is worth importing torch to ask; on Linux a driver shows itself as a device."""
    return sys.platform != "linux" or any(Path(one).exists() for one in DEVICES)


def _declare_operators() -> None:
    """Let torchvision load with a CPU build of torch.

    Where torchvision's compiled part does not fit the installed torch, its import stops at two operators
    that no image-text model uses; declaring their signatures is enough.
    """
    try:
        import torch
    except ImportError as error:
        raise ModelError("torch is not installed: pip install 'crossmodal[clip]'") from error
    try:
        import torchvision  # noqa: F401
    except RuntimeError:
        library: Any = torch.library.Library("torchvision", "DEF")  # type: ignore[no-untyped-call]
        for name in ("nms", "qnms"):
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _KEPT.append(library)


# A declared library is withdrawn when its object dies.
_KEPT: list[Any] = []
