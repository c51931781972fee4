"""Turning a CLIP model into ONNX: exact, halved, and in eight bits; checked against what it is made from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from search.errors import ModelError
from search.models.card import Card, CardFolder
from search.models.onnx import open_session, quantize_graph
from search.models.open_clip import import_torch
from search.models.open_clip.exported import open_pictures, picture_file, run_pictures, text_file
from search.models.open_clip.loading import find_source
from search.models.open_clip.towers import TorchTowers
from search.models.runtime import Machine, Trial, measure_agreement, measure_trials
from search.records import Pixels, Vectors

OPSET = 18
PRECISIONS = ("fp32", "fp16", "int8-dynamic", "int8-static")
# An export that ranks otherwise than this share of the nearest ten is not used, however near its vectors are.
AGREEMENT = 0.9
FEWEST = 16
Say = Callable[[str], None]
CHECKED_TEXTS = ("a dog on the beach", "two people riding bicycles in the snow", "red")


@dataclass(frozen=True)
class Check:
    """What an export was found to be: the worst cosine, agreement@10 on the library's pictures, pictures a second."""

    precision: str
    cosine: float
    agreement: float
    rate: float
    megabytes: float

    @property
    def is_right(self) -> bool:
        """True when it may be used."""
        return self.agreement >= AGREEMENT


def export_towers(
    card: Card, folder: CardFolder, models: Path, machine: Machine, pictures: Sequence[Pixels], say: Say
) -> tuple[Card, list[Check]]:
    """Write the picture tower in every precision, the text tower exactly; measure, remember the fastest right way.

    pictures: the library's own, prepared, each of shape (height, width, 3) uint8: half of them are what static
    quantisation is calibrated on, all are what is checked. Raises ModelError when there are fewer than 16, or when the
    text tower differs.
    """
    if len(pictures) < FEWEST:
        raise ModelError(f"an export is checked on {FEWEST} of the library's own pictures or more: index some first")
    pixels = np.stack(pictures)
    source = find_source(card.name, models)
    towers = TorchTowers(source, "fp32", ["cpu"], machine.threads)
    say("writing the text tower")
    _export_texts(towers, text_file(folder.path))
    _check_texts(towers, text_file(folder.path), machine)
    say("writing the picture tower")
    exact = picture_file(folder.path, "fp32")
    _export_pictures(towers, exact)
    for precision in PRECISIONS[1:]:
        say(f"writing the picture tower in {precision}")
        quantize_graph(exact, picture_file(folder.path, precision), precision, pixels[: len(pixels) // 2])
    checks = _check_pictures(towers, folder.path, machine, pixels, say)
    bf16 = TorchTowers(source, "bf16", ["cpu"], machine.threads)
    ways = (("torch-fp32", towers), ("torch-bf16", bf16))
    trials = [Trial(name, partial(way.encode_pixels, pixels)) for name, way in ways]
    found = measure_trials(trials, len(pixels))
    rates = found.rates | {f"onnx-{one.precision}": one.rate for one in checks if one.is_right}
    right = {name: rate for name, rate in rates.items() if name == found.best or name.startswith("onnx-")}
    card = replace(card, runtime=max(right, key=right.__getitem__), runtimes=rates)
    folder.write(card)
    return card, checks


def _export_pictures(towers: TorchTowers, path: Path) -> None:
    torch = import_torch()

    class Pictures(torch.nn.Module):  # type: ignore[name-defined,misc]
        """From bytes to vectors: what scales the pixels is part of the graph."""

        def __init__(self) -> None:
            super().__init__()
            self.visual = towers.module.visual
            self.register_buffer("mean", towers.mean)
            self.register_buffer("std", towers.std)

        def forward(self, pixels: Any) -> Any:
            ready = (pixels.permute(0, 3, 1, 2).float() - self.mean) / self.std
            return torch.nn.functional.normalize(self.visual(ready), dim=-1)

    height, width = towers.module.visual.image_size
    sample = torch.zeros((2, height, width, 3), dtype=torch.uint8)
    _export(Pictures().eval(), sample, path, "pixels")


def _export_texts(towers: TorchTowers, path: Path) -> None:
    torch = import_torch()

    class Texts(torch.nn.Module):  # type: ignore[name-defined,misc]
        def __init__(self) -> None:
            super().__init__()
            self.model = towers.module

        def forward(self, tokens: Any) -> Any:
            return self.model.encode_text(tokens, normalize=True)

    _export(Texts().eval(), towers.tokenizer(["a", "b"]), path, "tokens")


def _export(module: Any, sample: Any, path: Path, name: str) -> None:
    import warnings

    torch = import_torch()
    fast = torch.backends.mha.get_fastpath_enabled()
    # ONNX has no operator for torch's own way of doing all heads of an attention at once.
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with torch.inference_mode(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's exporter warns of its own future
            torch.onnx.export(
                module,
                (sample,),
                str(path),
                input_names=[name],
                output_names=["vectors"],
                dynamic_axes={name: {0: "n"}, "vectors": {0: "n"}},
                opset_version=OPSET,
                dynamo=False,
            )
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)


def _check_texts(towers: TorchTowers, path: Path, machine: Machine) -> None:
    session = open_session(path, machine.threads)
    tokens = towers.tokenizer(list(CHECKED_TEXTS)).numpy()
    differ = np.abs(session.run(None, {"tokens": tokens})[0] - towers.encode_texts(CHECKED_TEXTS)).max()
    if differ > 1e-3:
        raise ModelError(f"the exported text tower differs by {differ:.4f} from torch's: it is not used")


def _check_pictures(towers: TorchTowers, folder: Path, machine: Machine, pixels: Pixels, say: Say) -> list[Check]:
    exact = towers.encode_pixels(pixels)
    return [_check_one(folder, one, machine, pixels, exact, say) for one in PRECISIONS]


def _check_one(folder: Path, precision: str, machine: Machine, pixels: Pixels, exact: Vectors, say: Say) -> Check:
    session = open_pictures(folder, precision, machine.threads)
    run = partial(run_pictures, session, pixels)
    rows = run()
    found = measure_trials([Trial(precision, run)], len(pixels))
    megabytes = picture_file(folder, precision).stat().st_size / 2**20
    cosine = float((rows * exact).sum(axis=1).min())
    check = Check(precision, cosine, measure_agreement(exact, rows), found.rates[precision], megabytes)
    say(f"{precision}: cosine {check.cosine:.4f}, agreement@10 {check.agreement:.2f}, {check.rate:.1f} pictures/s")
    return check
