"""How long the engine takes beside encoding, and how that grows with the library.

    python benchmarks/evaluation/speed.py --home HOME --out FOLDER [--sizes 10000 100000]

Makes libraries of the sizes asked (segments in all) from the vectors and texts of a real one: each copy is moved a
little at random, as another photo of the like, or another passage, would lie. Two thirds are pictures, one third
passages. Queries are class names; a text query is encoded once before it is timed. Beside the whole it gives the
floor: the bare FAISS search of the same index, same vectors.
"""

import argparse
import shutil
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from shelf import read_space
from sqlalchemy import insert

from search.engine import Engine
from search.library import Library, open_library
from search.models.compact.training.data import read_classes
from search.records import Filters, Lane, Query, SegmentKind, State, Vectors
from search.settings import read_settings
from search.store import tables as t
from search.store.database import now
from search.store.vectors import search_index

QUERIES = 60
BLOCK = 5_000


def move(rows: Vectors, chance: np.random.Generator) -> Vectors:
    """Give unit vectors near others: cosine about 0.9."""
    noise = chance.normal(size=rows.shape).astype(np.float32)
    moved = rows + 0.45 * noise / np.linalg.norm(noise, axis=1, keepdims=True)
    result: Vectors = moved / np.linalg.norm(moved, axis=1, keepdims=True)
    return result


def read_originals(library: Library) -> dict[Lane, tuple[Vectors, list[str | None]]]:
    """Give the vectors and texts of a real library by lane."""
    originals = {}
    for lane in library.spaces:
        vectors, owners, _ = read_space(library, lane)
        found = library.catalogue.read_segments(owners["segment"].tolist())
        originals[lane] = (vectors, [found[one].segment.text for one in owners["segment"].tolist()])
    return originals


def fill(library: Library, originals: dict[Lane, tuple[Vectors, list[str | None]]], size: int) -> None:
    """Write items of one segment each until there are `size`."""
    chance = np.random.default_rng(size)
    source = library.sources.add("/made")
    number = 0
    for lane, share, kind in (
        (Lane.PICTURE, 2 / 3, SegmentKind.PICTURE),
        (Lane.MEANING, 1 / 3, SegmentKind.PASSAGE),
    ):
        vectors, texts = originals[lane]
        for drawn in split(round(size * share), len(vectors), chance):
            rows = move(vectors[drawn], chance).astype("<f2")
            with library.catalogue.database.write() as db:
                items, segments, embeddings = [], [], []
                for row, original in zip(rows, drawn.tolist(), strict=True):
                    number += 1
                    items.append(
                        {
                            "id": number,
                            "source_id": source,
                            "path": f"/made/{number % 997}/{number}.x",
                            "type": "image" if lane is Lane.PICTURE else "document",
                            "state": State.INDEXED,
                            "size": 1,
                            "mtime_ns": number * 10**12,
                            "indexed_at": now(),
                        }
                    )
                    segments.append({"id": number, "item_id": number, "kind": kind, "text": texts[original]})
                    embeddings.append(
                        {
                            "id": number,
                            "segment_id": number,
                            "space_id": library.spaces[lane].space_id,
                            "vector": row.tobytes(),
                        }
                    )
                for table, values in ((t.item, items), (t.segment, segments), (t.embedding, embeddings)):
                    db.execute(insert(table), values)
    revision = library.catalogue.read_revision()
    for space in library.spaces.values():
        space.build(revision)


def split(count: int, originals: int, chance: np.random.Generator) -> Iterator[np.typing.NDArray[np.int64]]:
    """Draw originals with replacement, in blocks."""
    for start in range(0, count, BLOCK):
        yield chance.integers(originals, size=min(BLOCK, count - start))


def time_calls(calls: list[Callable[[], object]]) -> tuple[float, float]:
    """Give the median and the 95th percentile in milliseconds, after a warm-up."""
    for call in calls[:10]:
        call()
    took = []
    for call in calls:
        began = time.perf_counter()
        call()
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took), float(np.percentile(took, 95))


def measure(library: Library, size: int) -> None:
    """Print a line of figures."""
    engine = Engine(library)
    names = [one.names["en"][0] for one in read_classes()[:: 1000 // QUERIES]]
    for name in names:  # the encoders remember
        library.models.picture.encode_texts([name])
        library.models.meaning.encode_queries([name])
    vectors = [library.models.picture.encode_texts([name]) for name in names]
    snapshot = library.spaces[Lane.PICTURE].refresh(library.catalogue.read_revision())
    assert snapshot.generation is not None
    index = snapshot.generation.index
    nothing = np.zeros(0, np.int64)
    floor = time_calls([lambda v=v: search_index(index, v, 256, None, nothing) for v in vectors])  # type: ignore[misc]
    whole = time_calls([lambda n=n: engine.search(Query(text=n)) for n in names])  # type: ignore[misc]
    some = Filters(path="/made/5")
    kept = time_calls([lambda n=n: engine.search(Query(text=n, filters=some)) for n in names])  # type: ignore[misc]
    print(
        f"{size:>9,}  bare search {floor[0]:6.2f} ms   engine {whole[0]:6.2f} ms (95 %: {whole[1]:.1f})   "
        f"under a filter of 0.1 % {kept[0]:6.2f} ms   ratio {whole[0] / floor[0]:.1f}",
        flush=True,
    )


def main() -> None:
    """Measure every size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000])
    options = parser.parse_args()
    real = open_library(read_settings(home=options.home))
    originals = read_originals(real)
    real.close()
    for size in options.sizes:
        home = options.out / f"speed-{size}"
        shutil.rmtree(home, ignore_errors=True)
        library = open_library(read_settings(home=home), create=True)
        fill(library, originals, size)
        measure(library, size)
        library.close()
        shutil.rmtree(home)


if __name__ == "__main__":
    main()
