"""Measure the time of a search without encoding, by the size of the library.

    python benchmarks/evaluation/speed.py --home HOME --out FOLDER [--sizes 10000 100000]

Creates libraries with the requested number of segments from the vectors and texts of a real library. Noise is added to
each vector, so that it is like that of a similar photo or passage. Two thirds are images, one third passages. Queries
are class names, which a small part of a library answers, and everyday concepts, which up to a fifth of a library of
everyday photos answers. Each is encoded once before it is timed, and no ranking is reused. The baseline is the bare
FAISS search of the same index with the same vectors.
"""

import argparse
import gc
import itertools
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

from search.encoders.class_names import read_classes
from search.engine import Engine
from search.open_home import OpenHome, open_home
from search.records import Answer, Filters, Query, Retriever, SegmentKind, State, Vectors
from search.settings import read_settings
from search.storage import tables as t
from search.storage.database import now
from search.storage.faiss_index import search_index

QUERIES = 60
BLOCK = 5_000


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


def measure(library: OpenHome, size: int) -> None:
    """Print a line of figures for each kind of query."""
    engine = Engine(library)
    engine.warm_up()
    gc.collect()
    gc.freeze()  # as the server does
    snapshot = library.indexes[Retriever.VISUAL].refresh(library.catalog.read_revision())
    assert snapshot.generation is not None
    index = snapshot.generation.index
    nothing = np.zeros(0, np.int64)
    names = [class_names.names["en"][0] for class_names in read_classes()[:: 1000 // QUERIES]]
    concepts = [concept.text for split in ("fit", "judge") for concept in read_concepts(split)]
    for kind, texts in (("names", names), ("concepts", concepts)):
        for text in texts:  # the encoders cache texts
            library.models.text_encoder.encode_queries([text])
        vectors = [library.models.image_encoder.encode_texts([text]) for text in texts]
        baseline = time_calls([partial(search_index, index, vector, 256, None, nothing) for vector in vectors])
        whole = time_calls([make_search(engine, Query(text=text)) for text in texts])
        filters = Filters(path="/made/5")
        filtered = time_calls([make_search(engine, Query(text=text, filters=filters)) for text in texts])
        totals = [engine.search(Query(text=text)).total for text in texts]
        print(
            f"{size:>9,}  {kind:8}  relevant {statistics.median(totals):7,.0f}   bare search {baseline[0]:6.2f} ms   "
            f"engine {whole[0]:6.2f} ms (95 %: {whole[1]:.1f})   under a filter of 0.1 % {filtered[0]:6.2f} ms",
            flush=True,
        )


def main() -> None:
    """Print the figures of every size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000])
    options = parser.parse_args()
    real = open_home(read_settings(home=options.home))
    originals = read_originals(real)
    real.close()
    for size in options.sizes:
        home = options.out / f"speed-{size}"
        shutil.rmtree(home, ignore_errors=True)
        library = open_home(read_settings(home=home), create=True)
        fill(library, originals, size)
        measure(library, size)
        library.close()
        shutil.rmtree(home)


if __name__ == "__main__":
    main()
