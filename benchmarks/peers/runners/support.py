"""What the runners share.

A runner is started by the interpreter of its peer, so this imports no other module of the project.
"""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

SUFFIXES = {".jpg", ".jpeg", ".png"}
WARM_UP = 3
Search = Callable[[str], list[str]]


class Runner(Protocol):
    """One peer. `photos` is the folder to index, `state` where the peer keeps its files, `weights` the models."""

    def prepare(self, state: Path, weights: Path) -> None:
        """Do once what is not measured, such as choosing a model."""

    def index(self, photos: Path, state: Path, weights: Path) -> None:
        """Index a folder, or index it again."""

    def add(self, photos: Path, state: Path, weights: Path, added: Sequence[Path]) -> None:
        """Index a folder again after files were added."""

    def list_paths(self, photos: Path, state: Path, weights: Path) -> list[str]:
        """Return the path of each indexed file."""

    def open(self, photos: Path, state: Path, weights: Path) -> Search:
        """Return a function that returns the ten best paths for a text."""


def list_photos(folder: Path) -> list[Path]:
    """Return the images of a folder by their suffix, sorted."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)


def declare_operators() -> object:
    """Make torchvision importable with a CPU build of torch, which its compiled operators do not match.

    No model here uses these operators. Keep the result alive: torch removes the declarations with it.
    """
    import torch

    library = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    return library


def time_queries(runner: Runner, options: argparse.Namespace) -> dict[str, Any]:
    """Return the seconds until the first answer, the milliseconds of each later query, and what was found."""
    texts = options.queries.read_text(encoding="utf-8").splitlines()
    began = time.perf_counter()
    search = runner.open(options.photos, options.state, options.weights)
    search(texts[0])
    ready = time.perf_counter() - began
    milliseconds, found = [], []
    for text in texts[1:]:
        began = time.perf_counter()
        paths = search(text)
        milliseconds.append((time.perf_counter() - began) * 1000)
        found.append(paths)
    return {"ready_seconds": ready, "milliseconds": milliseconds[WARM_UP:], "found": found[WARM_UP:]}


def main(runner: Runner) -> None:
    """Do the action of the command line; write its result to --out as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("action", choices=["prepare", "index", "add", "list", "query"])
    for name in ("photos", "state", "weights", "out", "queries"):
        parser.add_argument(f"--{name}", type=Path)
    parser.add_argument("--added", type=Path, nargs="*", default=[])
    options = parser.parse_args()
    result: Any = None
    if options.action == "prepare":
        options.state.mkdir(parents=True, exist_ok=True)
        runner.prepare(options.state, options.weights)
    elif options.action == "index":
        runner.index(options.photos, options.state, options.weights)
    elif options.action == "add":
        runner.add(options.photos, options.state, options.weights, options.added)
    elif options.action == "list":
        result = runner.list_paths(options.photos, options.state, options.weights)
    else:
        result = time_queries(runner, options)
    if result is not None:
        options.out.write_text(json.dumps(result), encoding="utf-8")
