"""Write the figures of docs/comparison.md from the results. The text around them is written by hand."""

import re
import textwrap
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.peers import leads, product_tables, store_tables
from benchmarks.peers.products import PARTS
from benchmarks.peers.results import read_results
from docs.filter_tables import make_table

DOCUMENT = Path(__file__).parents[2] / "docs/comparison.md"
FEATURES = Path(__file__).parent / "features.toml"
BLOCK = re.compile(r"(<!-- (\w+): written by benchmarks/peers -->\n).*?(<!-- end of \2 -->)", re.S)
SIZES = (10_000, 100_000)
COLUMNS = 100


def make_parts(
    products: Mapping[str, Mapping[str, Any]], stores: Mapping[str, Mapping[str, Any]], features: Mapping[str, Any]
) -> dict[str, str]:
    """Return what is written between the marks, by name."""
    parts = {
        "machine": describe_machine([*products.values(), *stores.values()]),
        "photos": describe_photos(products),
        "indexing": product_tables.make_indexing_table(products),
        "queries": product_tables.make_query_table(products),
        "awkward": product_tables.make_awkward_table(products),
        "kill": product_tables.make_kill_table(products),
        "program_versions": product_tables.make_version_table(products),
        "store_versions": store_tables.make_version_table(stores),
        "program_leads": _join(leads.list_product_leads(products)),
        "missing": _join(list_missing(products, stores)),
        "features": make_feature_table(features),
        "sources": _join([f"- {one['name']}: {_link(one['source'])}" for one in features["program"]]),
    }
    for size in SIZES:
        parts[f"store_queries_{size}"] = store_tables.make_query_table(stores, size)
        parts[f"storage_{size}"] = store_tables.make_storage_table(stores, size)
        parts[f"store_leads_{size}"] = _join(leads.list_store_leads(stores, size))
    return parts


def list_missing(products: Mapping[str, Mapping[str, Any]], stores: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return a line for each program and store of which something has no result yet."""
    lines = []
    for name, label in product_tables.NAMES.items():
        missing = [part for part in PARTS if part not in products.get(name, {})]
        if missing:
            lines.append(f"- {label}: {', '.join(missing)} (`products --only {name}`).")
    for name, label in store_tables.NAMES.items():
        absent = [f"{size:,}" for size in SIZES if str(size) not in stores.get(name, {"sizes": {}})["sizes"]]
        if absent:
            lines.append(f"- {label}: {' and '.join(absent)} vectors (`stores --only {name}`).")
    return lines or ["- Nothing."]


def describe_machine(results: list[Mapping[str, Any]]) -> str:
    """Return a paragraph about the machines of the results."""
    machines = {
        f"{machine['processor']} ({', '.join(machine['instructions'])}), {machine['cores']} cores, "
        f"{machine['memory_gb']} GB of memory, {machine['system']}, Python {machine['python']}"
        for machine in (result["machine"] for result in results if "machine" in result)
    }
    return textwrap.fill(f"Measured on: {'; '.join(sorted(machines))}.", COLUMNS) + "\n"


def describe_photos(products: Mapping[str, Mapping[str, Any]]) -> str:
    """Return a paragraph about the photos of the results."""
    folders = {
        f"{photos['count']} photos, {photos['megabytes']} MB, median {photos['width']} x {photos['height']} pixels"
        for photos in (product["photos"] for product in products.values() if "photos" in product)
    }
    return textwrap.fill(f"Indexed: {'; '.join(sorted(folders))}.", COLUMNS) + "\n"


def make_feature_table(features: Mapping[str, Any]) -> str:
    """Return the table of features: a row per feature, a column per program."""
    names = [program["name"] for program in features["program"]]
    rows = [(one["name"], *(one["has"].get(name, "") for name in names)) for one in features["feature"]]
    return make_table(("", *names), rows)


def insert_parts(text: str, parts: Mapping[str, str]) -> str:
    """Return a text with the parts between their marks. Raise KeyError for a mark without a part."""
    return BLOCK.sub(lambda match: f"{match[1]}{parts[match[2]]}{match[3]}", text)


def make_document() -> str:
    """Return docs/comparison.md with the figures of the results in the repository."""
    features = tomllib.loads(FEATURES.read_text(encoding="utf-8"))
    parts = make_parts(read_results("products"), read_results("stores"), features)
    return insert_parts(DOCUMENT.read_text(encoding="utf-8"), parts)


def _join(lines: list[str]) -> str:
    wrapped = [textwrap.fill(line, COLUMNS, subsequent_indent="  ", break_on_hyphens=False) for line in lines]
    return "\n".join(wrapped or ["Nowhere."]) + "\n"


def _link(source: str) -> str:
    return f"<{source}>" if source.startswith("https://") else f"[documentation]({source})"
