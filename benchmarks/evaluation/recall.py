"""Measure recall of the index against an exhaustive search, under filters of 0.1 % to 100 %.

    python benchmarks/evaluation/recall.py --home HOME [--cases CASES.jsonl] [--sizes 20000 100000]

Adds copies with noise to the vectors of a real library, as `speed.py` does, until it has the requested size. A filter
is either drawn at random or, like a folder, contains similar images: those nearest to some random vectors. Recall@10
compares ids with an exhaustive search of the float16 vectors; the time is compared with a search of every cell. With
--cases it also runs the text queries that images answer, and compares the engine with an exhaustive ranking by the
model's cosines.
"""

import argparse
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from shelf import read_space
from speed import QUERIES, add_noise

from search.encoders.class_names import read_classes
from search.engine import Engine
from search.evaluation.cases import Case, read_cases
from search.open_home import OpenHome, open_home
from search.records import Ids, ItemType, Query, Retriever, Vectors
from search.settings import read_settings
from search.storage.faiss_build import build_index
from search.storage.faiss_index import MAX_SCANNED_SHARE, VectorIndex, choose_probes, search_index

SHARES = (0.001, 0.003, 0.01, 0.03, 0.05, 0.1, 0.3, 0.5, 1.0)
DEPTH, BEST = 256, 10
FOLDERS = 400


def make_vectors(vectors: Vectors, size: int) -> Vectors:
    """Return `size` vectors near the given vectors, as float16, shape (size, d)."""
    rng = np.random.default_rng(size)
    if size <= len(vectors):
        return vectors[rng.permutation(len(vectors))[:size]].astype("<f2")
    blocks = [vectors.astype("<f2")]
    while (missing := size - sum(len(block) for block in blocks)) > 0:
        drawn = rng.integers(len(vectors), size=min(10_000, missing))
        blocks.append(add_noise(vectors[drawn], rng).astype("<f2"))
    return np.concatenate(blocks)


def assign_folders(vectors: Vectors) -> Ids:
    """Return the simulated folder of each vector, shape (n,): the nearest of `FOLDERS` random vectors."""
    centers = vectors[np.random.default_rng(3).permutation(len(vectors))[:FOLDERS]].astype(np.float32)
    parts = [
        (vectors[start : start + 8192].astype(np.float32) @ centers.T).argmax(1)
        for start in range(0, len(vectors), 8192)
    ]
    return np.concatenate(parts)


def draw_filters(count: int, folders: Ids, share: float) -> Iterator[tuple[str, Ids]]:
    """Yield the kind of a filter and the allowed positions: at random, and folder by folder."""
    rng = np.random.default_rng(7)
    wanted = max(1, round(count * share))
    yield "random", np.sort(rng.permutation(count)[:wanted])
    order = rng.permutation(FOLDERS)
    chosen: list[Ids] = []
    for folder in order:
        if sum(len(positions) for positions in chosen) >= wanted:
            break
        chosen.append(np.flatnonzero(folders == folder))
    yield "folders", np.sort(np.concatenate(chosen))[:wanted]


def find_exactly(vectors: Vectors, queries: Vectors, allowed: Ids) -> list[Ids]:
    """Return the ids of the best results of an exhaustive search, per query."""
    scores = np.concatenate(
        [
            queries @ vectors[allowed[start : start + 8192]].astype(np.float32).T
            for start in range(0, len(allowed), 8192)
        ],
        1,
    )
    order = np.argsort(-scores, axis=1, kind="stable")[:, :BEST]
    return [allowed[row] for row in order]


def find(index: VectorIndex, vectors: Vectors, query: Vectors, allowed: Ids | None, probes: int | None = None) -> Ids:
    """Return the ids of the best results of the index, rescored with the exact vectors."""
    _, ids = search_index(index, query[None], min(DEPTH, len(vectors)), allowed, np.zeros(0, np.int64), probes)
    found = ids[0][ids[0] >= 0]
    return found[np.argsort(-(vectors[found].astype(np.float32) @ query), kind="stable")[:BEST]]


