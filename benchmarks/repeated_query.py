"""Measure repeated queries at the same revision of the catalog.

    python benchmarks/repeated_query.py --home HOME [--limits 20 100]

Runs queries for everyday things, each once and then repeatedly, by text and by an image of 1 MB. Prints the median
milliseconds of the first run, and the median and the 95th percentile of the repetitions.
"""

import argparse
import io
import statistics
import time
from pathlib import Path

import numpy as np
from PIL import Image

from search.engine import Engine
from search.open_home import open_home
from search.records import Query, QueryPart
from search.settings import read_settings

TEXTS = (
    "a child",
    "a dog",
    "street",
    "a red flower",
    "a boat",
    "snow",
    "a bicycle",
    "a crowd of people",
    "water",
    "a man",
)
ROUNDS = 20


def measure(engine: Engine, query: Query) -> float:
    """Return the milliseconds that a query takes."""
    began = time.perf_counter()
    engine.search(query)
    return (time.perf_counter() - began) * 1000


def make_upload() -> bytes:
    """Return an image file of about 1 MB."""
    noise = np.random.default_rng(0).integers(0, 255, (800, 900, 3), np.uint8)
    stream = io.BytesIO()
    Image.fromarray(noise).save(stream, "JPEG", quality=90)
    return stream.getvalue()


def main() -> None:
    """Print the figures for every limit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--limits", type=int, nargs="+", default=[20, 100])
    options = parser.parse_args()
    library = open_home(read_settings(home=options.home))
    engine = Engine(library)
    engine.warm_up()
    upload = QueryPart(image=make_upload())
    for limit in options.limits:
        queries = {
            "text": [Query(text=text, limit=limit) for text in TEXTS],
            "whole ranking": [Query(text=text, limit=limit, include_all=True) for text in TEXTS],
            "image": [Query(parts=(upload,), limit=limit, include_all=True)],
        }
        for kind, queries_of_kind in queries.items():
            first = [measure(engine, query) for query in queries_of_kind]
            repeated = [measure(engine, query) for _ in range(ROUNDS) for query in queries_of_kind]
            print(
                f"{kind:<14} {limit:>4} results   first {statistics.median(first):7.1f} ms   "
                f"again {statistics.median(repeated):5.2f} ms (95 %: {np.percentile(repeated, 95):.2f})",
                flush=True,
            )
    library.close()


if __name__ == "__main__":
    main()
