"""Compare Crossmodal with other programs and vector stores.

    python -m benchmarks.peers products PHOTOS [--only NAME ...] [--count 200] [--work FOLDER]
    python -m benchmarks.peers vectors --home HOME --queries FILE [--work FOLDER]
    python -m benchmarks.peers stores [--only NAME ...] [--sizes 10000 100000] [--work FOLDER]
    python -m benchmarks.peers document

Each peer gets a virtual environment in FOLDER, from its pinned requirements in benchmarks/peers/requirements. All
programs use the same random weights, so these figures are of speed, not of quality. `vectors` writes the vectors that
the stores are measured with: those of a home, repeated with noise. `document` writes docs/comparison.md.
"""

import argparse
from pathlib import Path
from typing import Any

from benchmarks.peers import document, products, store_runs, vectors
from benchmarks.peers.results import write_result

DEFAULT_WORK = Path("build/peers")


def run_products(options: argparse.Namespace) -> None:
    photos = sorted(options.photos.rglob("*.jpg"))[: options.count + products.ADDED]
    products.write_weights(options.work / "venvs", options.work / "weights")
    for name in options.only or products.PRODUCTS:
        products.measure(products.PRODUCTS[name], photos, options.work, options.parts, save_product)


def save_product(result: dict[str, Any]) -> None:
    print(write_result("products", result), flush=True)


def run_vectors(options: argparse.Namespace) -> None:
    vectors.write_vectors(options.home, options.queries, options.work / "vectors.npz")


def run_stores(options: argparse.Namespace) -> None:
    for name in options.only or store_runs.STORES:
        store_runs.measure(name, options.sizes, options.work, save_store)


def save_store(result: dict[str, Any]) -> None:
    print(write_result("stores", result), flush=True)


def run_document(_options: argparse.Namespace) -> None:
    document.DOCUMENT.write_text(document.make_document(), encoding="utf-8")


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("products")
    command.add_argument("photos", type=Path)
    command.add_argument("--count", type=int, default=200)
    command.add_argument("--only", nargs="+", choices=products.PRODUCTS)
    command.add_argument("--parts", nargs="+", choices=products.PARTS, default=products.PARTS)
    command.set_defaults(run=run_products)
    command = commands.add_parser("vectors")
    command.add_argument("--home", type=Path, required=True)
    command.add_argument("--queries", type=Path, required=True, help="A file with one text per line.")
    command.set_defaults(run=run_vectors)
    command = commands.add_parser("stores")
    command.add_argument("--only", nargs="+", choices=store_runs.STORES)
    command.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000])
    command.set_defaults(run=run_stores)
    commands.add_parser("document").set_defaults(run=run_document)
    for command in commands.choices.values():
        command.add_argument("--work", type=Path, default=DEFAULT_WORK)
    options = parser.parse_args()
    options.work = options.work.absolute()
    options.run(options)


if __name__ == "__main__":
    main()
