"""Index generations: immutable built states of a space on disk, each described by a manifest."""

import hashlib
import json
import mmap
import os
import shutil
from collections.abc import Iterable
from contextlib import AbstractContextManager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from search.deadline import check_deadline
from search.errors import HomeError
from search.records import Ids, Sample, Vectors
from search.storage.baselines import QueryBank, measure_baselines
from search.storage.embedding_rows import ROW_METADATA, Rows, make_rows, to_float32
from search.storage.faiss_index import build_index, read_index, write_index

# Vectors in the sample of a generation.
SAMPLE_SIZE = 1024
MAX_GENERATIONS = 2
# Bytes of a written file that are hashed before it is checked again whether this thread is to stop.
HASHED_TOGETHER = 16 * 1024 * 1024
# The rows are stored in NumPy's format, the vectors as raw float16, row by row. In the file of rows, the array of row
# metadata is named `owners`, as in every version so far.
INDEX_FILE, ROWS_FILE, VECTORS_FILE = "index.faiss", "rows.npz", "vectors.f2"


@dataclass(frozen=True)
class GenerationManifest:
    """The description of a generation.

    Attributes:
        generation: The number of the generation.
        fingerprint: The fingerprint of the model.
        dimension: The length of a vector.
        mark: The highest embedding id in the generation; rows with higher ids were added later.
        count: The number of vectors.
        files: The SHA-256 of each file by name, in hexadecimal.
        bank: The digest of the query bank that the baselines were measured with.
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
        """The name of the folder of the generation."""
        return f"generation-{self.generation:08d}"


@dataclass(frozen=True)
class Generation:
    """A built index; immutable.

    Attributes:
        manifest: The description of the generation.
        index: The FAISS index.
        rows: All rows; the exact vectors are memory-mapped files.
        baselines: The baselines of the rows, shape (n, k), float32.
        sample: Random rows.
    """

    manifest: GenerationManifest
    index: Any
    rows: Rows
    baselines: Vectors
    sample: Sample

    @property
    def is_mapped(self) -> bool:
        """Whether the file of the vectors is still as long as when it was mapped: the system ends readers beyond it."""
        mapped: Any = self.rows.vectors
        while mapped is not None and not isinstance(mapped, mmap.mmap):
            mapped = mapped.base if isinstance(mapped, np.ndarray) else None
        return mapped is None or mapped.size() >= self.rows.vectors.nbytes


def lock_folder(folder: Path) -> AbstractContextManager[object]:
    """Acquire the lock for building in a folder, and wait until it is free. Leave the context to release it."""
    import filelock

    folder.mkdir(parents=True, exist_ok=True)
    return filelock.FileLock(folder / "build.lock").acquire()


def write_generation(
    folder: Path, blocks: Iterable[Rows], bank: QueryBank, draft: GenerationManifest
) -> GenerationManifest:
    """Build a generation and publish it; after a crash at any time the previous generation is still valid.

    Args:
        folder: The folder of the generations, which must be locked.
        blocks: All rows, ids ascending.
        bank: The query bank that baselines are measured with.
        draft: A manifest with the number, fingerprint and dimension.

    Returns:
        The complete manifest.

    Raises:
        HomeError: The files cannot be written.
        CancelledError: This thread is to stop; the previous generation is kept.
    """
    target = folder / f".{draft.name}.{os.getpid()}.tmp"
    try:
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        rows = _write_rows(target, blocks, bank, draft.dimension)
        write_index(build_index(rows.ids, rows.vectors), target / INDEX_FILE)
        files = {name: _sync_file(target / name) for name in (INDEX_FILE, ROWS_FILE, VECTORS_FILE)}
        mark = int(rows.ids[-1]) if len(rows.ids) else 0
        manifest = replace(draft, mark=mark, count=len(rows.ids), files=files, bank=bank.digest)
        shutil.rmtree(folder / draft.name, ignore_errors=True)
        target.rename(folder / draft.name)
        _write_manifest(folder / f"{draft.name}.json", manifest)
    except OSError as error:
        raise HomeError(
            f"Cannot write {folder / draft.name}: {error.strerror}. Check the free space and the permissions."
        ) from error
    finally:
        shutil.rmtree(target, ignore_errors=True)
    _drop_old(folder, manifest.generation)
    return manifest


def find_generation_manifests(folder: Path, fingerprint: str, bank: str) -> list[GenerationManifest]:
    """Return the readable manifests of this model and query bank, newest first."""
    manifests = []
    for path in sorted(folder.glob("generation-*.json"), reverse=True):
        try:
            manifest = GenerationManifest(**json.loads(path.read_bytes()))
        except (ValueError, TypeError, FileNotFoundError):
            continue
        if manifest.fingerprint == fingerprint and manifest.bank == bank and manifest.files:
            manifests.append(manifest)
    return manifests


def drop_generation(folder: Path, manifest: GenerationManifest) -> None:
    """Delete the manifest of a generation, so that it is not used."""
    with suppress(OSError):  # without write permission the generation is skipped in the same way
        (folder / f"{manifest.name}.json").unlink()


def load_generation(folder: Path, manifest: GenerationManifest) -> Generation | None:
    """Load a generation; return None when one of its files is missing or damaged."""
    target = folder / manifest.name
    try:
        if any(_hash_file(target / name) != digest for name, digest in (manifest.files or {}).items()):
            return None
    except FileNotFoundError:
        return None
    index = read_index(target / INDEX_FILE)
    if index.ntotal != manifest.count or index.d != manifest.dimension:
        return None
    with np.load(target / ROWS_FILE) as stored:
        ids, metadata, baselines, sample = (stored[name] for name in ("ids", "owners", "baselines", "sample"))
    # In generations from before version 0.2 one of the fields has another name.
    rows = Rows(ids, _map_vectors(target / VECTORS_FILE, len(ids), manifest.dimension), metadata.view(ROW_METADATA))
    spoken, drawn = rows.spoken, draw_sample(len(ids))
    drawn_rows = Sample(sample, spoken[drawn], baselines[drawn])
    return Generation(manifest, index, rows, baselines, drawn_rows)


def _write_rows(target: Path, blocks: Iterable[Rows], bank: QueryBank, dimension: int) -> Rows:
    """Write everything except the index, block by block, so that the vectors are never all in memory at once."""
    empty = make_rows(dimension)
    ids, metadata, baselines = [empty.ids], [empty.metadata], [np.zeros((0, bank.width), np.float32)]
    with (target / VECTORS_FILE).open("wb") as stream:
        for block in blocks:
            check_deadline()
            stream.write(block.vectors.tobytes())
            ids.append(block.ids)
            metadata.append(block.metadata)
            baselines.append(measure_baselines(block.vectors, bank))
    count = sum(map(len, ids))
    rows = Rows(np.concatenate(ids), _map_vectors(target / VECTORS_FILE, count, dimension), np.concatenate(metadata))
    sample = to_float32(rows.vectors[draw_sample(len(rows.ids))])
    with (target / ROWS_FILE).open("wb") as stream:
        np.savez(stream, ids=rows.ids, owners=rows.metadata, baselines=np.concatenate(baselines), sample=sample)
    return rows


def draw_sample(count: int) -> Ids:
    """Return the random positions of the sample among `count` rows, ascending, shape (m,); the seed is fixed."""
    positions: Ids = np.sort(np.random.default_rng(0).permutation(count)[:SAMPLE_SIZE])
    return positions


def _map_vectors(path: Path, count: int, dimension: int) -> Vectors:
    if not count:
        return make_rows(dimension).vectors
    # Rows of a plain array are read faster than rows of a `memmap`.
    return np.asarray(np.memmap(path, "<f2", "r", shape=(count, dimension)))


def _sync_file(path: Path) -> str:
    """Sync a file to disk and return its SHA-256. Raises CancelledError if this thread is to stop."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        os.fsync(stream.fileno())
        while block := stream.read(HASHED_TOGETHER):
            check_deadline()
            digest.update(block)
    return digest.hexdigest()


def _hash_file(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _write_manifest(path: Path, manifest: GenerationManifest) -> None:
    """Publish a generation: write its manifest under a temporary name, sync it and rename it."""
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
    """Delete all but the newest generations, and temporary files of crashed processes.

    Readers keep the files that they have open.
    """
    kept_names = {f"generation-{number:08d}" for number in range(newest - MAX_GENERATIONS + 1, newest + 1)}
    for path in [*folder.glob("generation-*"), *folder.glob(".generation-*.tmp")]:
        if path.stem in kept_names and path.suffix in ("", ".json"):
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
