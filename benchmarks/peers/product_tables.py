"""The tables of programs in docs/comparison.md."""

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.peers.folders import AWKWARD
from docs.filter_tables import make_table

Results = Mapping[str, Mapping[str, Any]]
# The names in tables, in their order.
NAMES = {
    "crossmodal-float32": "Crossmodal, float32",
    "crossmodal-fastest": "Crossmodal, as it chooses",
    "plain": "open_clip and FAISS, plain script",
    "rclip": "rclip",
    "clip-retrieval": "clip-retrieval",
    "txtai": "txtai",
    "materialsearch": "MaterialSearch",
    "crossmodal-bundled": "Crossmodal, bundled model (other weights)",
}
NOT_MEASURED = "not measured"


def order(results: Results, part: str) -> list[Mapping[str, Any]]:
    """Return the results that have a part, in the order of the tables."""
    return [results[name] for name in NAMES if part in results.get(name, {})]


def show(value: float | None, digits: int = 1) -> str:
    """Return a number as it is written in a table."""
    return NOT_MEASURED if value is None else f"{value:,.{digits}f}"


def count_shared(found: Sequence[Sequence[str]], others: Sequence[Sequence[str]]) -> float | None:
    """Return how many of the ten results of a query two programs share, on average; None without queries."""
    pairs = [len(set(own) & set(other)) for own, other in zip(found, others, strict=False)]
    return sum(pairs) / len(pairs) if pairs else None


def make_indexing_table(results: Results) -> str:
    """Return the table of index runs."""
    rows = []
    for result in order(results, "indexing"):
        figures = result["indexing"]
        if "error" in figures:
            what = "not finished in time" if figures["status"] is None else f"stopped with status {figures['status']}"
            rows.append((NAMES[result["name"]], what, *[""] * 5))
            continue
        seconds = (show(figures[f"{key}_seconds"]) for key in ("first", "again", "add"))
        memory = (show(figures["peak_mb"], 0), show(figures["disk_mb"]))
        rows.append((NAMES[result["name"]], *seconds, show(figures["images_per_second"]), *memory))
    heads = ("", "first run, s", "again, s", "ten more, s", "photos per second", "peak memory, MB", "on disk, MB")
    return make_table(heads, rows)


def make_query_table(results: Results) -> str:
    """Return the table of text queries."""
    reference = results.get("plain", {}).get("indexing", {}).get("found", [])
    rows = []
    for result in order(results, "indexing"):
        figures = result["indexing"]
        shared = count_shared(figures.get("found", []), reference)
        same = "" if result["name"] == "crossmodal-bundled" else show(shared)
        times = [show(figures.get(key)) for key in ("ready_seconds", "query_median_ms", "query_p95_ms")]
        rows.append((NAMES[result["name"]], *times, same))
    heads = (
        "",
        "until the first answer, s",
        "median, ms",
        "95th percentile, ms",
        "of ten results, as the script",
    )
    return make_table(heads, rows)


def make_awkward_table(results: Results) -> str:
    """Return the table of files that cannot be read."""
    rows = []
    for result in order(results, "awkward"):
        figures = result["awkward"]
        status = "no end" if figures["status"] is None else str(figures["status"])
        files = (figures["files"][name] for name in AWKWARD)
        rest = (f"{figures['good_indexed']} of 20", status, show(figures["peak_mb"], 0))
        rows.append((NAMES[result["name"]], *files, *rest))
    return make_table(("", *AWKWARD.values(), "other photos", "exit status", "peak memory, MB"), rows)


def make_kill_table(results: Results) -> str:
    """Return the table of runs that were killed."""
    rows = []
    for result in order(results, "kill"):
        figures = result["kill"]
        if not figures["was_killed"]:
            rows.append((NAMES[result["name"]], NOT_MEASURED, *[""] * 4))
            continue
        count = result["photos"]["count"]
        rows.append(
            (
                NAMES[result["name"]],
                show(figures["killed_after_seconds"]),
                f"{figures['kept']} of {count}",
                show(figures["second_seconds"]),
                f"{figures['indexed']} of {count}",
                str(figures["twice"]),
            )
        )
    heads = ("", "killed after, s", "found after the kill", "second run, s", "found then", "stored twice")
    return make_table(heads, rows)


def make_version_table(results: Results) -> str:
    """Return the versions, the dates, and the speed of the machine around each run."""
    rows = []
    for result in order(results, "indexing"):
        versions = ", ".join(f"{name} {version}" for name, version in sorted(result["versions"].items()))
        speed = f"{result['speed_before']:.0f}, {result['speed_after']:.0f}"
        rows.append((NAMES[result["name"]], versions, result["date"], speed))
    return make_table(("", "versions", "date", "GFLOP/s before and after"), rows)
