"""FAISS indexes: immutable generations built from committed rows, and the few rows since. Home of faiss."""

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from search.errors import HomeError
from search.records import Ids, Vectors

# Below this many vectors exhaustive search is fast enough and exact; above it cells are probed.
FLAT_LIMIT = 50_000
PROBES = 32
SAMPLE = 1024
KEEP_GENERATIONS = 2


def _import_faiss() -> Any:
    """Import faiss when it is first needed; its type stubs describe the C++ interface, so as Any."""
    import faiss

    return faiss


@dataclass(frozen=True)
class Manifest:
    """What a generation claims to be. mark: the highest embedding id it could hold."""

    generation: int
    file: str
    sha256: str
    fingerprint: str
    dimension: int
    count: int
    mark: int


@dataclass(frozen=True)
class Generation:
    """One built index in memory; searched, never changed."""

    manifest: Manifest
    index: Any
    sample: Vectors


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

    allowed: the only ids to return (every one is then compared, so the answer is exact); denied: ids
    never to return. Both int64, ascending.
    """
    faiss = _import_faiss()
    selector = None
    if allowed is not None:
        selector = faiss.IDSelectorBatch(np.setdiff1d(allowed, denied, assume_unique=True))
    elif denied.size:
        batch = faiss.IDSelectorBatch(denied)
        selector = faiss.IDSelectorNot(batch)
    if isinstance(index, faiss.IndexIVF):
        probes = index.nlist if allowed is not None else min(PROBES, index.nlist)
        parameters = faiss.SearchParametersIVF(nprobe=probes, sel=selector)
    else:
        parameters = faiss.SearchParameters(sel=selector)
    scores, ids = index.search(queries, k, params=parameters)
    return scores, ids


def list_ids(index: Any) -> Ids:
    """Give every id in an index, shape (n,), int64, in no particular order."""
    faiss = _import_faiss()
    if isinstance(index, faiss.IndexIDMap2):
        ids: Ids = faiss.vector_to_array(index.id_map)
        return ids
    lists = index.invlists
    parts = [faiss.rev_swig_ptr(lists.get_ids(one), lists.list_size(one)) for one in range(index.nlist)]
    return np.concatenate(parts)


def write_generation(folder: Path, ids: Ids, vectors: Vectors, fingerprint: str, mark: int, previous: int) -> Manifest:
    """Build the generation after `previous` and publish it; a crash at any instant leaves the old one."""
    faiss = _import_faiss()
    folder.mkdir(parents=True, exist_ok=True)
    dimension = vectors.shape[1]
    index = build_index(ids, vectors)
    payload = faiss.serialize_index(index).tobytes()
    chosen = np.random.default_rng(0).permutation(len(vectors))[:SAMPLE]
    sample = vectors[np.sort(chosen)].astype("<f4").tobytes()
    name = f"generation-{previous + 1:08d}"
    body = len(payload).to_bytes(8, "little") + payload + sample
    _write_durably(folder / f"{name}.faiss", body)
    digest = hashlib.sha256(body).hexdigest()
    manifest = Manifest(previous + 1, f"{name}.faiss", digest, fingerprint, dimension, len(ids), mark)
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
    length = int.from_bytes(body[:8], "little")
    index = faiss.deserialize_index(np.frombuffer(body, np.uint8, length, 8))
    sample = np.frombuffer(body, "<f4", offset=8 + length).reshape(-1, manifest.dimension)
    if index.ntotal != manifest.count or index.d != manifest.dimension:
        return None
    return Generation(manifest, index, sample)


def _write_durably(path: Path, body: bytes) -> None:
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
