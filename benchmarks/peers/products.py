"""Measure whole programs: index, index again, add, query, awkward files, a kill."""

import json
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from os import environ
from pathlib import Path
from typing import Any

from benchmarks.peers.environments import make_environment, read_versions
from benchmarks.peers.folders import AWKWARD, add_awkward_files, copy_photos, describe
from benchmarks.peers.machine import describe_machine, measure_speed, read_date
from benchmarks.peers.process import Outcome, run
from benchmarks.peers.results import read_results

RUNNERS = Path(__file__).parent / "runners"
QUERIES = Path(__file__).parent / "queries.txt"
GOOD_NEXT_TO_AWKWARD = 20
ADDED = 10
TIMEOUT_SECONDS = 180.0
# The fraction of the time of a whole run after which it is killed.
KILLED_AT = 0.7
PARTS = ("indexing", "awkward", "kill")


@dataclass(frozen=True)
class Product:
    """A program that is measured.

    Attributes:
        name: The name of its result.
        environment: The name of its virtual environment.
        runner: The file in `runners/`.
        package: The package whose version is reported.
        variables: Environment variables of the runner.
    """

    name: str
    environment: str
    runner: str
    package: str
    variables: Mapping[str, str] = field(default_factory=dict)


def _own(name: str, **variables: str) -> Product:
    variables = {f"CROSSMODAL_PEER_{key}": value for key, value in variables.items()}
    return Product(name, "crossmodal", "crossmodal_peer.py", "crossmodal", variables)


PRODUCTS = {
    product.name: product
    for product in (
        Product("plain", "plain", "plain.py", "open-clip-torch"),
        Product("rclip", "rclip", "rclip_peer.py", "rclip"),
        Product("clip-retrieval", "clip_retrieval", "clip_retrieval_peer.py", "clip-retrieval"),
        Product("txtai", "txtai", "txtai_peer.py", "txtai"),
        Product("materialsearch", "materialsearch", "materialsearch_peer.py", "materialsearch-core"),
        _own("crossmodal-float32", MODEL="open_clip", RUNTIME="torch-fp32"),
        _own("crossmodal-fastest", MODEL="open_clip"),
        _own("crossmodal-bundled"),
    )
}


class Trial:
    """The runs of one product in a temporary folder."""

    def __init__(self, product: Product, python: Path, work: Path, scratch: Path) -> None:
        self._product, self._python, self.scratch = product, python, scratch
        self._weights, self._template = work / "weights", work / "prepared" / product.name

    def prepare_template(self) -> None:
        """Do once what is not measured, such as choosing a model. Raise RuntimeError if the product cannot."""
        if not self._template.exists():
            draft = self._template.with_suffix(".draft")
            shutil.rmtree(draft, ignore_errors=True)
            outcome = self.do("prepare", draft, "photos")
            if outcome.status != 0:
                raise RuntimeError(outcome.output[-2000:])
            draft.rename(self._template)

    def prepare(self, state: str) -> None:
        """Create an empty state."""
        shutil.copytree(self._template, self.scratch / state, symlinks=True)

    def do(
        self, action: str, state: str | Path, photos: str, *more: str | Path, kill_after: float | None = None
    ) -> Outcome:
        """Run an action of the runner."""
        command: list[str | Path] = [self._python, RUNNERS / self._product.runner, action]
        command += ["--photos", self.scratch / photos, "--state", self.scratch / state]
        command += ["--weights", self._weights, "--queries", QUERIES, "--out", self.scratch / "out.json", *more]
        (self.scratch / "out.json").unlink(missing_ok=True)
        with _set_variables(self._product.variables):
            return run(command, self.scratch / "log.txt", TIMEOUT_SECONDS, kill_after)

    def read(self, action: str, state: str, photos: str) -> tuple[Any, str]:
        """Return the result of an action, or None, and its output."""
        outcome = self.do(action, state, photos)
        path = self.scratch / "out.json"
        return (json.loads(path.read_text(encoding="utf-8")) if path.exists() else None), outcome.output

    def list_names(self, state: str, photos: str) -> list[str]:
        """Return the names of the indexed files."""
        paths, _ = self.read("list", state, photos)
        return [Path(path).name for path in paths or []]


@contextmanager
def _set_variables(variables: Mapping[str, str]) -> Iterator[None]:
    environ.update(variables)
    try:
        yield
    finally:
        for name in variables:
            del environ[name]


def measure_indexing(trial: Trial, scratch: Path, added: list[Path], count: int) -> dict[str, Any]:
    """Index a folder, again without a change, and with added photos; then query."""
    trial.prepare("state")
    first = trial.do("index", "state", "photos")
    indexed = len(trial.list_names("state", "photos"))
    if first.status not in {0, 1} or not indexed:
        return {"error": first.output[-2000:], "status": first.status}
    again = trial.do("index", "state", "photos")
    copy_photos(added, scratch / "photos")
    more = trial.do("add", "state", "photos", "--added", *(scratch / "photos" / path.name for path in added))
    queries, output = trial.read("query", "state", "photos")
    result: dict[str, Any] = {
        "indexed": indexed,
        "first_seconds": round(first.seconds, 2),
        "images_per_second": round(count / first.seconds, 1),
        "again_seconds": round(again.seconds, 2),
        "add_seconds": round(more.seconds, 2),
        "indexed_after_add": len(trial.list_names("state", "photos")),
        "peak_mb": round(max(first.peak_mb, again.peak_mb, more.peak_mb)),
        "disk_mb": round(_measure_disk(scratch / "state"), 1),
    }
    return result | (summarize_queries(queries) if queries else {"query_error": output[-2000:]})


