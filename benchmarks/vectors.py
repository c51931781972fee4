"""Measure what the vector index costs, by the number of vectors: the section "Vectors at scale" of docs/evaluation.md.

    python benchmarks/vectors.py --home HOME --out FOLDER [--sizes 1000 10000 100000 1000000] [--steps fill build ...]

Copies with noise of the image vectors of a real library are written to a new home in FOLDER, one item each, and indexed
by another process. The queries are class names and everyday concepts, and real photos that were left out. Recall@10
compares ids with an exhaustive search of the float16 vectors. A search returns the 256 nearest, scored exactly; the
engine searches for 2,048. Homes are kept, so that the steps can run one after the other; delete FOLDER afterwards.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent / "evaluation"))
from everyday import read_concepts
from shelf import read_space
from speed import add_noise, write_block

from crossmodal.cli.worker import SERVED_NICENESS
from search.encoders.class_names import read_classes
from search.open_home import OpenHome, open_home
from search.records import Ids, Retriever, SegmentKind, Vectors
from search.settings import read_settings
from search.storage.embedding_rows import to_float32
from search.storage.ledger import Ledger
from search.storage.snapshot import Snapshot
from search.storage.space_index import SpaceIndex

STEPS = ("fill", "build", "open", "search", "filter", "change", "beside")
QUERIES = 100
BEST, DEPTH, ENGINE_DEPTH = 10, 256, 2_048
BLOCK = 5_000
CHANGED = 1_000
SHARES = (0.001, 0.003, 0.01, 0.05, 0.1, 0.3)
FILTER_QUERIES = 20
# Seconds between two searches during a build, as of a few users.
PAUSE = 0.05


def read_queries(home: Path) -> tuple[Vectors, dict[str, Vectors]]:
    """Return the vectors of a real library that copies are made of, and queries: texts, and images left out of it."""
    with open_home(read_settings(home=home)) as library:
        vectors, _, _ = read_space(library, Retriever.VISUAL)
        names = [known.names["en"][0] for known in read_classes()[:: 2000 // QUERIES]]
        concepts = [concept.text for split in ("fit", "judge") for concept in read_concepts(split)]
        texts = library.models.image_encoder.encode_texts((names + concepts)[:QUERIES])
    shuffled = vectors[np.random.default_rng(5).permutation(len(vectors))]
    return shuffled[QUERIES:], {"texts": texts, "images": shuffled[:QUERIES]}


def fill(library: OpenHome, originals: Vectors, size: int) -> None:
    """Write `size` items with one image each."""
    source, rng = library.sources.add("/made"), np.random.default_rng(size)
    for start in range(0, size, BLOCK):
        write_copies(library, originals, source, range(start + 1, min(start + BLOCK, size) + 1), rng)


def write_copies(
    library: OpenHome, originals: Vectors, source: int, numbers: range, rng: np.random.Generator
) -> Vectors:
    """Write one item with a copy of a random vector for each number, and return the vectors."""
    drawn = rng.integers(len(originals), size=len(numbers))
    rows = add_noise(originals[drawn], rng).astype("<f2")
    segments = [{"id": number, "item_id": number, "kind": SegmentKind.IMAGE, "text": None} for number in numbers]
    write_block(library, Retriever.VISUAL, source, segments, rows)
    return rows


def run_alone(step: str, home: Path) -> "subprocess.Popen[str]":
    """Start a step in a new process, which prints its figures and gives way as the worker of a server does."""
    options = ("--home", str(home), "--out", str(home.parent), "--alone", step)
    command = ["nice", "-n", str(SERVED_NICENESS), sys.executable, __file__, *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def build_alone(space: SpaceIndex) -> None:
    """Build the index; print the seconds and the most own memory of the process."""
    most, began = 0.0, time.perf_counter()
    with ThreadPoolExecutor(1) as pool:
        building = pool.submit(space.build, 0)
        while not wait([building], PAUSE).done:
            most = max(most, read_memory()["RssAnon"])
        building.result()
    elapsed, used = time.perf_counter() - began, time.process_time()
    print(f"built in {elapsed:.1f} s, {used:.1f} s of a core, own memory {most:.0f} MiB")


def open_alone(space: SpaceIndex) -> None:
    """Open the index and search; print the seconds and what the index adds to the memory of the process."""
    before = read_memory()
    began = time.perf_counter()
    snapshot = space.refresh(0)
    opened = time.perf_counter() - began
    queries = np.random.default_rng(0).normal(size=(QUERIES, space.dimension)).astype(np.float32)
    for query in queries / np.linalg.norm(queries, axis=1, keepdims=True):
        find(space, snapshot, query, None, ENGINE_DEPTH)
    after = read_memory()
    print(
        f"opened in {opened:.2f} s; own memory {before['RssAnon']:.0f} MiB before, {after['RssAnon']:.0f} after "
        f"{QUERIES} searches; pages of mapped files {after['RssFile']:.0f} MiB"
    )


def read_memory() -> dict[str, float]:
    """Return the memory of this process in MiB: `RssAnon` is its own, `RssFile` the mapped pages of files."""
    lines = Path("/proc/self/status").read_text().splitlines()
    fields = dict(line.split(":", 1) for line in lines if line.startswith("Rss"))
    return {name: int(value.split()[0]) / 1024 for name, value in fields.items()}


def find(space: SpaceIndex, snapshot: Snapshot, query: Vectors, allowed: Ids | None, depth: int = DEPTH) -> Ids:
    """Return the ids of the best results, of the nearest `depth` scored with their exact vectors."""
    ids, _ = space.search(snapshot, query[None], depth, allowed)[0]
    products = to_float32(snapshot.gather(ids).vectors) @ query
    return ids[np.argsort(-products, kind="stable")[:BEST]]


def find_exactly(snapshot: Snapshot, queries: Vectors, allowed: Ids | None) -> list[Ids]:
    """Return the ids of the best results of an exhaustive search of the generation, per query."""
    assert snapshot.generation is not None
    rows = snapshot.generation.rows
    positions = np.arange(len(rows.ids)) if allowed is None else rows.find(allowed)[1]
    scores = np.full((len(queries), BEST), -np.inf, np.float32)
    best = np.zeros((len(queries), BEST), np.int64)
    for start in range(0, len(positions), BLOCK):
        block = positions[start : start + BLOCK]
        products = queries @ to_float32(rows.vectors[block]).T
        scores = np.concatenate([scores, products], axis=1)
        best = np.concatenate([best, np.broadcast_to(block, products.shape)], axis=1)
        kept = np.argpartition(-scores, BEST - 1, axis=1)[:, :BEST]
        scores, best = np.take_along_axis(scores, kept, axis=1), np.take_along_axis(best, kept, axis=1)
    return [rows.ids[row[: len(positions)]] for row in np.take_along_axis(best, np.argsort(-scores, axis=1), axis=1)]


def time_calls(call: Callable[[Vectors], object], queries: Vectors) -> str:
    """Return the milliseconds of calls, after one round to warm up: median, 95th percentile, and those of a core.

    The time of a core does not depend on other programs.
    """
    spent: list[tuple[float, float]] = []
    for number in range(2):
        for query in queries:
            began = time.perf_counter(), time.thread_time()
            call(query)
            spent += [(time.perf_counter() - began[0], time.thread_time() - began[1])] * number
    elapsed, of_core = np.array(spent).T * 1000
    return f"{np.median(elapsed):.2f} ms (95 %: {np.percentile(elapsed, 95):.2f}; core {np.median(of_core):.2f})"


def measure_recall(exact: list[Ids], found: list[Ids]) -> float:
    """Return the mean share of the exact results that were found."""
    return float(np.mean([np.isin(best, ids).mean() for best, ids in zip(exact, found, strict=True)]))


def measure_searches(space: SpaceIndex, snapshot: Snapshot, queries: dict[str, Vectors]) -> None:
    """Print recall and time for each kind of query."""
    assert snapshot.generation is not None
    index, probing = snapshot.generation.index, snapshot.generation.manifest.probing
    print(f"  {index.cell_count} cells; {probing}", flush=True)
    for kind, vectors in queries.items():
        exact = find_exactly(snapshot, vectors, None)
        recall = measure_recall(exact, [find(space, snapshot, query, None) for query in vectors])
        bare = time_calls(lambda query: find(space, snapshot, query, None), vectors)
        deep = time_calls(lambda query: find(space, snapshot, query, None, ENGINE_DEPTH), vectors)
        print(f"  {kind:6} recall@10 {recall:.4f}   {bare}   2,048 nearest {deep}", flush=True)


def measure_filters(space: SpaceIndex, snapshot: Snapshot, queries: Vectors) -> None:
    """Print recall and time under filters, which allow random vectors, or those most similar to one vector."""
    assert snapshot.generation is not None
    ids, rng = snapshot.generation.rows.ids, np.random.default_rng(7)
    first = snapshot.generation.rows.vectors[0].astype(np.float32)
    similar = np.concatenate(
        [
            to_float32(snapshot.generation.rows.vectors[start : start + BLOCK]) @ first
            for start in range(0, len(ids), BLOCK)
        ]
    )
    order = np.argsort(-similar)
    for share in SHARES:
        count = max(1, round(share * len(ids)))
        line = f"  {share:6.1%}"
        for kind, chosen in (("random", rng.permutation(len(ids))[:count]), ("similar", order[:count])):
            allowed = np.ascontiguousarray(ids[np.sort(chosen)])
            exact = find_exactly(snapshot, queries, allowed)
            found = [find(space, snapshot, query, allowed) for query in queries]
            spent = time_calls(lambda query, allowed=allowed: find(space, snapshot, query, allowed), queries)  # type: ignore[misc]
            line += f"   {kind} recall@10 {measure_recall(exact, found):.4f} {spent}"
        print(line, flush=True)


def measure_changes(library: OpenHome, originals: Vectors) -> None:
    """Print how long it takes until searches see rows that are written and items that are forgotten."""
    space, rng = library.indexes[Retriever.VISUAL], np.random.default_rng(1)
    snapshot = space.refresh(library.catalog.read_revision())
    above = max(snapshot.read_ids() | set(snapshot.denied.tolist())) + 1  # ids of deleted rows are not used again
    source = library.sources.add("/made")
    began = time.perf_counter()
    rows = write_copies(library, originals, source, range(above, above + CHANGED), rng)
    written = time.perf_counter()
    snapshot = space.refresh(library.catalog.read_revision())
    found = find(space, snapshot, to_float32(rows[-1]), None)
    seen = time.perf_counter()
    assert found[0] == above + CHANGED - 1
    Ledger(library.catalog.database).forget(list(range(above, above + CHANGED)))
    forgotten = time.perf_counter()
    snapshot = space.refresh(library.catalog.read_revision())
    found = find(space, snapshot, to_float32(rows[-1]), None)
    gone = time.perf_counter()
    assert found[0] < above
    print(
        f"  {CHANGED} rows written in {written - began:.2f} s, found {seen - written:.2f} s later; as many items "
        f"forgotten in {forgotten - seen:.2f} s, gone {gone - forgotten:.2f} s later",
        flush=True,
    )


def measure_beside_build(space: SpaceIndex, snapshot: Snapshot, home: Path, queries: Vectors) -> None:
    """Print the times of searches alone and while another process builds the index again."""

    def search(wanted: Callable[[int], bool]) -> str:
        milliseconds: list[float] = []
        while wanted(len(milliseconds)):
            query = queries[len(milliseconds) % len(queries)]
            began = time.perf_counter()
            find(space, snapshot, query, None, ENGINE_DEPTH)
            milliseconds.append((time.perf_counter() - began) * 1000)
            time.sleep(PAUSE)
        spread = f"95 %: {np.percentile(milliseconds, 95):.1f}, most {max(milliseconds):.1f}"
        return f"{np.median(milliseconds):.1f} ms ({spread}; {len(milliseconds)} searches)"

    search(lambda count: count < QUERIES)
    print(f"  alone {search(lambda count: count < QUERIES)}", flush=True)
    building = run_alone("build", home)
    line = search(lambda _: building.poll() is None)
    print(f"  beside a build {line}: {building.communicate()[0].strip()}", flush=True)


@contextmanager
def open_made(home: Path) -> Iterator[tuple[OpenHome, SpaceIndex]]:
    """Open a home and its visual index."""
    with open_home(read_settings(home=home), create=True) as library:
        yield library, library.indexes[Retriever.VISUAL]


def measure(options: argparse.Namespace, size: int, originals: Vectors, queries: dict[str, Vectors]) -> None:
    """Run the steps for one size."""
    home = options.out / f"vectors-{size}"
    print(f"{size:,} vectors", flush=True)
    if "fill" in options.steps:
        with open_made(home) as (library, _):
            fill(library, originals, size)
    for step in ("build", "open"):
        if step in options.steps:
            print(f"  {run_alone(step, home).communicate()[0].strip()}", flush=True)
    with open_made(home) as (library, space):
        snapshot = space.refresh(library.catalog.read_revision())
        if "search" in options.steps:
            folder = next(home.glob("index/visual/*/generation-*/vectors.f2")).parent
            print(f"  files {sum(path.stat().st_size for path in folder.iterdir()) / 1e6:.1f} MB")
            measure_searches(space, snapshot, queries)
        if "filter" in options.steps:
            measure_filters(space, snapshot, queries["texts"][:FILTER_QUERIES])
        if "change" in options.steps:
            measure_changes(library, originals)
        if "beside" in options.steps:
            measure_beside_build(space, snapshot, home, queries["texts"])


def main() -> None:
    """Print the figures of every size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000, 1_000_000])
    parser.add_argument("--steps", choices=STEPS, nargs="+", default=STEPS)
    parser.add_argument("--alone", choices=("build", "open"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.alone:
        with open_made(options.home) as (_, space):
            (build_alone if options.alone == "build" else open_alone)(space)
        return
    originals, queries = read_queries(options.home)
    for size in options.sizes:
        measure(options, size, originals, queries)


if __name__ == "__main__":
    main()
