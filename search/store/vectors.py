"""FAISS indexes: immutable generations built from committed rows, and the few rows since. Home of faiss."""

import hashlib
import io
import json
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from search.errors import HomeError
from search.records import Ids, Vectors

# Below this many vectors exhaustive search is fast enough and exact; above it cells are probed.
FLAT_LIMIT = 50_000
# The share of cells that is probed, and the share of allowed vectors below which all are; both measured by
# benchmarks/evaluation/speed.py.
PROBED_SHARE = 0.06
SCAN_SHARE = 0.05
LEAST_PROBES = 16
SAMPLE = 1024
HUB_BLOCK = 8192
KEEP_GENERATIONS = 2


def _import_faiss() -> Any:
    """Import faiss when it is first needed; its type stubs describe the C++ interface, so as Any."""
    import faiss

    return faiss


@dataclass(frozen=True)
class Manifest:
    """What a generation claims to be. mark: the highest embedding id it could hold."""

    generation: int
    fingerprint: str
    dimension: int
    mark: int
    file: str = ""
    sha256: str = ""
    count: int = 0


@dataclass(frozen=True)
class Generation:
    """One built index in memory; searched, never changed.

    ids: of every vector, ascending; hubs: how near each comes to the nearest query of the bank, (n,); sample:
    the rows of some vectors drawn by chance, (m, d).
    """

    manifest: Manifest
    index: Any
    sample: Vectors
    ids: Ids
    hubs: Vectors


def build_index(ids: Ids, vectors: Vectors, flat_limit: int = FLAT_LIMIT) -> Any:
    """Build a FAISS index over unit vectors of shape (n, d) under the given ids."""
    faiss = _import_faiss()
    n, dimension = vectors.shape
    if n <= flat_limit:
        flat = faiss.IndexScalarQuantizer(dimension, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
        index = faiss.IndexIDMap2(flat)
    else:
        cells = int(4 * n**0.5)
        quantizer = faiss.IndexFlatIP(dimension)
        index = faiss.IndexIVFScalarQuantizer(
            quantizer, dimension, cells, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT
        )
        chosen = np.random.default_rng(0).choice(n, min(n, cells * 40), replace=False)
        index.train(vectors[chosen])
    if n:
        index.add_with_ids(vectors, ids)
    return index


def search_index(index: Any, queries: Vectors, k: int, allowed: Ids | None, denied: Ids) -> tuple[Vectors, Ids]:
    """Give inner products and ids, shape (q, k), best first; id -1 where there are fewer than k.

    allowed: the only ids to return; denied: ids never to return. Both int64, ascending. Where cells are probed, more
    are the fewer vectors are allowed, and all when few are: then the answer is as exact as the stored vectors.
    """
    faiss = _import_faiss()
    selector, kept = None, None
    if allowed is not None:
        chosen = np.setdiff1d(allowed, denied, assume_unique=True)
        selector = kept = _make_bitmap(faiss, chosen)
    elif denied.size:
        kept = _make_bitmap(faiss, denied)  # the selector below does not keep it alive
        selector = faiss.IDSelectorNot(kept)
    if isinstance(index, faiss.IndexIVF):
        share = 1.0 if allowed is None else len(allowed) / max(index.ntotal, 1)
        parameters = faiss.SearchParametersIVF(nprobe=choose_probes(index.nlist, share), sel=selector)
    else:
        parameters = faiss.SearchParameters(sel=selector)
    scores, ids = index.search(queries, k, params=parameters)
    return scores, ids


def choose_probes(cells: int, share: float) -> int:
    """Give how many cells to look into when a share of all vectors may be returned."""
    if share < SCAN_SHARE:
        return cells
    return min(cells, max(LEAST_PROBES, int(cells * PROBED_SHARE / share**0.5)))


def _make_bitmap(faiss: Any, ids: Ids) -> Any:
    """Give a selector of the ids: one bit each, the fastest there is."""
    bits = np.zeros(int(ids[-1]) + 1 if len(ids) else 8, bool)
    bits[ids] = True
    return faiss.IDSelectorBitmap(np.packbits(bits, bitorder="little"))


def measure_hubs(vectors: Vectors, bank: Vectors) -> Vectors:
    """Give the inner product of each vector (n, d) with the nearest query of the bank (b, d): (n,), float32.

    A vector near to queries that have nothing to do with one another is a hub (Bogolin et al., "Cross modal
    retrieval with querybank normalisation", CVPR 2022).
    """
    hubs = np.zeros(len(vectors), np.float32)
    if len(bank):
        for start in range(0, len(vectors), HUB_BLOCK):
            block = slice(start, start + HUB_BLOCK)
            hubs[block] = (vectors[block] @ bank.T).max(axis=1)
    return hubs


def write_generation(folder: Path, ids: Ids, vectors: Vectors, bank: Vectors, draft: Manifest) -> Manifest:
    """Build a generation and publish it; a crash at any instant leaves the one before.

    ids: ascending; draft: the manifest to be, without file, hash and count.
    """
    faiss = _import_faiss()
    folder.mkdir(parents=True, exist_ok=True)
    index = build_index(ids, vectors)
    chosen = np.random.default_rng(0).permutation(len(vectors))[:SAMPLE]
    body = io.BytesIO()
    np.savez(
        body,
        index=faiss.serialize_index(index),
        sample=vectors[np.sort(chosen)],
        ids=ids,
        hubs=measure_hubs(vectors, bank),
    )
    name = f"generation-{draft.generation:08d}"
    digest = hashlib.sha256(body.getbuffer()).hexdigest()
    manifest = replace(draft, file=f"{name}.npz", sha256=digest, count=len(ids))
    _write_durably(folder / manifest.file, body.getbuffer())
    _write_durably(folder / f"{name}.json", json.dumps(asdict(manifest)).encode())
    _drop_old(folder, manifest.generation)
    return manifest


def find_manifests(folder: Path, fingerprint: str) -> list[Manifest]:
    """Give the readable manifests of this model, newest first."""
    found = []
    for path in sorted(folder.glob("generation-*.json"), reverse=True):
        try:
            manifest = Manifest(**json.loads(path.read_bytes()))
        except (ValueError, TypeError, FileNotFoundError):
            continue
        if manifest.fingerprint == fingerprint:
            found.append(manifest)
    return found


def load_generation(folder: Path, manifest: Manifest) -> Generation | None:
    """Read a generation into memory; None when its file is missing, torn or not what it claims."""
    faiss = _import_faiss()
    try:
        body = (folder / manifest.file).read_bytes()
    except FileNotFoundError:
        return None
    if hashlib.sha256(body).hexdigest() != manifest.sha256:
        return None
    with np.load(io.BytesIO(body)) as stored:
        index = faiss.deserialize_index(stored["index"])
        sample, ids, hubs = (stored[name] for name in ("sample", "ids", "hubs"))
    if index.ntotal != manifest.count or index.d != manifest.dimension:
        return None
    return Generation(manifest, index, sample, ids, hubs)


def _write_durably(path: Path, body: bytes | memoryview) -> None:
    """Write a file so that it is either wholly there under its name or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as stream:
            stream.write(body)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise HomeError(f"cannot write {path}: {error.strerror}") from error


def _drop_old(folder: Path, newest: int) -> None:
    keep = {f"generation-{number:08d}" for number in range(newest - KEEP_GENERATIONS + 1, newest + 1)}
    for path in folder.glob("generation-*"):
        if path.stem not in keep:
            path.unlink(missing_ok=True)