def summarize_queries(queries: Mapping[str, Any]) -> dict[str, Any]:
    """Return the median, the 95th percentile and the time until the first answer, and the names that were found."""
    times = sorted(queries["milliseconds"])
    return {
        "query_median_ms": round(statistics.median(times), 1),
        "query_p95_ms": round(times[int(0.95 * (len(times) - 1))], 1),
        "ready_seconds": round(queries["ready_seconds"], 2),
        "found": [[Path(path).name for path in paths] for paths in queries["found"]],
    }


def measure_awkward(trial: Trial) -> dict[str, Any]:
    """Index good photos and files that cannot be read; return what happened to each."""
    trial.prepare("awkward-state")
    outcome = trial.do("index", "awkward-state", "awkward")
    indexed = trial.list_names("awkward-state", "awkward")
    _, ledger = trial.read("list", "awkward-state", "awkward")
    return {
        "status": outcome.status,
        "seconds": round(outcome.seconds, 1),
        "peak_mb": round(outcome.peak_mb),
        "good_indexed": len([name for name in indexed if name not in AWKWARD]),
        "files": {name: judge_file(name, indexed, outcome.output, ledger) for name in AWKWARD},
        "last_line": outcome.output.strip().splitlines()[-1][:200] if outcome.status != 0 and outcome.output else "",
    }


def judge_file(name: str, indexed: list[str], output: str, ledger: str) -> str:
    """Return whether a file was indexed, and whether the output or the ledger names it as one with a problem."""
    if name in indexed:
        return "indexed, reported" if name in ledger else "indexed"
    return "reported" if name in output + ledger else "silent"


def measure_kill(trial: Trial, seconds: float) -> dict[str, Any]:
    """Kill a run after a part of the seconds that it takes, run it again, and compare what is indexed."""
    trial.prepare("killed-state")
    killed = trial.do("index", "killed-state", "killed", kill_after=KILLED_AT * seconds)
    left = len(set(trial.list_names("killed-state", "killed")))
    second = trial.do("index", "killed-state", "killed")
    names = trial.list_names("killed-state", "killed")
    return {
        "was_killed": killed.status == -9,
        "killed_after_seconds": round(killed.seconds, 1),
        "kept": left,
        "second_status": second.status,
        "second_seconds": round(second.seconds, 1),
        "indexed": len(set(names)),
        "twice": len(names) - len(set(names)),
    }


def measure(
    product: Product, photos: list[Path], work: Path, parts: Sequence[str], save: Callable[[dict[str, Any]], object]
) -> None:
    """Measure parts of a product; each adds to the stored result.

    Args:
        product: The product.
        photos: The photos; the last ten are added later.
        work: The folder of the virtual environments, the weights and the prepared states.
        parts: Of `PARTS`, in that order.
        save: Called with the result after each part.
    """
    python = make_environment(product.environment, work / "venvs")
    result = dict(read_results("products").get(product.name, {"name": product.name}))
    for part in parts:
        with tempfile.TemporaryDirectory(prefix="peers-") as folder:
            trial = Trial(product, python, work, Path(folder))
            trial.prepare_template()
            speed = measure_speed()
            result |= measure_part(part, trial, photos, result)
        if part == "indexing":
            kept = describe(photos[:-ADDED])
            result |= {"date": read_date(), "machine": describe_machine(), "photos": kept}
            result |= {"versions": _choose_versions(product, python)}
            result |= {"speed_before": speed, "speed_after": measure_speed()}
        save(result)


def measure_part(part: str, trial: Trial, photos: list[Path], result: Mapping[str, Any]) -> dict[str, Any]:
    """Return the figures of one of `PARTS` by its name."""
    kept, added = photos[:-ADDED], photos[-ADDED:]
    if part == "indexing":
        copy_photos(kept, trial.scratch / "photos")
        return {part: measure_indexing(trial, trial.scratch, added, len(kept))}
    if part == "awkward":
        copy_photos(kept[:GOOD_NEXT_TO_AWKWARD], trial.scratch / "awkward")
        add_awkward_files(trial.scratch / "awkward", kept[GOOD_NEXT_TO_AWKWARD])
        return {part: measure_awkward(trial)}
    seconds = result.get("indexing", {}).get("first_seconds")
    if seconds is None:
        return {}
    copy_photos(kept, trial.scratch / "killed")
    return {part: measure_kill(trial, seconds)}


def _choose_versions(product: Product, python: Path) -> dict[str, str]:
    versions = read_versions(python)
    names = (product.package, "torch", "onnxruntime", "open-clip-torch", "faiss-cpu", "transformers")
    return {name: versions[name] for name in names if name in versions}


def write_weights(environments: Path, weights: Path) -> None:
    """Write the random weights, unless they exist."""
    weights.mkdir(parents=True, exist_ok=True)
    for environment, script, product in (("plain", "weights.py", "model.pt"), ("txtai", "txtai_weights.py", "txtai")):
        if not (weights / product).exists():
            python = make_environment(environment, environments)
            subprocess.run([python, RUNNERS / script, weights], check=True)


def _measure_disk(folder: Path) -> float:
    """Return the size of a folder in MB without links, so without the weights."""
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    return sum(path.stat().st_size for path in files) / 1e6