def time_search(
    index: VectorIndex, vectors: Vectors, queries: Vectors, allowed: Ids | None, probes: int | None = None
) -> float:
    """Return the median milliseconds per query."""
    milliseconds = []
    for query in queries:
        began = time.perf_counter()
        find(index, vectors, query, allowed, probes)
        milliseconds.append((time.perf_counter() - began) * 1000)
    return float(np.median(milliseconds))


def measure(originals: Vectors, queries: Vectors, size: int) -> None:
    """Print recall and time for each filter in a library of one size."""
    vectors = make_vectors(originals, size)
    ids = np.arange(size, dtype=np.int64)
    index = VectorIndex(ids, vectors, build_index(ids, vectors))
    folders = assign_folders(vectors)
    print(f"{size:,} vectors, {f'{index.cell_count} cells' if index.cell_count else 'exhaustive'}", flush=True)
    for share in SHARES:
        for kind, allowed in draw_filters(size, folders, share):
            allowed_or_all = None if share == 1 else allowed
            exact = find_exactly(vectors, queries, allowed)
            found = [find(index, vectors, query, allowed_or_all) for query in queries]
            recall = np.mean([len(np.intersect1d(a, b)) / len(a) for a, b in zip(exact, found, strict=True)])
            search_ms = time_search(index, vectors, queries, allowed_or_all)
            line = f"  {share:6.1%} {kind:8} recall@10 {recall:.4f}  {search_ms:6.2f} ms"
            if index.cell_count and share > MAX_SCANNED_SHARE:
                scan_ms = time_search(index, vectors, queries, allowed_or_all, index.cell_count)
                line += f"   probing {choose_probes(index.cell_count, share):5} cells; scanning all {scan_ms:6.2f} ms"
            print(line, flush=True)


def compare(library: OpenHome, cases: Sequence[Case]) -> None:
    """Print how well the model's exhaustive ranking and the engine answer queries with images."""
    vectors, metadata, _ = read_space(library, Retriever.VISUAL)
    items = library.catalog.read_items(metadata["item"].tolist())
    paths = np.array([items[item_id].path for item_id in metadata["item"].tolist()])
    types = library.catalog.read_types({answer.path for case in cases for answer in case.relevant})
    chosen = [
        case
        for case in cases
        if case.query.text and case.relevant and all(types[answer.path] is ItemType.IMAGE for answer in case.relevant)
    ]
    engine = Engine(library)
    weights = {retriever: float(retriever is Retriever.VISUAL) for retriever in Retriever}
    by_kind: dict[str, list[tuple[int, int]]] = {}
    for case in chosen:
        answers = {answer.path for answer in case.relevant}
        cosines = vectors @ library.models.image_encoder.encode_texts([case.query.text or ""])[0]
        exhaustive = find_rank(paths[np.argsort(-cosines, kind="stable")].tolist(), answers)
        hits = engine.search(Query(text=case.query.text, weights=weights, include_all=True, stack=False, limit=10)).hits
        by_kind.setdefault(case.line.kind, []).append((exhaustive, find_rank([hit.item.path for hit in hits], answers)))
    for kind, ranks in by_kind.items():
        table = np.array(ranks)
        figures = "   ".join(
            f"R@{k} bare {(table[:, 0] < k).mean():.3f} engine {(table[:, 1] < k).mean():.3f}" for k in (1, 5, 10)
        )
        print(f"{kind:26} {len(ranks):4} queries   {figures}", flush=True)


def find_rank(paths: Sequence[str], answers: set[str]) -> int:
    """Return the position of the first answer, from 0."""
    return next((rank for rank, path in enumerate(paths) if path in answers), len(paths) + BEST)


def main() -> None:
    """Print the figures of every size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--cases", type=Path)
    parser.add_argument("--sizes", type=int, nargs="*", default=[20_000, 100_000])
    options = parser.parse_args()
    library = open_home(read_settings(home=options.home))
    if options.cases:
        compare(library, read_cases(options.cases))
    vectors, _, _ = read_space(library, Retriever.VISUAL)
    names = [class_names.names["en"][0] for class_names in read_classes()[:: 1000 // QUERIES]]
    queries = library.models.image_encoder.encode_texts(names)
    library.close()
    for size in options.sizes:
        measure(vectors, queries, size)


if __name__ == "__main__":
    main()
