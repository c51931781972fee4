"""Import open_clip, timm and torch, and choose devices. Home of these libraries."""

import sys
from functools import cache
from pathlib import Path
from typing import Any

from search.errors import ModelError

# The device files of the GPU drivers: NVIDIA, AMD, and Windows Subsystem for Linux.
GPU_DEVICE_FILES = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")


@cache
def import_timm() -> Any:
    """Import timm. Raise ModelError if the `clip` extra is not installed."""
    _declare_operators()
    try:
        import timm
    except ImportError as error:
        raise ModelError(f"{error.name} is not installed. Run: pip install 'crossmodal[clip]'") from error
    return timm


@cache
def import_open_clip() -> Any:
    """Import open_clip. Raise ModelError if the `clip` extra is not installed."""
    import_timm()
    import open_clip

    return open_clip


@cache
def import_torch() -> Any:
    """Import torch. Raise ModelError if the `clip` extra is not installed."""
    import_timm()
    import torch

    return torch


def choose_devices(device: str) -> list[str]:
    """Return the devices that torch runs on: `cpu`, or all chosen GPUs as `cuda:N`.

    Args:
        device: `auto` or `cuda` for all GPUs, `cpu`, or one GPU such as `cuda:1`.

    Raises:
        ModelError: The GPU does not exist, or the installed torch does not support it.
    """
    if device == "cpu" or (device == "auto" and not _may_have_gpu()):
        return ["cpu"]
    torch = import_torch()
    available = [f"cuda:{number}" for number in range(torch.cuda.device_count())]
    if device == "auto":
        return available or ["cpu"]
    if not available:
        raise ModelError(f"--device {device}: torch {torch.__version__} finds no CUDA device. Use auto or cpu.")
    if device == "cuda":
        return available
    if device not in available:
        raise ModelError(f"--device {device} does not exist. Use one of {', '.join(available)}.")
    return [device]


def _may_have_gpu() -> bool:
    """Return whether there may be a GPU. This avoids the slow import of torch on Linux machines without a driver."""
    return sys.platform != "linux" or any(Path(file).exists() for file in GPU_DEVICE_FILES)


def _declare_operators() -> None:
    """Make torchvision importable with a CPU build of torch.

    If the compiled part of torchvision does not match the installed torch, its import fails because two operators are
    missing. No image-text model uses them, so declaring their signatures is enough.
    """
    try:
        import torch
    except ImportError as error:
        raise ModelError("torch is not installed. Run: pip install 'crossmodal[clip]'") from error
    try:
        import torchvision  # noqa: F401
    except RuntimeError:
        library: Any = torch.library.Library("torchvision", "DEF")  # type: ignore[no-untyped-call]
        for name in ("nms", "qnms"):
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _DECLARED_LIBRARIES.append(library)


# torch removes the operators of a library when its object is garbage-collected.
_DECLARED_LIBRARIES: list[Any] = []
