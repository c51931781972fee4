"""Generations: immutable built states of a space on disk, each with a manifest that says what it claims to be."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterable
from contextlib import AbstractContextManager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from search.errors import HomeError
from search.records import Ids, Sample, Vectors
from search.storage.baselines import QueryBank, measure_baselines
from search.storage.embedding_rows import ROW_METADATA, Rows, make_rows, to_float32
from search.storage.faiss_index import build_index, read_index, write_index

SAMPLE = 1024
KEPT = 2
INDEX, ROWS, EXACT = "index.faiss", "rows.npz", "vectors.f2"


@dataclass(frozen=True)
class GenerationManifest:
    """What a generation claims to be.

    mark: the highest embedding id it could hold; files: SHA-256 by name; bank: digest of the query bank that its
    baselines were measured with.
    """

    generation: int
    fingerprint: str
    dimension: int
    mark: int = 0
    count: int = 0
    files: dict[str, str] | None = None
    bank: str = ""

    @property
    def name(self) -> str:
        """The folder it lies in."""
        return f"generation-{self.generation:08d}"


@dataclass(frozen=True)
class Generation:
    """One built index; searched, never changed.

    rows: everything it holds, the vectors as they were computed, mapped from disk; baselines: what the query bank
    scores against each, (n, k); sample: some rows drawn by chance.
    """

    manifest: GenerationManifest
    index: Any
    rows: Rows
    baselines: Vectors
    sample: Sample


def lock_folder(folder: Path) -> AbstractContextManager[object]:
    """Hold the right to build in a folder, waiting for whoever has it."""
    import filelock

    folder.mkdir(parents=True, exist_ok=True)
    return filelock.FileLock(folder / "build.lock").acquire()


def write_generation(
    folder: Path, blocks: Iterable[Rows], bank: QueryBank, draft: GenerationManifest
) -> GenerationManifest:
    """Build a generation and publish it; a crash at any instant leaves the one before. The folder must be locked.

    blocks: ids ascending; bank: what baselines are measured with; draft: number, fingerprint and dimension.
    """
    room = folder / f".{draft.name}.{os.getpid()}.tmp"
    try:
        shutil.rmtree(room, ignore_errors=True)
        room.mkdir()
        rows = _write_rows(room, blocks, bank, draft.dimension)
        write_index(build_index(rows.ids, rows.vectors), room / INDEX)
        files = {name: _settle(room / name) for name in (INDEX, ROWS, EXACT)}
        mark = int(rows.ids[-1]) if len(rows.ids) else 0
        manifest = replace(draft, mark=mark, count=len(rows.ids), files=files, bank=bank.digest)
        shutil.rmtree(folder / draft.name, ignore_errors=True)
        room.rename(folder / draft.name)
        _write_manifest(folder / f"{draft.name}.json", manifest)
    except OSError as error:
        raise HomeError(f"cannot write {folder / draft.name}: {error.strerror}") from error
    finally:
        shutil.rmtree(room, ignore_errors=True)
    _drop_old(folder, manifest.generation)
    return manifest


def find_generation_manifests(folder: Path, fingerprint: str, bank: str) -> list[GenerationManifest]:
    """Return the readable manifests of this model and query bank, newest first."""
    found = []
    for path in sorted(folder.glob("generation-*.json"), reverse=True):
        try:
            manifest = GenerationManifest(**json.loads(path.read_bytes()))
        except (ValueError, TypeError, FileNotFoundError):
            continue
        if manifest.fingerprint == fingerprint and manifest.bank == bank and manifest.files:
            found.append(manifest)
    return found


def drop_generation(folder: Path, manifest: GenerationManifest) -> None:
    """Make a generation not count any more."""
    with suppress(OSError):  # whoever may not write here can do without it all the same
        (folder / f"{manifest.name}.json").unlink()


def load_generation(folder: Path, manifest: GenerationManifest) -> Generation | None:
    """Open a generation; None when a file of it is missing, torn or not what it claims."""
    room = folder / manifest.name
    try:
        if any(_hash(room / name) != digest for name, digest in (manifest.files or {}).items()):
            return None
    except FileNotFoundError:
        return None
    index = read_index(room / INDEX)
    if index.ntotal != manifest.count or index.d != manifest.dimension:
        return None
    with np.load(room / ROWS) as stored:
        ids, owners, baselines, sample = (stored[name] for name in ("ids", "owners", "baselines", "sample"))
    # Generations written before version 0.2 have another name for one of the fields.
    rows = Rows(ids, _map_vectors(room / EXACT, len(ids), manifest.dimension), owners.view(ROW_METADATA))
    spoken, drawn = rows.spoken, draw_sample(len(ids))
    drawn_rows = Sample(sample, spoken[drawn], baselines[drawn])
    return Generation(manifest, index, rows, baselines, drawn_rows)


def _write_rows(room: Path, blocks: Iterable[Rows], bank: QueryBank, dimension: int) -> Rows:
    """Write all but the index, block by block: what is large is never in memory as a whole."""
    none = make_rows(dimension)
    ids, owners, baselines = [none.ids], [none.metadata], [np.zeros((0, bank.width), np.float32)]
    with (room / EXACT).open("wb") as stream:
        for block in blocks:
            stream.write(block.vectors.tobytes())
            ids.append(block.ids)
            owners.append(block.metadata)
            baselines.append(measure_baselines(block.vectors, bank))
    count = sum(map(len, ids))
    rows = Rows(np.concatenate(ids), _map_vectors(room / EXACT, count, dimension), np.concatenate(owners))
    sample = to_float32(rows.vectors[draw_sample(len(rows.ids))])
    with (room / ROWS).open("wb") as stream:
        np.savez(stream, ids=rows.ids, owners=rows.metadata, baselines=np.concatenate(baselines), sample=sample)
    return rows


def draw_sample(count: int) -> Ids:
    """Return the places of the sample among so many rows: always the same."""
    chosen: Ids = np.sort(np.random.default_rng(0).permutation(count)[:SAMPLE])
    return chosen


def _map_vectors(path: Path, count: int, dimension: int) -> Vectors:
    if not count:
        return make_rows(dimension).vectors
    # As a plain array, which is quicker to take rows from.
    return np.asarray(np.memmap(path, "<f2", "r", shape=(count, dimension)))


def _settle(path: Path) -> str:
    """Force a written file to the disk and give its SHA-256."""
    with path.open("rb") as stream:
        os.fsync(stream.fileno())
    return _hash(path)


def _hash(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _write_manifest(path: Path, manifest: GenerationManifest) -> None:
    """Write the file that makes a generation count: it is either wholly there under its name or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with temporary.open("wb") as stream:
        stream.write(json.dumps(asdict(manifest)).encode())
        stream.flush()
        os.fsync(stream.fileno())
    _sync_folder(path.parent)
    temporary.replace(path)
    _sync_folder(path.parent)


def _sync_folder(path: Path) -> None:
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _drop_old(folder: Path, newest: int) -> None:
    """Drop all but the latest, and what a crash left; readers keep what they have opened."""
    kept = {f"generation-{number:08d}" for number in range(newest - KEPT + 1, newest + 1)}
    for path in [*folder.glob("generation-*"), *folder.glob(".generation-*.tmp")]:
        if path.stem in kept and path.suffix in ("", ".json"):
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
