"""Measure the time of a search without encoding, by the size of the library.

    python benchmarks/evaluation/speed.py --home HOME --out FOLDER [--sizes 10000 100000] [--keep]

Creates libraries with the requested number of segments from the vectors and texts of a real library. Noise is added to
each vector, so that it is like that of a similar photo or passage. Two thirds are images, one third passages. Queries
are class names, which a small part of a library answers, and everyday concepts, which up to a fifth of a library of
everyday photos answers. Each is encoded once before it is timed, and no ranking is reused. The baseline is the bare
FAISS search of the same index with the same vectors. FOLDER gets the figures of every size measured so far as
`speed.json`, and how they grow as `speed.svg`.
"""

import argparse
import gc
import itertools
import json
import os
import shutil
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from everyday import read_concepts
from shelf import read_space
from sqlalchemy import insert

from benchmarks.memory import read_memory
from search.encoders.class_names import read_classes
from search.engine import Engine
from search.evaluation.plot import Axis, Line, draw_chart
from search.open_home import OpenHome, open_home
from search.records import Answer, Filters, Query, Retriever, SegmentKind, State, Vectors
from search.settings import read_settings
from search.storage import tables as t
from search.storage.database import now
from search.storage.faiss_index import search_index
from web.server.tuning import tune_for_requests

QUERIES = 60
KINDS = ("names", "concepts")
BLOCK = 5_000
NOTHING = np.zeros(0, np.int64)


def add_noise(rows: Vectors, rng: np.random.Generator) -> Vectors:
    """Return unit vectors near the given unit vectors, with a cosine of about 0.9, shape (n, d)."""
    noise = rng.normal(size=rows.shape).astype(np.float32)
    moved = rows + 0.45 * noise / np.linalg.norm(noise, axis=1, keepdims=True)
    result: Vectors = moved / np.linalg.norm(moved, axis=1, keepdims=True)
    return result


def read_originals(library: OpenHome) -> dict[Retriever, tuple[Vectors, list[str | None]]]:
    """Return the vectors and texts of a real library, by retriever."""
    originals = {}
    for retriever in library.indexes:
        vectors, metadata, _ = read_space(library, retriever)
        segments = library.catalog.read_segments(metadata["segment"].tolist())
        originals[retriever] = (
            vectors,
            [segments[segment_id].segment.text for segment_id in metadata["segment"].tolist()],
        )
    return originals


def fill(library: OpenHome, originals: dict[Retriever, tuple[Vectors, list[str | None]]], size: int) -> None:
    """Write `size` items with one segment each, and build the indexes."""
    rng = np.random.default_rng(size)
    source = library.sources.add("/made")
    number = 0
    for retriever, share, kind in (
        (Retriever.VISUAL, 2 / 3, SegmentKind.IMAGE),
        (Retriever.SEMANTIC, 1 / 3, SegmentKind.PASSAGE),
    ):
        vectors, texts = originals[retriever]
        for drawn in draw_positions(round(size * share), len(vectors), rng):
            rows = add_noise(vectors[drawn], rng).astype("<f2")
            segments = [
                {"id": number + position, "item_id": number + position, "kind": kind, "text": texts[original]}
                for position, original in enumerate(drawn.tolist(), 1)
            ]
            write_block(library, retriever, source, segments, rows)
            number += len(rows)
    revision = library.catalog.read_revision()
    for space in library.indexes.values():
        space.build(revision)


def write_block(
    library: OpenHome, retriever: Retriever, source: int, segments: Sequence[dict[str, Any]], rows: Vectors
) -> None:
    """Write items with one segment and one embedding each in one transaction; all three have the same id.

    Args:
        library: The library.
        retriever: The retriever whose space the embeddings belong to.
        source: The source of the items.
        segments: The rows of the segments.
        rows: The embeddings, shape (n, d), float16.
    """
    ids = [segment["id"] for segment in segments]
    moment = now()
    items = [
        {
            "id": number,
            "source_id": source,
            "path": f"/made/{number % 997}/{number}.x",
            "type": "image" if retriever is Retriever.VISUAL else "document",
            "state": State.INDEXED,
            "size": 1,
            "mtime_ns": number * 10**12,
            "indexed_at": moment,
        }
        for number in ids
    ]
    space_id = library.indexes[retriever].space_id
    embeddings = [
        {"id": number, "segment_id": number, "space_id": space_id, "vector": row.tobytes()}
        for number, row in zip(ids, rows, strict=True)
    ]
    with library.catalog.database.write() as db:
        for table, values in ((t.item, items), (t.segment, segments), (t.embedding, embeddings)):
            db.execute(insert(table), values)


def draw_positions(count: int, originals: int, rng: np.random.Generator) -> Iterator[np.typing.NDArray[np.int64]]:
    """Yield random positions of originals, with replacement, in blocks."""
    for start in range(0, count, BLOCK):
        yield rng.integers(originals, size=min(BLOCK, count - start))


def time_calls(calls: Sequence[Callable[[], object]]) -> tuple[float, float]:
    """Return the median and the 95th percentile in milliseconds over the calls, each the fastest of three runs."""
    fastest = []
    for call in calls:
        milliseconds = []
        for _ in range(3):
            began = time.perf_counter()
            call()
            milliseconds.append((time.perf_counter() - began) * 1000)
        fastest.append(min(milliseconds))
    return statistics.median(fastest), float(np.percentile(fastest, 95))


