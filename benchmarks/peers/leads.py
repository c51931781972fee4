"""Where others are ahead of Crossmodal, from the results."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.peers import product_tables, store_tables

Results = Mapping[str, Mapping[str, Any]]
# The configuration with the same weights and the same arithmetic as the peers.
OWN_PRODUCT, OWN_STORE = "crossmodal-float32", "crossmodal"
# Differences below this fraction are noise on a machine with two virtual cores.
MARGIN = 0.1
NOT_MEASURED = "Not measured: there is no figure of Crossmodal to compare with."


@dataclass(frozen=True)
class Measure:
    """A figure that is compared.

    Attributes:
        key: Where it is in a result.
        label: Its name in the list.
        unit: Its unit.
        is_more_better: Whether a higher figure is better.
    """

    key: str
    label: str
    unit: str
    is_more_better: bool = False


PRODUCT_MEASURES = (
    Measure("images_per_second", "First run", "photos per second", is_more_better=True),
    Measure("again_seconds", "Run without changes", "s"),
    Measure("add_seconds", "Ten more photos", "s"),
    Measure("ready_seconds", "Until the first answer", "s"),
    Measure("query_median_ms", "Text query, median", "ms"),
    Measure("peak_mb", "Peak memory", "MB"),
    Measure("disk_mb", "On disk", "MB"),
)
STORE_MEASURES = (
    Measure("build_seconds", "Build", "s"),
    Measure("memory_mb", "Memory", "MB"),
    Measure("disk_mb", "On disk", "MB"),
    Measure("all.median_ms", "Query, median", "ms"),
    Measure("ten_percent.median_ms", "Query with a filter of 10 %, median", "ms"),
    Measure("one_percent.median_ms", "Query with a filter of 1 %, median", "ms"),
    Measure("all.recall", "Recall", "", is_more_better=True),
    Measure("deletion.seconds", "Delete 1,000 and search", "s"),
)


def find(figures: Mapping[str, Any], key: str) -> float | None:
    """Return a figure by its key; dots separate levels. None if it was not measured."""
    value: Any = figures
    for part in key.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return None
        value = value[part]
    return float(value)


def is_ahead(measure: Measure, other: float, own: float) -> bool:
    """Return whether another figure is better by more than the margin; recall by more than 0.005."""
    if measure.key.endswith("recall"):
        return other > own + 0.005
    return other > own * (1 + MARGIN) if measure.is_more_better else other < own * (1 - MARGIN)


def list_leads(
    figures: Mapping[str, Mapping[str, Any]], own: str, names: Mapping[str, str], measures: tuple[Measure, ...]
) -> list[str]:
    """Return a line for each figure in which others are ahead.

    Args:
        figures: The figures by name.
        own: The name of ours.
        names: The names to write; others are not compared.
        measures: The figures to compare.
    """
    lines = []
    for measure in measures:
        mine = find(figures[own], measure.key)
        others = {name: find(figures[name], measure.key) for name in names if name in figures and name != own}
        ahead = {name: value for name, value in others.items() if value is not None and mine is not None}
        ahead = {name: value for name, value in ahead.items() if is_ahead(measure, value, mine or 0.0)}
        if ahead and mine is not None:
            parts = [f"{names[name]} {write(value, measure)}" for name, value in ahead.items()]
            lines.append(f"- {measure.label}: {', '.join(parts)}; Crossmodal {write(mine, measure)}.")
    return lines


def write(value: float, measure: Measure) -> str:
    """Return a figure with its unit."""
    digits = 0 if value >= 100 else 1 if value >= 10 else 3 if measure.key.endswith("recall") else 2
    return f"{value:,.{digits}f} {measure.unit}".rstrip()


def list_product_leads(results: Results) -> list[str]:
    """Return where other programs with the same weights are ahead."""
    figures = {name: result.get("indexing", {"error": ""}) for name, result in results.items()}
    figures = {name: one for name, one in figures.items() if "error" not in one}
    names = {name: label for name, label in product_tables.NAMES.items() if not name.startswith("crossmodal")}
    return list_leads(figures, OWN_PRODUCT, names, PRODUCT_MEASURES) if OWN_PRODUCT in figures else [NOT_MEASURED]


def list_store_leads(results: Results, size: int) -> list[str]:
    """Return where other stores are ahead at a size."""
    figures = {name: result["sizes"].get(str(size), {"error": ""}) for name, result in results.items()}
    figures = {name: one for name, one in figures.items() if "error" not in one}
    return (
        list_leads(figures, OWN_STORE, store_tables.NAMES, STORE_MEASURES) if OWN_STORE in figures else [NOT_MEASURED]
    )
