"""Export a CLIP model to ONNX in float32, float16 and int8, checked against the original."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from search.encoders.export_checks import (
    Check,
    ReportLine,
    check_precisions,
    choose_runtime,
    require_exact,
    require_sample,
    write_precisions,
)
from search.encoders.manifest import ManifestFolder, ModelManifest
from search.encoders.onnx import IMAGE_BATCH
from search.encoders.open_clip.exported import ExportedTexts, get_image_path, get_text_path, open_image_model
from search.encoders.open_clip.graph import write_graph
from search.encoders.open_clip.imports import choose_devices, import_torch
from search.encoders.open_clip.loading import ModelSource, find_source
from search.encoders.open_clip.tokenizer_export import write_tokenizer
from search.encoders.open_clip.towers import TorchTowers
from search.encoders.runtime import Encode, Machine, Trial
from search.records import Pixels

# The texts that the export of the text encoder is checked on.
CHECKED_TEXTS = ("a dog on the beach", "two people riding bicycles in the snow", "red")


def export_towers(
    manifest: ModelManifest,
    folder: ManifestFolder,
    models: Path,
    machine: Machine,
    images: Sequence[Pixels],
    report: ReportLine,
) -> tuple[ModelManifest, list[Check]]:
    """Export the image encoder in every precision and the text encoder in float32; choose the fastest runtime.

    Args:
        manifest: The manifest of the model.
        folder: The folder of the manifest; the exports are written there.
        models: The models folder of the home.
        machine: The resources for the model.
        images: Transformed images of the library, each of shape (height, width, 3), uint8. The exports are checked on
            all of them; static quantization is calibrated on half of them.
        report: Called with each progress message.

    Returns:
        The manifest with the chosen runtime, and the checks of all precisions.

    Raises:
        ModelError: There are fewer than 16 images, or the exported text encoder computes different vectors.
    """
    require_sample(len(images), "images")
    pixels = np.stack(images)
    source = find_source(manifest.name, models)
    towers = TorchTowers(source, "fp32", ["cpu"], machine.threads)
    report("writing the text encoder")
    _export_texts(towers, get_text_path(folder.path))
    devices = choose_devices(machine.device)
    _check_texts(towers, get_text_path(folder.path), machine, devices[0])
    manifest = replace(manifest, settings=write_tokenizer(towers.tokenizer, folder.path))
    report("writing the image encoder")
    name_file = partial(get_image_path, folder.path)
    _export_images(towers, name_file("fp32"), pixels.shape[1:3])
    half = pixels[: len(pixels) // 2]
    sample = [{"pixels": half[start : start + IMAGE_BATCH]} for start in range(0, len(half), IMAGE_BATCH)]
    write_precisions(name_file, sample, report)

    def open_export(precision: str) -> Encode:
        return open_image_model(name_file(precision), precision, machine.threads, devices[0]).encode

    checks = check_precisions(name_file, open_export, pixels, towers.encode_pixels(pixels), report, "images")
    trials = _list_trials(source, towers, devices, machine)
    manifest = choose_runtime(replace(manifest, device=devices[0].partition(":")[0]), trials, checks, pixels)
    folder.write(manifest)
    return manifest, checks


def _list_trials(source: ModelSource, cpu_towers: TorchTowers, devices: Sequence[str], machine: Machine) -> list[Trial]:
    """Return the runtimes of torch on the devices: float32, and the lower precision that suits them."""
    is_cpu = devices == ["cpu"]
    precision = "bf16" if is_cpu else "fp16"
    exact = cpu_towers if is_cpu else TorchTowers(source, "fp32", devices, machine.threads)
    faster = TorchTowers(source, precision, devices, machine.threads)
    return [Trial("torch-fp32", exact.encode_pixels), Trial(f"torch-{precision}", faster.encode_pixels)]


def _export_images(towers: TorchTowers, path: Path, shape: tuple[int, int]) -> None:
    torch = import_torch()
    from search.encoders.open_clip.fusion import fuse_visual

    class ImageGraph(torch.nn.Module):  # type: ignore[name-defined,misc]
        """The image encoder and the normalization of pixels, from uint8 images to normalized vectors."""

        def __init__(self) -> None:
            super().__init__()
            self.visual = fuse_visual(towers.module.visual)
            self.register_buffer("mean", towers.mean)
            self.register_buffer("std", towers.std)

        def forward(self, pixels: Any) -> Any:
            images = (pixels.permute(0, 3, 1, 2).float() - self.mean) / self.std
            outputs = self.visual(images)
            # CoCa returns a pooled vector and its tokens.
            pooled = outputs[0] if isinstance(outputs, tuple) else outputs
            return torch.nn.functional.normalize(pooled, dim=-1)

    sample = torch.zeros((2, *shape, 3), dtype=torch.uint8)
    write_graph(ImageGraph().eval(), (sample,), path, {"pixels": {0: "n"}})


def _export_texts(towers: TorchTowers, path: Path) -> None:
    from search.encoders.open_clip.fusion import fuse_text_module

    write_graph(fuse_text_module(towers.texts).eval(), (towers.tokenizer(["a", "b"]),), path, {"tokens": {0: "n"}})


def _check_texts(towers: TorchTowers, path: Path, machine: Machine, device: str) -> None:
    exported = ExportedTexts(path, machine.threads, device)
    for texts in (CHECKED_TEXTS, CHECKED_TEXTS[-1:]):
        tokens = towers.tokenizer(list(texts))
        with import_torch().inference_mode():
            exact = towers.module.encode_text(tokens, normalize=True).numpy()
        require_exact("text encoder", exact, exported.encode(tokens.numpy()))