def make_search(engine: Engine, query: Query) -> Callable[[], Answer]:
    """Return a function that searches without reusing a ranking."""
    counter = itertools.count()
    # A negligible difference of weights changes no order, but makes it a different query.
    return lambda: engine.search(replace(query, weights={Retriever.VISUAL: 1 + 1e-12 * next(counter)}))


def open_engine(home: Path) -> tuple[Engine, float]:
    """Return an engine as the server runs it, and the seconds that opening the home and its indexes took."""
    began = time.perf_counter()
    library = open_home(read_settings(home=home))
    revision = library.catalog.read_revision()
    for index in library.indexes.values():
        index.refresh(revision)
    seconds = time.perf_counter() - began
    engine = Engine(library)
    engine.warm_up()
    tune_for_requests()
    gc.collect()
    gc.freeze()
    return engine, seconds


def measure(home: Path) -> dict[str, Any]:
    """Return the figures of a library: milliseconds by kind of query, and seconds to open it."""
    engine, seconds = open_engine(home)
    library = engine.library
    snapshot = library.indexes[Retriever.VISUAL].refresh(library.catalog.read_revision())
    assert snapshot.generation is not None
    index = snapshot.generation.index
    names = [class_names.names["en"][0] for class_names in read_classes()[:: 1000 // QUERIES]]
    concepts = [concept.text for split in ("fit", "judge") for concept in read_concepts(split)]
    figures: dict[str, Any] = {"opened_s": seconds}
    for kind, texts in (("names", names), ("concepts", concepts)):
        for text in texts:  # the encoders cache texts
            library.models.text_encoder.encode_queries([text])
        vectors = [library.models.image_encoder.encode_texts([text]) for text in texts]
        baseline = time_calls([partial(search_index, index, vector, 256, None, NOTHING) for vector in vectors])
        whole = time_calls([make_search(engine, Query(text=text)) for text in texts])
        filters = Filters(path="/made/5")
        filtered = time_calls([make_search(engine, Query(text=text, filters=filters)) for text in texts])
        again = time_calls([partial(engine.search, Query(text=text)) for text in texts])
        figures[kind] = {
            "relevant": statistics.median(engine.search(Query(text=text)).total for text in texts),
            "bare": baseline,
            "engine": whole,
            "filtered": filtered,
            "again": again,
        }
    figures["memory_mib"] = read_memory(os.getpid())
    library.close()
    return figures


def print_figures(size: int, figures: dict[str, Any]) -> None:
    """Print a line for each kind of query."""
    print(f"{size:>9,}  opened in {figures['opened_s']:.2f} s, {figures['memory_mib']} MiB with mapped files")
    for kind in KINDS:
        found = figures[kind]
        (bare, _), (whole, high), (filtered, _), (again, _) = (
            found[name] for name in ("bare", "engine", "filtered", "again")
        )
        print(
            f"           {kind:8}  relevant {found['relevant']:7,.0f}   bare search {bare:6.2f} ms   "
            f"engine {whole:6.2f} ms (95 %: {high:.1f})   under a filter of 0.1 % {filtered:6.2f} ms   "
            f"again {again:.2f} ms",
            flush=True,
        )


def draw_growth(measured: dict[int, dict[str, Any]]) -> str:
    """Return the chart of the milliseconds by the size of the library."""
    lines = [
        Line(f"{kind}, {label}", [(size, figures[kind][name][at]) for size, figures in measured.items()], dashed=at > 0)
        for kind in KINDS
        for name, at, label in (("engine", 0, "engine"), ("engine", 1, "engine, 95 %"), ("bare", 0, "bare FAISS"))
    ]
    lines.append(Line("the same query again", [(size, found["names"]["again"][0]) for size, found in measured.items()]))
    sizes = Axis("segments in the library", {size: f"{size:,}" for size in measured}, logarithmic=True)
    milliseconds = Axis("milliseconds", {tick: f"{tick:g}" for tick in (0.1, 1, 10, 100, 1000)}, logarithmic=True)
    return draw_chart("A search without encoding", sizes, milliseconds, lines)


def main() -> None:
    """Print the figures of every size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--keep", action="store_true", help="Keep the libraries, and use those that are there.")
    options = parser.parse_args()
    results = options.out / "speed.json"
    measured = {int(size): found for size, found in json.loads(results.read_text()).items()} if results.exists() else {}
    for size in options.sizes:
        home = options.out / f"speed-{size}"
        if not (options.keep and home.exists()):
            make_library(options.home, home, size)
        measured[size] = measure(home)
        print_figures(size, measured[size])
        measured = dict(sorted(measured.items()))
        results.write_text(json.dumps(measured, indent=1), encoding="utf-8")
        (options.out / "speed.svg").write_text(draw_growth(measured), encoding="utf-8")
        if not options.keep:
            shutil.rmtree(home)


def make_library(real_home: Path, home: Path, size: int) -> None:
    """Create a library of `size` segments from the vectors and texts of a real one."""
    with open_home(read_settings(home=real_home)) as real:
        originals = read_originals(real)
    shutil.rmtree(home, ignore_errors=True)
    with open_home(read_settings(home=home), create=True) as library:
        fill(library, originals, size)


if __name__ == "__main__":
    main()
