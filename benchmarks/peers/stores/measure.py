"""Measure one vector store; started by the interpreter of its environment.

    PYTHON measure.py STORE LIBRARY.npz FOLDER OUT.json

Each query is one call for ten results. Only numpy and the store are imported.
"""

import gc
import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np

K, WARM_UP, DELETED = 10, 10, 1_000
ALL, TEN_PERCENT, ONE_PERCENT = 100, 10, 1
Search = Callable[[np.ndarray], np.ndarray]


class Store(Protocol):
    """A vector store. The id of a vector is its position; `bucket` is a number from 0 to 99."""

    def build(self, vectors: np.ndarray, buckets: np.ndarray, folder: Path) -> None:
        """Store vectors, shape (n, d), float32, unit length, and make them searchable."""

    def search(self, query: np.ndarray, below: int | None) -> np.ndarray:
        """Return the ids of the ten nearest vectors; with `below`, only those whose bucket is less."""

    def delete(self, ids: np.ndarray) -> None:
        """Delete vectors. Raise NotImplementedError if the store cannot."""

    def list_processes(self) -> list[int]:
        """Return the processes whose memory belongs to the store, besides this one."""


def read_memory(processes: list[int]) -> float:
    """Return the memory of this process and of others in MB; shared memory counts once."""
    kilobytes = 0
    for process in [os.getpid(), *processes]:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        kilobytes += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return kilobytes / 1000


def time_queries(search: Search, queries: np.ndarray, exact: np.ndarray) -> dict[str, float]:
    """Return the recall of the first ten, and the median and the 95th percentile of the time in milliseconds."""
    for query in queries[:WARM_UP]:
        search(query)
    milliseconds, recalls = [], []
    for query, right in zip(queries, exact, strict=True):
        began = time.perf_counter()
        found = search(query)
        milliseconds.append((time.perf_counter() - began) * 1000)
        recalls.append(len(np.intersect1d(found, right)) / len(right))
    return {
        "median_ms": round(float(np.median(milliseconds)), 3),
        "p95_ms": round(float(np.percentile(milliseconds, 95)), 3),
        "recall": round(float(np.mean(recalls)), 4),
    }


def measure_deletion(store: Store, queries: np.ndarray, found: list[np.ndarray], count: int) -> dict[str, Any]:
    """Delete 1,000 vectors, first those that were found, and search until none of them is returned."""
    results = np.unique(np.concatenate(found))
    rest = np.setdiff1d(np.arange(count), results)
    ids = np.concatenate([results, rest])[:DELETED].astype(np.int64)
    began = time.perf_counter()
    try:
        store.delete(ids)
    except NotImplementedError as error:
        return {"error": str(error)}
    store.search(queries[0], None)
    seconds = time.perf_counter() - began
    returned = sum(int(np.isin(store.search(query, None), ids).sum()) for query in queries)
    return {"seconds": round(seconds, 3), "still_returned": returned}


def main() -> None:
    """Write the figures."""
    name, library, folder, out = sys.argv[1], *(Path(argument) for argument in sys.argv[2:5])
    with np.load(library) as file:
        data = {key: file[key] for key in file.files}
    vectors, buckets, queries = data["vectors"], data["buckets"], data["queries"]
    module, _, variant = name.partition("-")
    store = importlib.import_module(f"{module}_store").make(variant)
    store.build(vectors[:K].copy(), buckets[:K], folder / "first")  # imports and starts what is needed
    gc.collect()
    before = read_memory([])
    store = importlib.import_module(f"{module}_store").make(variant)
    began = time.perf_counter()
    store.build(vectors, buckets, folder / "store")
    result: dict[str, Any] = {"build_seconds": round(time.perf_counter() - began, 2)}
    found = [store.search(query, None) for query in queries]
    gc.collect()
    result["memory_mb"] = round(read_memory(store.list_processes()) - before)
    for key, below in (("all", None), ("ten_percent", TEN_PERCENT), ("one_percent", ONE_PERCENT)):
        exact = data[f"exact_{below or ALL}"]
        result[key] = time_queries(lambda query, below=below: store.search(query, below), queries, exact)
        print(key, result[key], flush=True)
    result["disk_mb"] = round(sum(p.stat().st_size for p in (folder / "store").rglob("*") if p.is_file()) / 1e6)
    result["deletion"] = measure_deletion(store, queries, found, len(vectors))
    out.write_text(json.dumps(result), encoding="utf-8")


if __name__ == "__main__":
    main()
