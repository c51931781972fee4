"""The tables of vector stores in docs/comparison.md."""

from collections.abc import Mapping
from typing import Any

from docs.filter_tables import make_table

Results = Mapping[str, Mapping[str, Any]]
NAMES = {
    "crossmodal": "Crossmodal",
    "faiss-flat": "FAISS, flat",
    "faiss-hnsw": "FAISS, HNSW",
    "usearch": "usearch",
    "hnswlib": "hnswlib",
    "lancedb": "LanceDB",
    "qdrant": "Qdrant, local mode",
    "milvus": "Milvus Lite",
    "pgvector": "pgvector",
}
HEADS = ("", "build, s", "memory, MB", "on disk, MB", "delete 1,000 and search, ms", "deleted, but returned")
QUERY_HEADS = ("", "median, ms", "95 %, ms", "recall", "10 %: median, ms", "recall", "1 %: median, ms", "recall")


def make_query_table(results: Results, size: int) -> str:
    """Return latency and recall, without and with filters."""
    rows = []
    for name, figures in _order(results, size):
        if "error" in figures:
            rows.append((NAMES[name], _explain(figures), *[""] * 6))
            continue
        cells = [f"{figures['all']['median_ms']:.2f}", f"{figures['all']['p95_ms']:.2f}", _recall(figures["all"])]
        for part in ("ten_percent", "one_percent"):
            cells += [f"{figures[part]['median_ms']:.2f}", _recall(figures[part])]
        rows.append((NAMES[name], *cells))
    return make_table(QUERY_HEADS, rows)


def make_storage_table(results: Results, size: int) -> str:
    """Return build time, memory, disk and deletion."""
    rows = []
    for name, figures in _order(results, size):
        if "error" in figures:
            rows.append((NAMES[name], _explain(figures), *[""] * 4))
            continue
        deletion = figures["deletion"]
        deleted = ("cannot delete", "") if "error" in deletion else _show_deletion(deletion)
        numbers = (f"{figures['build_seconds']:,.1f}", f"{figures['memory_mb']:,}", f"{figures['disk_mb']:,}")
        rows.append((NAMES[name], *numbers, *deleted))
    return make_table(HEADS, rows)


def make_version_table(results: Results) -> str:
    """Return the versions, the dates, and the speed of the machine around each run."""
    rows = []
    for name, label in NAMES.items():
        if name in results:
            result = results[name]
            versions = ", ".join(f"{package} {version}" for package, version in sorted(result["versions"].items()))
            speed = f"{result['speed_before']:.0f}, {result['speed_after']:.0f}"
            rows.append((label, versions, result["date"], speed))
    return make_table(("", "versions", "date", "GFLOP/s before and after"), rows)


def _order(results: Results, size: int) -> list[tuple[str, Mapping[str, Any]]]:
    sizes = [(name, results[name]["sizes"]) for name in NAMES if name in results]
    return [(name, figures[str(size)]) for name, figures in sizes if str(size) in figures]


def _explain(figures: Mapping[str, Any]) -> str:
    if figures["error"] == "not finished in time":
        return f"not finished in {figures['seconds']:.0f} s"
    return "failed"


def _recall(figures: Mapping[str, float]) -> str:
    return f"{figures['recall']:.3f}"


def _show_deletion(deletion: Mapping[str, float]) -> tuple[str, str]:
    return f"{1000 * deletion['seconds']:,.0f}", str(deletion["still_returned"])
